import struct
import zlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.unit.worker.colour.conftest import SAMPLES, Kept
from worker.colour import Decoding, Distribution, decode, lightness, pack, render, unpack
from worker.colour.packing import HEADER, LIMIT, MAX_CELLS
from worker.images import decode as read

HOWS = [Decoding(*each) for each in product((1, 0.38, 0.1), (0, 1))]
"""Temperature and vividness."""


def again(distribution: Distribution) -> Distribution:
    return unpack(pack(distribution), distribution.palette, distribution.prior)


def flat(bins: int = 5, height: int = 3, width: int = 7) -> Distribution:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(bins), (height, width)).transpose(2, 0, 1).astype(np.float32)
    palette = rng.uniform(-90, 90, (bins, 2)).astype(np.float32)
    return Distribution(p, palette, np.full(bins, 1 / bins, np.float32))


@pytest.fixture(scope="module")
def packed(kept: Kept) -> bytes:
    return pack(kept["cat"])


def test_it_takes_less_than_400_kb_at_either_size(kept: Kept) -> None:
    sizes = {name: len(pack(each)) for name, each in kept.items()}
    assert sizes.pop("astronaut 448") < LIMIT
    assert max(sizes.values()) < 150_000


@pytest.mark.parametrize("how", HOWS)
def test_pictures_look_the_same(kept: Kept, how: Decoding) -> None:
    differences = []
    for name, distribution in kept.items():
        path = SAMPLES / f"{name.split()[0]}.jpg"
        source = lightness(read(path.read_bytes(), 10**8).pixels[::3, ::3])
        labs = [rgb2lab(render(source, d, how)) for d in (distribution, again(distribution))]
        differences.append(deltaE_ciede2000(*labs).mean())
    assert np.mean(differences) < 0.5
    assert np.max(differences) < 0.9


def test_it_is_a_distribution_of_the_same_shape(kept: Kept) -> None:
    found = again(kept["cat"]).probabilities
    assert found.shape == kept["cat"].probabilities.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.sum(axis=0) == pytest.approx(np.ones((56, 56)), abs=1e-5)


def test_the_same_distribution_gives_the_same_bytes(kept: Kept, packed: bytes) -> None:
    assert pack(kept["cat"]) == packed


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 1), (5, 3, 7), (40, 2, 90), (3, 40, 1)])
def test_small_and_odd_grids_come_back(shape: tuple[int, int, int]) -> None:
    given = flat(*shape)
    ab = decode(again(given), Decoding())
    assert np.abs(ab - decode(given, Decoding())).mean() < 2


def test_all_cells_alike_come_back_exactly() -> None:
    given = flat()
    alike = replace(given, likely=np.repeat(given.probabilities[:, :1, :1], 9, axis=2))
    assert again(alike).probabilities == pytest.approx(alike.probabilities, abs=2e-3)


def test_probabilities_of_0_and_1_stay_distributions() -> None:
    given = flat(20, 8, 8)
    sure = np.zeros_like(given.probabilities)
    sure[np.arange(64) % 20, np.arange(64) // 8, np.arange(64) % 8] = 1
    found = again(replace(given, likely=sure)).probabilities
    assert np.array_equal(found.argmax(axis=0), sure.argmax(axis=0))


def test_noise_is_made_coarser_until_it_fits() -> None:
    noise = flat(313, 150, 150)
    data = pack(noise)
    assert 100_000 < len(data) < LIMIT
    assert unpack(data, noise.palette, noise.prior).probabilities.shape == (313, 150, 150)


def test_a_grid_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        pack(flat(2, 1, MAX_CELLS + 1))


def with_header(data: bytes, **values: int) -> bytes:
    names = ("magic", "version", "palette", "bins", "axes", "height", "width")
    header = dict(zip(names, HEADER.unpack_from(data), strict=True)) | values
    return HEADER.pack(*header.values()) + data[HEADER.size :]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"palette": 7}, "another palette"),
        ({"bins": 312}, "another palette"),
        ({"axes": 200}, "200 axes"),
        ({"axes": 47}, "cut off or has another length"),
        ({"height": 57}, "cut off or has another length"),
        ({"height": 55}, "cut off or has another length"),
        ({"height": 0}, "cannot be packed"),
        ({"height": 65_535, "width": 65_535}, "cannot be packed"),
    ],
)
def test_headers_that_lie_are_refused(
    kept: Kept, packed: bytes, values: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        unpack(with_header(packed, **values), kept["cat"].palette, kept["cat"].prior)


def body_of(numbers: float) -> bytes:
    """The body of one cell with two bins and one axis, all of one number."""
    return zlib.compress(struct.pack("<4e", *[numbers] * 4) + bytes(2))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    given = flat(2, 1, 1)
    header = with_header(pack(given)[: HEADER.size], axes=1)
    assert unpack(header + body_of(1), given.palette, given.prior).probabilities.sum() == 1
    with pytest.raises(ValueError, match="numbers that are none"):
        unpack(header + body_of(number), given.palette, given.prior)


def test_the_largest_numbers_still_give_a_distribution() -> None:
    given = flat(2, 1, 1)
    header = with_header(pack(given)[: HEADER.size], axes=1)
    body = zlib.compress(struct.pack("<4e", 65504, -65504, 65504, -65504) + b"\xff\x7f")
    found = unpack(header + body, given.palette, given.prior).probabilities
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)


def test_other_bytes_are_refused(kept: Kept, packed: bytes) -> None:
    rng, palette, prior = np.random.default_rng(0), kept["cat"].palette, kept["cat"].prior
    wrong = [b"", b"TINTDIST", rng.bytes(1000), b"X" + packed[1:], packed[:-1], packed + b"x"]
    wrong += [packed[: HEADER.size], packed[: HEADER.size] + zlib.compress(bytes(10**8))]
    wrong += [packed[: len(packed) // 2], packed[: HEADER.size] + rng.bytes(1000)]
    for data in wrong:
        with pytest.raises(ValueError, match="packed distribution"):
            unpack(data, palette, prior)


def test_a_changed_byte_is_noticed(kept: Kept, packed: bytes) -> None:
    for place in np.random.default_rng(0).integers(HEADER.size, len(packed), 100):
        damaged = bytearray(packed)
        damaged[place] ^= 0x55
        with pytest.raises(ValueError, match="packed distribution"):
            unpack(bytes(damaged), kept["cat"].palette, kept["cat"].prior)
