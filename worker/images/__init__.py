"""Image files to pixels and back: header first, within limits, metadata kept."""

from worker.images.about import Provenance, describe, without_private
from worker.images.decode import decode
from worker.images.encode import encode
from worker.images.errors import is_out_of_memory
from worker.images.photo import Photo, format_like

__all__ = [
    "Photo",
    "Provenance",
    "decode",
    "describe",
    "encode",
    "format_like",
    "is_out_of_memory",
    "without_private",
]
