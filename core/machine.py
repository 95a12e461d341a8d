"""What measured figures depend on: the processor, and the versions of what runs on it."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("tintype", "numpy", "opencv-python-headless", "openvino", "onnxruntime", "celery")
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of packages; None where one is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def processor() -> str:
    """Return the processor's name and what matters of its abilities."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    extras = [flag for flag in FLAGS if flag in found.get("flags", "").split()]
    return " ".join((found.get("model name", platform.machine()), *extras))
