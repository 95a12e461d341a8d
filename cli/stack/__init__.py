"""The embedded stack: Valkey, S3, the API and workers as children of one process."""

from cli.stack.stack import Stack, StackOptions

__all__ = ["Stack", "StackOptions"]
