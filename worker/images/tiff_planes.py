"""TIFF with a plane for each channel (TIFF 6.0, PlanarConfiguration 2): each is a grey TIFF."""

from collections.abc import Iterator

from core.errors import BrokenImage
from worker.images.ifd import Tiff, lay_out, longs, shorts

_OFFSETS, _COUNTS = (273, 324), (279, 325)
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _EXTRA, _FORMAT = 258, 262, 277, 284, 338, 339
_BLACK_IS_ZERO, _CHUNKY = 1, 1
MAX_CHANNELS = 4


def each_plane(data: bytes) -> Iterator[bytes]:
    """Yield a grey TIFF for each plane of the first image: the same strips, another directory.

    Raises:
        BrokenImage: the strips are not as many in each plane.
    """
    tiff = Tiff(data)
    directory = tiff.directory(tiff.first)
    samples = tiff.number(directory, _SAMPLES, 1)
    if tiff.big or not 1 <= samples <= MAX_CHANNELS:
        raise BrokenImage("the planes of the TIFF cannot be told apart")
    plain = {number: entry.tag for number, entry in directory.entries.items()}
    for number in (_EXTRA, _FORMAT):
        plain.pop(number, None)
    plain |= {
        number: shorts(number, (value,), tiff.order)
        for number, value in (
            (_BITS, 16),
            (_PHOTOMETRIC, _BLACK_IS_ZERO),
            (_SAMPLES, 1),
            (_PLANAR, _CHUNKY),
        )
    }
    at = len(data) + len(data) % 2
    head = data[:4] + at.to_bytes(4, "little" if tiff.order == "<" else "big")
    body = data[8:].ljust(at - 8, b"\0")
    for plane in range(samples):
        for number in (*_OFFSETS, *_COUNTS):
            values = tiff.numbers(directory, number)
            each, rest = divmod(len(values), samples)
            if rest:
                raise BrokenImage("the planes of the TIFF are not of one size")
            if values:
                part = values[plane * each : (plane + 1) * each]
                plain[number] = longs(number, part, tiff.order)
        yield head + body + lay_out(plain, at, tiff.order)
