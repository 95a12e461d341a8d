"""Stopping a stack by signal."""

import signal
from types import FrameType

from cli.stack.stack import Stack

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals(stack: Stack) -> None:
    """Ask the stack to stop at the first signal; at the second, end its children at once.

    Nothing is raised in the handler: that could lose a child between its start and our note of it.
    """

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stack.stopping:
            stack.kill()
        stack.ask_to_stop()

    for number in NUMBERS:
        signal.signal(number, on_signal)
