"""Python and OpenCV."""

import platform
import sys
from collections.abc import Iterator

from cli.doctor.findings import Finding, ok, problem
from cli.doctor.subject import Subject

LEAST_PYTHON = (3, 11)
LEAST_OPENCV, FIRST_WITHOUT_CAFFE = (4, 12), (5, 0)
REINSTALL = "run: pip install 'opencv-python-headless>=4.12,<5'"


def examine(_subject: Subject) -> Iterator[Finding]:
    """Look at what runs this command."""
    yield judge_python((sys.version_info.major, sys.version_info.minor), platform.python_version())
    yield _opencv()


def judge_python(version: tuple[int, int], name: str) -> Finding:
    """Say whether this Python will do."""
    found = f"{name} on {platform.system()} {platform.machine()}"
    if version < LEAST_PYTHON:
        return problem("python", found, "install Python 3.11 or newer")
    return ok("python", found)


def judge_opencv(version: str, reads_caffe: bool) -> Finding:
    """Say whether this OpenCV will do: its release 5 reads no Caffe networks any more."""
    try:
        number = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        return problem("opencv", f"the version {version!r}", REINSTALL)
    if not LEAST_OPENCV <= number < FIRST_WITHOUT_CAFFE:
        return problem("opencv", f"{version}; it has to be 4.12 or newer, below 5", REINSTALL)
    if not reads_caffe:
        return problem("opencv", f"{version} without readNetFromCaffe", REINSTALL)
    return ok("opencv", version)


def _opencv() -> Finding:
    try:
        import cv2
    except ImportError as error:
        return problem("opencv", f"it cannot be loaded: {error}", REINSTALL)
    return judge_opencv(cv2.__version__, hasattr(cv2.dnn, "readNetFromCaffe"))
