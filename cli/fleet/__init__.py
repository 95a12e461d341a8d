"""What operators ask of the workers and queues; these commands talk to Redis, as ``keys`` does."""
