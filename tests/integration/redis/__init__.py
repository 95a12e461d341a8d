"""Redis as fleets have it: a cluster, sentinels, TLS, users with few rights."""
