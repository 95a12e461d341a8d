"""Rows of a result as its readers will see them, at a fraction of the cost of decoding it all."""

import io
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.images.codecs import imdecode
from worker.images.errors import naming_a_lack_of_memory
from worker.images.intervals import BLOCK, excerpt, rows_of

Reader = Callable[[slice], NDArray[np.uint8]]


def reader(data: bytes, strips: Sequence[slice], size: tuple[int, int]) -> Reader:
    """Return what gives RGB rows of a JPEG, WebP or AVIF that we have written.

    ``strips`` are the rows that will be asked for, ``size`` is (height, width). Of a JPEG only
    the intervals with these rows are decoded, from the very bytes; of others all.

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
    blocks = sorted({at for rows in strips for at in range(rows.start // BLOCK, _last(rows) + 1)})
    place = {block: BLOCK * at for at, block in enumerate(blocks)}
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    cut = excerpt(data, blocks)
    pixels = imdecode(cut, flags, (rows_of(blocks), size[1]))

    def read(rows: slice) -> NDArray[np.uint8]:
        start = place[rows.start // BLOCK] + rows.start % BLOCK
        return np.asarray(pixels[start : start + rows.stop - rows.start], np.uint8)

    return read


def _last(rows: slice) -> int:
    return (int(rows.stop) - 1) // BLOCK
