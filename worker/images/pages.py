"""Pages of a TIFF, one at a time."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import BrokenImage, ImageTooLarge
from worker.images.ifd import Directory, Tiff

MAX_PAGES = 1000
MAX_TAGS = 200_000
"""Of all pages together: many may have the same bytes for theirs."""
_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
_REDUCED_OR_MASK = 0b101
"""Bits of a page that is a smaller copy of another, or the mask of one (TIFF 6.0, section 8)."""


@dataclass(frozen=True)
class _Page:
    at: int
    kind: int
    pixels: int


def page_offsets(data: bytes, max_pixels: int) -> list[int]:
    """Return where the pages of a TIFF are, for ``page_at``; none of what is no TIFF.

    Smaller copies and masks are no pages.

    Raises:
        BrokenImage: the chain of pages is cut short.
        ImageTooLarge: there are more than ``MAX_PAGES`` or ``MAX_TAGS``, or more than
            ``max_pixels`` in all.
    """
    if not data.startswith((b"II", b"MM")):
        return []
    try:
        tiff = Tiff(data)
        found = list(_pages(tiff))
    except (ValueError, struct.error) as error:
        raise BrokenImage(f"the TIFF is cut short: a page is missing ({error})") from error
    pages = [page for page in found if not page.kind & _REDUCED_OR_MASK]
    total = sum(page.pixels for page in pages)
    if total > max_pixels:
        raise ImageTooLarge(
            f"the {len(pages)} pages have {total} pixels together, more than {max_pixels}; "
            "see TINTYPE_MAX_PIXELS"
        )
    return [page.at for page in pages]


def _pages(tiff: Tiff) -> Iterator[_Page]:
    tags = 0
    for number, directory in enumerate(tiff.directories()):
        tags += len(directory.entries) + len(directory.broken)
        if number == MAX_PAGES or tags > MAX_TAGS:
            raise ImageTooLarge(
                f"the TIFF has more than {MAX_PAGES} pages, or {MAX_TAGS} tags; split it"
            )
        yield _page(tiff, directory)


def page_at(data: bytes, offset: int) -> bytes:
    """Return a TIFF whose first page is the one at an offset."""
    tiff = Tiff(data)
    code = tiff.order + ("Q" if tiff.big else "I")
    pointer = struct.pack(code, offset)
    return b"".join((data[: tiff.first_at], pointer, data[tiff.first_at + len(pointer) :]))


def _page(tiff: Tiff, directory: Directory) -> _Page:
    width, height = (tiff.number(directory, tag, 0) for tag in (_WIDTH, _HEIGHT))
    return _Page(directory.at, tiff.number(directory, _SUBFILE, 0), width * height)
