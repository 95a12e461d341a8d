"""Bucket events: who sends them, what they say, which of them become jobs. No Flask, no servers."""
