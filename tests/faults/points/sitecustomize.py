"""Faults inside the product's processes, switched on by the variable FAULTS; Python imports this.

``publish=0.3``: the API dies between recording a job and queueing it, three times of ten.
``memory=0.2``: the pipeline runs out of memory, two times of ten.
``poison=1``: an image that contains POISON kills its process, one that contains HANG never returns.
``clock=3600``: this process is an hour ahead.
"""

import datetime
import hashlib
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FAULTS = dict(part.split("=") for part in os.environ.get("FAULTS", "").split(";") if part)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _happens(name: str) -> bool:
    return random.random() < float(FAULTS.get(name, 0))


def _die_before_publishing(module: ModuleType) -> None:
    publish = module.Publisher.publish

    def dying(self: Any, job: Any) -> None:
        if _happens("publish"):
            _die()
        publish(self, job)

    module.Publisher.publish = dying


def _die_of_images(module: ModuleType) -> None:
    process = module.process

    def dying(data: bytes, *arguments: Any) -> Any:
        if "poison" in FAULTS and b"POISON" in data:
            _die()
        if "poison" in FAULTS and b"HANG" in data:
            # No signal handler of Python's runs before this returns, as in a decoder that hangs.
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
        if _happens("memory"):
            raise MemoryError
        return process(data, *arguments)

    module.process = dying  # type: ignore[attr-defined]


PATCHES: dict[str, Callable[[ModuleType], None]] = {
    "api.publisher": _die_before_publishing,
    "worker.runner": _die_of_images,
}


class _Patching(importlib.abc.MetaPathFinder):
    """Patches a module as soon as it is imported."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in PATCHES:
            return None
        patch = PATCHES.pop(name)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def patched(module: ModuleType) -> None:
                execute(module)
                patch(module)

            spec.loader.exec_module = patched  # type: ignore[method-assign]
        return spec


def _shift_clock(seconds: float) -> None:
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 1e9)

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> "Shifted":
            return cls.now(datetime.UTC).replace(tzinfo=None)

    datetime.datetime = Shifted  # type: ignore[misc]


if FAULTS:
    sys.meta_path.insert(0, _Patching())
if "clock" in FAULTS:
    _shift_clock(float(FAULTS["clock"]))
