"""Rows of a result as its readers will see them, at a fraction of the cost of decoding it all."""

import io
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.colour.bands import each_part
from worker.images.codecs import imdecode
from worker.images.errors import naming_a_lack_of_memory
from worker.images.intervals import BLOCK, Intervals, rows_of

Reader = Callable[[slice], NDArray[np.uint8]]


def reader(data: bytes, strips: Sequence[slice], size: tuple[int, int]) -> Reader:
    """Return what gives RGB rows of a JPEG, WebP or AVIF that we have written.

    ``strips`` are the rows that will be asked for, each of them within a row of JPEG's blocks, see
    ``Sample``; ``size`` is (height, width). Of a JPEG only the intervals with these rows are
    decoded, from the very bytes; of others all.

    Raises:
        OutOfMemory: decoding found too little.
    """
    with naming_a_lack_of_memory(size[0] * size[1]):
        return _reader(data, strips, size)


def _reader(data: bytes, strips: Sequence[slice], size: tuple[int, int]) -> Reader:
    if data.startswith(b"\xff\xd8"):
        return _jpeg_reader(data, strips, size)
    image = Image.open(io.BytesIO(data))
    image.load()
    return lambda rows: np.asarray(
        image.crop((0, rows.start, size[1], rows.stop)).convert("RGB"), np.uint8
    )


def _jpeg_reader(data: bytes, strips: Sequence[slice], size: tuple[int, int]) -> Reader:
    blocks = sorted({rows.start // BLOCK for rows in strips})
    intervals = Intervals(data)
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    decoded: dict[int, NDArray[np.uint8]] = {}

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            # With a neighbour at each end, as decoders smooth chroma across blocks.
            first = max(0, part.start - 1)
            some = blocks[first : part.stop + 1]
            cut = intervals.excerpt(some)
            pixels = imdecode(cut, flags, (rows_of(some), size[1]))
            for at, block in enumerate(blocks[part], part.start - first):
                decoded[block] = pixels[BLOCK * at :][:BLOCK]

    each_part(len(blocks), -(-len(blocks) // max(1, cv2.getNumThreads())), work)

    def read(rows: slice) -> NDArray[np.uint8]:
        start = rows.start % BLOCK
        return decoded[rows.start // BLOCK][start : start + rows.stop - rows.start]

    return read
