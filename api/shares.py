"""What is scarce and held for long, shared among owners."""

import threading
from collections import Counter


class Shares:
    """So many may be held at a time, by one owner no more than half of them.

    The empty owner, where no keys are in use, may hold all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, owner: str) -> bool:
        """Take one, if there is one for this owner; tell whether there was."""
        with self._lock:
            own = -(-self._most // 2) if owner else self._most
            if self._held.total() >= self._most or self._held[owner] >= own:
                return False
            self._held[owner] += 1
            return True

    def give(self, owner: str) -> None:
        """Give one back that was taken."""
        with self._lock:
            self._held[owner] -= 1
            # Zeros would stay for every owner that ever came.
            self._held += Counter()
