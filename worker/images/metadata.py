"""What a file says of its picture, wherever its format has a place for it."""

import struct
from dataclasses import dataclass
from typing import Any

from PIL import Image

from core.errors import BrokenImage
from worker.images import exif, jp2, png
from worker.images.exif_tiff import of_tiff
from worker.images.ifd import Tiff
from worker.images.ifd_limits import check_exif
from worker.images.iptc import from_resources
from worker.images.photo import EXIF_PREFIX

MAX_DPI = 65_535
MAX_BLOCK = 4 * 1024 * 1024
"""Bytes of a block of EXIF, XMP, IPTC or of a profile; longer ones are left out."""
_XMP, _IPTC, _ORIENTATION = 700, 33723, 274
_IPTC_RESOURCE = 0x0404
_JPEG = {"JPEG", "MPO"}
_TURNED = {5, 6, 7, 8}
"""Orientations that exchange width and height."""


@dataclass(frozen=True)
class Said:
    """Metadata as it is in a file, not yet of use for a result."""

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    """Along the upright image's width and height."""
    texts: tuple[bytes, ...] = ()
    orientation: int = 1
    """What is left to be done; decoding turns some formats upright."""


def said_by(image: Image.Image, data: bytes) -> Said:
    """Return what an opened file says; what is damaged or of absurd size is left out."""
    info: dict[str | tuple[int, int], Any] = dict(image.info)
    if image.format == "TIFF":
        return _said_by_tiff(image, data)
    texts: tuple[bytes, ...] = ()
    if image.format == "JPEG2000":
        info.update(jp2.said(data))
    elif image.format == "PNG":
        chunks = png.Texts(data)
        info.update(chunks.said)
        texts = chunks.others
    block = _exif(info.get("exif"))
    orientation = exif.orientation(block) if block else 1
    # Of a JPEG without a density of its own, Pillow takes EXIF's along x for both.
    unsaid = image.format in _JPEG and not info.get("jfif_unit")
    dpi = (None if unsaid else _sane(info.get("dpi"))) or (
        _sane(exif.resolution(block)) if block else None
    )
    resources = info.get("photoshop")
    record = resources.get(_IPTC_RESOURCE) if isinstance(resources, dict) else info.get("iptc")
    return Said(
        exif=block.removeprefix(EXIF_PREFIX) if block else None,
        xmp=_bytes(info.get("xmp")),
        iptc=from_resources(_bytes(record)),
        icc=_bytes(info.get("icc_profile")),
        dpi=dpi[::-1] if dpi and orientation in _TURNED else dpi,
        texts=texts,
        orientation=orientation,
    )


def _said_by_tiff(image: Image.Image, data: bytes) -> Said:
    try:
        tiff = Tiff(data)
        directory = tiff.directory(tiff.first)
    except (ValueError, struct.error):
        return Said()
    values = {number: entry.tag.value for number, entry in directory.entries.items()}
    dpi = _sane(image.info.get("dpi"))
    # Pillow says 1 of a TIFF that says nothing.
    dpi = None if dpi is None or min(dpi) <= 1 else dpi
    turned = tiff.number(directory, _ORIENTATION, 1) in _TURNED
    return Said(
        exif=of_tiff(tiff, directory),
        xmp=_bytes(values.get(_XMP)),
        iptc=from_resources(_bytes(values.get(_IPTC))),
        icc=_bytes(image.info.get("icc_profile")),
        dpi=dpi[::-1] if dpi and turned else dpi,
    )


def _exif(value: object) -> bytes | None:
    """Return a block that costs no more to read than it should."""
    block = _bytes(value)
    try:
        check_exif(block or b"")
    except BrokenImage:
        return None
    return block


def _bytes(value: object) -> bytes | None:
    if isinstance(value, bytes | memoryview) and 0 < len(value) <= MAX_BLOCK:
        return bytes(value)
    return None


def _sane(value: object) -> tuple[float, float] | None:
    try:
        x, y = (float(each) for each in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1 <= x <= MAX_DPI and 1 <= y <= MAX_DPI else None
