"""What decoders raise."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from PIL import ImageCms

from core.errors import BrokenImage, OutOfMemory
from core.settings import BYTES_A_PIXEL
from worker.memory import room

PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    cv2.error,
    struct.error,
    zlib.error,
)
"""What Pillow and OpenCV raise on hostile bytes; running out of time or memory is not among it."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed, in Python or in OpenCV, or a thread found no stack."""
    if isinstance(error, cv2.error):
        return getattr(error, "code", None) == cv2.Error.StsNoMem
    no_stack = isinstance(error, RuntimeError) and "start new thread" in str(error)
    return no_stack or isinstance(error, MemoryError)


def check_room(needed: int) -> None:
    """Refuse what may not have so many bytes of memory.

    Raises:
        OutOfMemory: this process may take less.
    """
    enough = room()
    if enough is not None and needed > enough:
        raise OutOfMemory(
            f"this takes {needed >> 20} MiB of memory, and {enough >> 20} MiB are left; "
            "see TINTYPE_MAX_MEMORY"
        )


@contextmanager
def naming_a_lack_of_memory(pixels: int) -> Iterator[None]:
    """Call it a lack of memory if an image of so many pixels fails where that may be why.

    Codecs that are refused memory say that the file is damaged, or that they cannot write it.

    Raises:
        OutOfMemory: it failed, and may have found too little.
        BrokenImage: it failed, and there was enough for any.
    """
    enough = room()
    try:
        yield
    except (BrokenImage, ImageCms.PyCMSError, OSError, ValueError) as error:
        if enough is None or pixels * BYTES_A_PIXEL <= enough:
            raise
        raise OutOfMemory(
            f"an image of {pixels} pixels failed in {enough >> 20} MiB; it may need more "
            "memory, see TINTYPE_MAX_MEMORY, or it is broken"
        ) from error
