"""PNG of 8 or 16 bits with its metadata: pixels by OpenCV, the chunks for the rest by us."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from worker.colour.lightness import Pixels
from worker.images.codecs import imencode
from worker.images.iptc import to_resources
from worker.images.photo import Photo, with_alpha

MAX_TEXTS = 4 * 1024 * 1024
"""Bytes of text that are kept, and of one text that is read, unpacked."""
_SIGNATURE, _SIGNATURE_AND_IHDR = 8, 33
"""Bytes of a PNG before the place for the chunks below (PNG specification, 5.6)."""
_INCHES_IN_A_METRE = 1 / 0.0254
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_XMP = b"XML:com.adobe.xmp"
_RAW = b"Raw profile type "
"""Keyword of metadata in hexadecimal, by which ImageMagick and others keep what PNG has not."""
_RAW_NAMES = {b"exif": "exif", b"APP1": "exif", b"iptc": "iptc", b"xmp": "xmp"}


def encode_png(photo: Photo) -> bytes:
    """Write a PNG of the photo's depth.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    plain = imencode(".png", with_alpha(photo))
    head, rest = plain[:_SIGNATURE_AND_IHDR], plain[_SIGNATURE_AND_IHDR:]
    return b"".join((head, *_metadata(photo), rest))


def _metadata(photo: Photo) -> Iterator[bytes]:
    """Yield the chunks for profile, resolution, EXIF, XMP, IPTC and texts, as far as there are."""
    if photo.icc:
        yield _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(photo.icc))
    if photo.dpi:
        x, y = (round(value * _INCHES_IN_A_METRE) for value in photo.dpi)
        yield _chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if photo.exif:
        yield _chunk(b"eXIf", photo.exif)
    if photo.xmp:
        yield _chunk(b"iTXt", _XMP + bytes(5) + photo.xmp)
    if photo.iptc:
        raw = to_resources(photo.iptc)
        text = f"\niptc\n{len(raw):8}\n{raw.hex()}\n".encode()
        yield _chunk(b"zTXt", _RAW + b"iptc\0\0" + zlib.compress(text))
    yield from (_chunk(text[:4], text[4:]) for text in photo.texts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk but the pixels', up to the end or to damage."""
    at = _SIGNATURE
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if kind == b"IEND" or end + 4 > len(data):
            return
        if kind != b"IDAT":
            body = data[at + 8 : end]
            if zlib.crc32(kind + body) == int.from_bytes(data[end : end + 4]):
                yield kind, body
        at = end + 4


def grey_transparency(data: bytes, grey: Pixels) -> Pixels | None:
    """Return the alpha of a grey PNG one level of which is transparent (11.3.1.1); else None.

    ``grey`` are its levels, of 8 or 16 bits.
    """
    if not data.startswith(b"\x89PNG") or data[25] != 0:
        return None
    body = next((body for kind, body in chunks(data) if kind == b"tRNS"), b"")
    if len(body) != 2:
        return None
    level, depth = int.from_bytes(body), data[24]
    most = np.iinfo(grey.dtype).max
    if depth < 8:
        level = level * most // ((1 << depth) - 1)
    alpha = np.full_like(grey, most)
    alpha[grey == level] = 0
    return alpha


class Texts:
    """The text chunks of a PNG."""

    def __init__(self, data: bytes) -> None:
        self.said: dict[str, bytes] = {}
        """What is metadata of another kind: ``exif``, ``iptc``, ``xmp``."""
        self._tried = set[str]()
        others, room = [], MAX_TEXTS
        for kind, body in chunks(data):
            if kind == b"eXIf":
                self.said["exif"] = body
            if kind not in _TEXTS:
                continue
            keyword = body.partition(b"\0")[0]
            if keyword == _XMP:
                self._take("xmp", partial(_international, body))
            elif keyword.startswith(_RAW):
                name = _RAW_NAMES.get(keyword.removeprefix(_RAW))
                if name:
                    self._take(name, partial(_raw_profile, kind, body))
            elif len(body) <= room:
                room -= len(body)
                others.append(kind + body)
        self.others = tuple(others)

    def _take(self, name: str, read: Callable[[], bytes | None]) -> None:
        """Read the first chunk of its kind: thousands may unpack to megabytes."""
        if name in self._tried:
            return
        self._tried.add(name)
        if value := read():
            self.said.setdefault(name, value)


def _international(body: bytes) -> bytes | None:
    """Return the text of an iTXt chunk (11.3.3.4)."""
    _, _, rest = body.partition(b"\0")
    packed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.split(b"\0", 2)[-1]
    return _unpacked(text) if packed else text


def _raw_profile(kind: bytes, body: bytes) -> bytes | None:
    """Return what is kept in hexadecimal below a line with its name and one with its length."""
    _, _, text = body.partition(b"\0")
    unpacked = _unpacked(text[1:]) if kind == b"zTXt" else text
    try:
        lines = (unpacked or b"").strip().split(b"\n", 2)
        return bytes.fromhex(lines[2].decode()) if len(lines) == 3 else None
    except ValueError:
        return None


def _unpacked(data: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXTS)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else text
