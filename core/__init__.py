"""What the API and the workers agree on: errors, settings, jobs, storage, broker."""
