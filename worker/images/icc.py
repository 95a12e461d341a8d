"""What a source's ICC profile (ICC.1:2022) says of its levels."""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from worker.colour.lightness import LUMINANCE, Space, srgb
from worker.images.errors import PARSER_ERRORS, naming_a_lack_of_memory

MAX_ICC = 4 * 1024 * 1024
MAX_TAGS = 200
_ADAPTED_BACK = np.array([-0.0283697, 1.0099955, 0.0210414])
"""Y at D65 of X, Y, Z at the profile connection space's D50 (Bradford, ICC.1:2022, annex E)."""
_LIKE_SRGB = 0.05
"""Largest difference of L* at which a space is taken for sRGB: profiles round their numbers."""
_COARSE = 256
"""Levels at which curves are compared with sRGB's."""
BYTES_A_PIXEL = 8
"""What converting takes, and more than half again."""
_DATE = slice(24, 36)
_PARAMETERS = (1, 3, 4, 5, 7)
"""How many a parametric curve has, by its function's number (10.18)."""
_STEEPEST = 20.0
"""Exponent beyond which a parametric curve is damage."""
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """A profile that can be used: by its curves and primaries, or else by LittleCMS."""

    kind: str
    """``GRAY``, ``RGB`` or ``CMYK``."""
    data: bytes
    tags: Mapping[bytes, bytes]
    """Curves and primaries."""

    @property
    def has_curves(self) -> bool:
        """Whether its curves, and with RGB its primaries, say it all."""
        wanted = {b"kTRC"} if self.kind == "GRAY" else _MATRIX
        return self.kind != "CMYK" and wanted <= self.tags.keys()


_MATRIX = {b"rTRC", b"gTRC", b"bTRC", b"rXYZ", b"gXYZ", b"bXYZ"}
_CURVES = _MATRIX | {b"kTRC"}
_KINDS = {b"GRAY": "GRAY", b"RGB ": "RGB", b"CMYK": "CMYK"}


def read_profile(data: bytes | None) -> Profile | None:
    """Return the profile, or None of one that cannot be read or is for other pixels than ours."""
    if not data or not 132 <= len(data) <= MAX_ICC or data[36:40] != b"acsp":
        return None
    kind = _KINDS.get(data[16:20])
    (count,) = struct.unpack_from(">I", data, 128)
    if kind is None or not 0 < count <= MAX_TAGS or 132 + 12 * count > len(data):
        return None
    tags: dict[bytes, bytes] = {}
    for at in range(132, 132 + 12 * count, 12):
        name, start, length = struct.unpack_from(">4sII", data, at)
        if start + length > len(data):
            return None
        if name in _CURVES:
            # The others are for LittleCMS; all may claim the same megabytes.
            tags[name] = data[start : start + length]
    return Profile(kind, data, tags)


def space_of(profile: Profile, dtype: np.dtype[Any]) -> Space | None:
    """Return what the levels of 8 or 16 bits mean; None if it is what they mean in sRGB.

    Raises:
        ValueError, struct.error: its curves or primaries make no sense.
    """
    luminance = LUMINANCE if profile.kind == "GRAY" else _luminances(profile.tags)
    if _is_srgb(_curves(profile, _COARSE), luminance):
        return None
    curves = _curves(profile, np.iinfo(dtype).max + 1)
    same = all(np.array_equal(curve, curves[0]) for curve in curves)
    return Space(curves[0] if same else np.stack(curves, axis=1), luminance)


