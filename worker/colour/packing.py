"""A distribution over colour bins as a few bytes a cell, to be kept and rendered anew.

Log-probabilities are nearly of low rank: the last layer of a network makes them from a few hundred
channels, and neighbouring bins go together. Kept are their principal axes and, for each cell, its
place along them in whole steps.
"""

import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.decode import TINY, Array, rebalancing_bias
from worker.colour.distribution import Distribution

MAGIC, VERSION = b"TINTDIST", 1
HEADER = struct.Struct("<8sB3xIHHHH")
"""Magic, version, checksum of the palette, bins, axes, height, width."""
LIMIT = 400_000
"""Bytes that a packed distribution stays under; steps get coarser where it would not."""
AXES = 48
STEP = 0.2
"""Of a cell's place along an axis, in units of a log-probability of a bin that matters."""
MAX_CELLS, MAX_BINS = 256 * 256, 1024
SUMS, SAMPLED = 96, 3
"""Sums of cells that the axes are found in; one in so many cells says how they lie there."""
SMALL_PRODUCT = 2**18
"""Multiplications up to which OpenBLAS starts no threads."""


def pack(distribution: Distribution) -> bytes:
    """Return a distribution in its compact form, less than 400 KB; docs/control.md has its losses.

    Raises:
        ValueError: it has more cells or bins than can be unpacked again.
    """
    bins, height, width = distribution.probabilities.shape
    _check_size(bins, height, width)
    weight = _importance(distribution)
    usual, scaled = _centred_logs(distribution, weight)
    axes = _principal_axes(scaled)
    places = _product(np.ascontiguousarray(axes.T), scaled)
    palette = _checksum(distribution.palette)
    header = HEADER.pack(MAGIC, VERSION, palette, bins, axes.shape[1], height, width)
    step = STEP
    while True:
        grid = np.clip(np.rint(places / step), -32768, 32767).astype(np.int16)
        constants = np.column_stack((usual, axes * step / weight)).astype("<f2").tobytes()
        body = constants + _differences(grid.reshape(-1, height, width))
        packed = header + _deflate(body)
        if len(packed) < LIMIT:
            return packed
        step *= 1.5


def unpack(packed: bytes, palette: Array, prior: Array) -> Distribution:
    """Return the distribution that ``pack`` was given, but for its losses.

    ``palette``, (bins, 2), and ``prior``, (bins,), are those of the network.

    Raises:
        ValueError: the bytes are not of ``pack``, are damaged, or are of another palette.
    """
    axes, height, width, body = _open(packed, palette)
    bins, cells = len(palette), height * width
    constants = np.frombuffer(body, "<f2", bins * (axes + 1)).reshape(bins, axes + 1)
    if not np.isfinite(constants).all():
        raise ValueError("the packed distribution has numbers that are none")
    # The usual log-probabilities count once in every cell.
    places = np.ones((axes + 1, cells), np.float32)
    places[1:] = _sums(body[constants.nbytes :], axes, height, width).reshape(axes, cells)
    logs = _product(constants.astype(np.float32), places)
    return Distribution(logs.reshape(bins, height, width), palette, prior, logs=True)


def _importance(distribution: Distribution) -> Array:
    """Return how much the log-probability of each bin matters, (bins, 1), 1 in the mean square.

    It is what the bin has of all cells, half of it at the highest vividness.
    """
    share = distribution.probabilities.mean(axis=(1, 2))
    vivid = share * np.exp(rebalancing_bias(distribution.prior, 1))
    weight = (share / share.sum() + vivid / vivid.sum() + np.float32(1e-6)) ** np.float32(0.4)
    return np.asarray(weight / np.sqrt(np.square(weight).mean()), np.float32)[:, None]


def _centred_logs(distribution: Distribution, weight: Array) -> tuple[Array, Array]:
    """Return the usual log-probabilities, (bins, 1), and what cells differ in, times the weight."""
    flat = distribution.probabilities.reshape(len(weight), -1)
    logs = np.log(np.maximum(flat, TINY))
    # A constant for each cell is free: probabilities sum to 1.
    logs -= np.einsum("q,qp->p", np.square(weight[:, 0]) / np.square(weight).sum(), logs)
    usual = logs.mean(axis=1, keepdims=True)
    logs -= usual
    logs *= weight
    return usual, logs


