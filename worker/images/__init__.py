"""Image files to pixels and back: header first, within limits, metadata kept."""

from worker.images.decode import decode
from worker.images.encode import encode
from worker.images.errors import is_out_of_memory
from worker.images.photo import Photo, format_like

__all__ = [
    "Photo",
    "decode",
    "encode",
    "format_like",
    "is_out_of_memory",
]