def _curves(profile: Profile, count: int) -> list[NDArray[np.float32]]:
    """Return linear light at so many levels of each channel."""
    levels = np.linspace(0, 1, count)
    if profile.kind == "RGB":
        return [_sane(_curve(profile.tags[name], levels)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    light = _curve(profile.tags[b"kTRC"], levels)
    return [_sane(_luminance(light) if profile.data[20:24] == b"Lab " else light)]


def _is_srgb(curves: list[NDArray[np.float32]], luminance: NDArray[np.float32]) -> bool:
    plain = srgb(np.dtype(np.uint8)).linear
    off = max(np.abs(_lstar(curve) - _lstar(plain)).max() for curve in curves)
    near = np.abs(luminance - LUMINANCE).max() < _LIKE_SRGB / 100
    return bool(off < _LIKE_SRGB and near)


def to_srgb(pixels: NDArray[np.uint8], profile: Profile) -> NDArray[np.uint8] | None:
    """Return RGB (h, w, 3) or CMYK (h, w, 4) pixels as sRGB by LittleCMS; None if it refuses.

    Relative colorimetric, without black point compensation: L* is what the profile has measured.

    Raises:
        OutOfMemory: it may have found too little.
    """
    try:
        with naming_a_lack_of_memory(pixels.shape[0] * pixels.shape[1]):
            return _converted(pixels, profile)
    except (*PARSER_ERRORS, ImageCms.PyCMSError):
        return None


def deep_to_srgb(pixels: NDArray[np.uint16], profile: Profile) -> NDArray[np.uint16] | None:
    """Do the same for RGB of 16 bits; None without ``tintype[icc]``, too.

    Raises:
        OutOfMemory: it may have found too little.
    """
    try:
        import imagecodecs
    except ImportError:
        return None
    out = np.empty(pixels.shape, np.uint16)
    try:
        with naming_a_lack_of_memory(pixels.shape[0] * pixels.shape[1]):
            for rows in _bands(pixels):
                out[rows] = imagecodecs.cms_transform(
                    pixels[rows],
                    profile.data,
                    srgb_profile(),
                    colorspace="rgb",
                    outcolorspace="rgb",
                    outdtype="uint16",
                    intent=int(ImageCms.Intent.RELATIVE_COLORIMETRIC),
                    # LittleCMS would look colours up in a coarser table, up to 0.17 of L* off.
                    flags=int(ImageCms.Flags.NOOPTIMIZE),
                )
    except (*PARSER_ERRORS, imagecodecs.CmsError):
        return None
    return out


def _bands(pixels: NDArray[Any]) -> Iterator[slice]:
    rows = max(1, 65_536 // pixels.shape[1])
    return (slice(top, top + rows) for top in range(0, len(pixels), rows))


def _converted(pixels: NDArray[np.uint8], profile: Profile) -> NDArray[np.uint8]:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile.data))
    transform = ImageCms.buildTransform(
        source, _srgb_target(), profile.kind, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    out = np.empty((*pixels.shape[:2], 3), np.uint8)
    for rows in _bands(pixels):
        part = np.ascontiguousarray(pixels[rows])
        size = part.shape[1], part.shape[0]
        image = Image.frombuffer(profile.kind, size, part.tobytes(), "raw", profile.kind, 0, 1)
        out[rows] = np.asarray(ImageCms.applyTransform(image, transform))
    return out


@cache
def srgb_profile() -> bytes:
    """Return the profile with which results are tagged, always the same bytes."""
    data = bytearray(_srgb_target().tobytes())
    # LittleCMS writes the time at which it is asked.
    data[_DATE] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(data)


@cache
def _srgb_target() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _curve(data: bytes, x: Curve) -> Curve:
    """Return a curve's values (10.6 and 10.18)."""
    if data[:4] == b"curv":
        (count,) = struct.unpack_from(">I", data, 8)
        values = np.array(struct.unpack_from(f">{min(count, 65_536)}H", data, 12), np.float64)
        if count == 0:
            return x
        if count == 1:
            return np.asarray(np.power(x, values[0] / 256), np.float64)
        return np.interp(x, np.linspace(0, 1, count), values / 65_535)
    if data[:4] != b"para":
        raise ValueError("a curve is of an unknown type")
    (function,) = struct.unpack_from(">H", data, 8)
    if function >= len(_PARAMETERS):
        raise ValueError("a curve has an unknown function")
    fixed = struct.unpack_from(f">{_PARAMETERS[function]}i", data, 12)
    return _parametric(function, [value / 65_536 for value in fixed], x)


def _parametric(function: int, parameters: list[float], x: Curve) -> Curve:
    """Return one of the five functions (10.18, table 68)."""
    g, a, b, c, d, e, f = (parameters + [0.0] * 6)[:7]
    if not 0 < g <= _STEEPEST:
        raise ValueError("a curve has an exponent that no curve has")
    if function == 0:
        return np.asarray(np.power(x, g), np.float64)
    if not a:
        raise ValueError("a curve does not rise")
    power: Curve = np.power(np.maximum(a * x + b, 0), g)
    if function == 1:
        return np.where(x >= -b / a, power, 0)
    if function == 2:
        return np.where(x >= -b / a, power + c, c)
    return np.where(x >= d, power + e, c * x + f).astype(np.float64)


def _luminances(tags: Mapping[bytes, bytes]) -> NDArray[np.float32]:
    columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    found = np.array(columns) / 65_536 @ _ADAPTED_BACK
    if not 0.5 < found.sum() < 2:
        raise ValueError("the primaries make no white")
    return np.asarray(found / found.sum(), np.float32)[None]


def _luminance(light: Curve) -> Curve:
    """Return Y of L* in 0..1, for grey profiles whose connection space is Lab."""
    f = (100 * light + 16) / 116
    return np.where(light > 0.08, f**3, light * 100 * 27 / 24_389)


def _lstar(light: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(light > 216 / 24_389, 116 * np.cbrt(light) - 16, light * (24_389 / 27))


def _sane(light: Curve) -> NDArray[np.float32]:
    """Refuse a curve that says nothing."""
    if not np.isfinite(light).all() or light[-1] < 0.5 or light[0] > light[-1]:
        raise ValueError("a curve does not rise")
    return np.clip(light, 0, 1).astype(np.float32)