def _principal_axes(scaled: Array) -> Array:
    """Return orthonormal axes, (bins, axes), the most important first.

    They lie in the span of sums of cells with random signs, which take no product of large
    matrices (Clarkson and Woodruff 2013); some of the cells then say how to turn them.
    """
    bins, cells = scaled.shape
    signs = np.random.default_rng(0).choice(np.array([-1, 1], np.float32), cells)
    signed = np.pad(scaled * signs, ((0, 0), (0, -cells % SUMS)))
    sums = signed.reshape(bins, -1, SUMS).sum(axis=1)
    squares, turn = _eigen(sums.T)
    # What rounding alone has made gets next to no length.
    lengths = np.sqrt(np.maximum(squares, squares[0] * np.float32(1e-6) + TINY))
    span = _product(sums, np.ascontiguousarray((turn / lengths).T))
    some = np.ascontiguousarray(scaled[:, ::SAMPLED])
    turn = _eigen(_product(np.ascontiguousarray(span.T), some))[1]
    return _product(span, np.ascontiguousarray(turn[:AXES].T))


def _eigen(rows: Array) -> tuple[Array, Array]:
    """Return eigenvalues, (n, 1), and eigenvectors as rows of the products of rows, (n, n)."""
    # Not NumPy's eigh, for the threads of BLAS.
    _, values, vectors = cv2.eigen(np.einsum("ip,jp->ij", rows, rows))
    return np.asarray(values, np.float32), np.asarray(vectors, np.float32)


def _product(left: Array, right: Array) -> Array:
    """Return the matrix product, made of ones that BLAS computes in the calling thread.

    Its own threads go on spinning on the cores.
    """
    out = np.empty((left.shape[0], right.shape[1]), np.float32)
    columns = max(1, SMALL_PRODUCT // left.size)
    for first in range(0, right.shape[1], columns):
        part = slice(first, first + columns)
        np.matmul(left, right[:, part], out=out[:, part])
    return out


def _differences(grid: NDArray[np.int16]) -> bytes:
    """Return what each cell has more than its left neighbour; low bytes first, then high ones."""
    change = np.diff(grid, axis=2, prepend=np.int16(0)).astype("<i2")
    return np.ascontiguousarray(change.reshape(-1).view(np.uint8).reshape(-1, 2).T).tobytes()


def _sums(data: bytes, axes: int, height: int, width: int) -> Array:
    """Undo ``_differences``: (axes, h, w)."""
    low, high = np.frombuffer(data, np.uint8).reshape(2, axes, height, width)
    change = high.astype(np.int16) << 8 | low
    return np.cumsum(change, axis=2, dtype=np.int16).astype(np.float32)


def _open(packed: bytes, palette: Array) -> tuple[int, int, int, bytes]:
    """Return the number of axes, height, width and the body, all checked."""
    if len(packed) < HEADER.size or packed[: len(MAGIC)] != MAGIC:
        raise ValueError("not a packed distribution")
    _, version, checksum, bins, axes, height, width = HEADER.unpack_from(packed)
    if version != VERSION:
        raise ValueError(f"a packed distribution of version {version}, not {VERSION}")
    if bins != len(palette) or checksum != _checksum(palette):
        raise ValueError("the packed distribution is of another palette")
    _check_size(bins, height, width)
    if axes > AXES:
        raise ValueError(f"the packed distribution has {axes} axes; {AXES} is the most")
    return axes, height, width, _inflate(packed[HEADER.size :], bins, axes, height * width)


def _deflate(body: bytes) -> bytes:
    # As small as level 6 makes it, in a ninth of the time: there is next to nothing that repeats.
    stream = zlib.compressobj(strategy=zlib.Z_RLE)
    return stream.compress(body) + stream.flush()


def _inflate(data: bytes, bins: int, axes: int, cells: int) -> bytes:
    expected = 2 * bins * (axes + 1) + 2 * axes * cells
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(data, expected + 1)
    except zlib.error as error:
        raise ValueError(f"the packed distribution is damaged: {error}") from error
    if len(body) != expected or not stream.eof or stream.unused_data:
        raise ValueError("the packed distribution is cut off or has another length than it says")
    return body


def _check_size(bins: int, height: int, width: int) -> None:
    if not (0 < bins <= MAX_BINS and 0 < height * width <= MAX_CELLS):
        raise ValueError(
            f"a distribution of {bins} bins and {height} x {width} cells cannot be packed; "
            f"{MAX_BINS} bins and {MAX_CELLS} cells are the most"
        )


def _checksum(palette: Array) -> int:
    return zlib.crc32(np.ascontiguousarray(palette, "<f4").tobytes())
