"""Image files to pixels and back: header first, within limits, metadata kept."""

from worker.images.about import Provenance, describe, without_private
from worker.images.decode import decode
from worker.images.encode import encode
from worker.images.errors import is_out_of_memory
from worker.images.pages import page_at, page_offsets
from worker.images.photo import Photo, format_like
from worker.images.proof import reader
from worker.images.tiff import TiffWriter, order_of

__all__ = [
    "Photo",
    "Provenance",
    "TiffWriter",
    "decode",
    "describe",
    "encode",
    "format_like",
    "is_out_of_memory",
    "order_of",
    "page_at",
    "page_offsets",
    "reader",
    "without_private",
]
