"""What Prometheus is told: read from Redis, where all processes count together."""
