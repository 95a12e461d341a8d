"""Ways to damage a file; each takes the file, others, and a generator, and gives another."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from tests.corpus.parts import boundaries, length_fields

Rng = np.random.Generator
Mutation = Callable[[bytes, Sequence[bytes], Rng], bytes]
EXTREMES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


def flip_bits(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Flip up to eight bits, half of the time among the first 256 bytes."""
    out = bytearray(data)
    end = min(len(out), 256) if rng.random() < 0.5 else len(out)
    for at in rng.integers(0, end, rng.integers(1, 9)):
        out[at] ^= 1 << int(rng.integers(8))
    return bytes(out)


def overwrite(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Write noise over a run of bytes."""
    at = int(rng.integers(len(data)))
    noise = rng.bytes(int(rng.integers(1, 33)))
    return data[:at] + noise + data[at + len(noise) :]


def cut(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Cut the file short."""
    return data[: int(rng.integers(len(data)))]


def splice(data: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    """Join the beginning of one file and the end of another, at their parts."""
    other = others[int(rng.integers(len(others)))]
    head, tail = (_one_of(boundaries(file), rng) for file in (data, other))
    return data[:head] + other[tail:]


def shuffle_parts(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Remove a part, have it twice or very often, or exchange two."""
    starts = boundaries(data)
    parts = [data[a:b] for a, b in pairwise(starts)]
    one, two = (int(at) for at in rng.integers(0, len(parts), 2))
    match int(rng.integers(4)):
        case 0:
            del parts[one]
        case 1:
            parts.insert(two, parts[one])
        case 2:
            parts[one] *= int(rng.integers(2, 200))
        case _:
            parts[one], parts[two] = parts[two], parts[one]
    return b"".join(parts)


def extreme_lengths(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Have one or two parts lie about their length."""
    fields = length_fields(data) or [(0, 4)]
    out = bytearray(data)
    for _number in range(int(rng.integers(1, 3))):
        at, size = fields[int(rng.integers(len(fields)))]
        order = "little" if data[:2] in {b"II", b"RI"} else "big"
        value = EXTREMES[int(rng.integers(len(EXTREMES)))] & ((1 << 8 * size) - 1)
        out[at : at + size] = value.to_bytes(size, "little" if order == "little" else "big")
    return bytes(out)


def swap_fields(data: bytes, _: Sequence[bytes], rng: Rng) -> bytes:
    """Exchange two fields of two or four bytes near the beginning."""
    size = 2 * int(rng.integers(1, 3))
    places = min(len(data), 128) // size
    one, two = (int(at) * size for at in rng.integers(0, max(1, places), 2))
    out = bytearray(data)
    out[one : one + size], out[two : two + size] = data[two : two + size], data[one : one + size]
    return bytes(out)


def _one_of(places: Sequence[int], rng: Rng) -> int:
    return places[int(rng.integers(len(places)))]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    overwrite,
    cut,
    splice,
    shuffle_parts,
    extreme_lengths,
    swap_fields,
)
