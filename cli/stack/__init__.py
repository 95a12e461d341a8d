"""The embedded stack: Valkey, S3, the API and workers as children of one process."""

from cli.stack.signals import stop_on_signals
from cli.stack.stack import Stack, StackOptions
from cli.stack.throwaway import throwaway

__all__ = ["Stack", "StackOptions", "stop_on_signals", "throwaway"]
