"""What decoders raise."""

import struct
import zlib

import cv2

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
    """Whether an allocation failed, in Python or in OpenCV."""
    if isinstance(error, cv2.error):
        return getattr(error, "code", None) == cv2.Error.StsNoMem
    return isinstance(error, MemoryError)
