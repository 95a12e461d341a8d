"""ICC profiles for tests, made here (ICC.1:2022)."""

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

BRADFORD = np.array(
    [
        [1.0478112, 0.0228866, -0.0501270],
        [0.0295424, 0.9904844, -0.0170491],
        [-0.0092345, 0.0150436, 0.7521316],
    ]
)
"""From D65 to D50."""
ADOBE_RGB = np.array([[0.5767, 0.1856, 0.1882], [0.2973, 0.6274, 0.0753], [0.0270, 0.0707, 0.9911]])
"""RGB to XYZ at D65, of Adobe RGB (1998)."""
SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def profile(space: bytes, tags: Mapping[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    header = bytearray(128)
    header[8:12] = b"\x02\x40\0\0"
    header[12:24] = b"mntr" + space + connection
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", 63_190, 65_536, 54_061)
    table, body = struct.pack(">I", len(tags)), b""
    at = 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header[:4] = struct.pack(">I", at + len(body))
    return bytes(header) + table + body


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


def curve(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    levels = [round(65_535 * value) for value in values]
    return b"curv\0\0\0\0" + struct.pack(f">I{len(levels)}H", len(levels), *levels)


def parametric(function: int, *parameters: float) -> bytes:
    fixed = [round(65_536 * value) for value in parameters]
    return b"para\0\0\0\0" + struct.pack(f">HH{len(fixed)}i", function, 0, *fixed)


def xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65_536 * value) for value in values))


def text() -> dict[bytes, bytes]:
    """What LittleCMS wants of every profile."""
    return {b"wtpt": xyz(np.array([0.9642, 1.0, 0.8249]))}


def grey(trc: bytes, connection: bytes = b"XYZ ") -> bytes:
    return profile(b"GRAY", {b"kTRC": trc, **text()}, connection)


def rgb(trc: bytes | Sequence[bytes], primaries: NDArray[np.float64] = SRGB) -> bytes:
    """A profile by curves and by primaries at D65."""
    curves = [trc] * 3 if isinstance(trc, bytes) else trc
    adapted = BRADFORD @ primaries
    tags = {name + b"TRC": each for name, each in zip((b"r", b"g", b"b"), curves, strict=True)}
    tags |= {name + b"XYZ": xyz(adapted[:, at]) for at, name in enumerate((b"r", b"g", b"b"))}
    return profile(b"RGB ", tags | text())


def table(space: bytes, channels: int) -> bytes:
    """A profile that is a table from device values to Lab (10.10): L* is the mean, or ink's lack.

    a* and b* are 0.
    """
    corners = np.indices((2,) * channels).reshape(channels, -1).T
    light = corners.mean(axis=1) if space == b"RGB " else 1 - corners.mean(axis=1)
    nodes = np.stack([light * 255, np.full_like(light, 128), np.full_like(light, 128)], axis=1)
    identity = bytes(range(256))
    head = struct.pack(">4sIBBBx", b"mft1", 0, channels, 3, 2)
    head += struct.pack(">9i", *(65_536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    body = identity * channels + nodes.round().astype(np.uint8).tobytes() + identity * 3
    return profile(space, {b"A2B0": head + body, **text()}, b"Lab ")
