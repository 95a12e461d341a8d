"""Photographs without colour of their own, as archives have them: toned, yellowed, worn, scanned.

A recipe turns lightness, (h, w) float32 in 0..1, into RGB, (h, w, 3) float32 in 0..1.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Rgb = NDArray[np.uint8]
Recipe = Callable[[Plane, np.random.Generator], Plane]
Wear = Callable[[Plane, np.random.Generator], Rgb]
Colour = tuple[int, int, int]

SEPIA = ((20, 12, 8), (150, 115, 80), (250, 240, 215))
MATRIX = np.array(
    [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32
).sum(axis=1)
"""The sepia filter of image editors, for equal channels."""


def duotone(grey: Plane, *colours: Colour) -> Plane:
    """Return tones between colours that stand for black, the middle and white."""
    at = np.linspace(0, 1, len(colours))
    channels = np.array(colours, np.float32).T / 255
    return np.dstack([np.interp(grey, at, channel) for channel in channels]).astype(np.float32)


def random_duotone(grey: Plane, rng: np.random.Generator) -> Plane:
    """Return tones of any hue, up to half saturated."""
    hue, saturation = np.float32(rng.uniform(0, 360)), np.float32(rng.uniform(0.1, 0.5))
    hsv = np.array([[[hue, saturation, 0.55]]], np.float32)
    middle = 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]
    dark, light = 0.15 * middle, 255 - 0.12 * (255 - middle)
    return duotone(grey, *(tuple(colour) for colour in (dark, middle, light)))


def gamma(grey: Plane, _: np.random.Generator) -> Plane:
    """Return a sepia made with curves: more red, less blue."""
    return np.dstack((grey**0.75, grey, grey**1.4)).astype(np.float32)


def sepia(grey: Plane, _: np.random.Generator) -> Plane:
    """Return a sepia-toned print."""
    return duotone(grey, *SEPIA)


def yellowed(grey: Plane, _: np.random.Generator) -> Plane:
    """Return a print on paper that has yellowed evenly."""
    return duotone(grey, (20, 18, 15), (245, 228, 185))


def stained(grey: Plane, rng: np.random.Generator) -> Plane:
    """Return a print on paper with large brown stains."""
    coarse = rng.uniform(0, 1, (4, 4)).astype(np.float32)
    stain = cv2.resize(coarse, grey.shape[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return (0.06 + 0.94 * grey[..., None]) * duotone(stain, (250, 240, 215), (225, 190, 130))


def faded(grey: Plane, rng: np.random.Generator) -> Plane:
    """Return a sepia print that has faded and yellowed towards its edges."""
    old = duotone(grey, (144, 130, 97), (245, 226, 188))
    return _mix(sepia(grey, rng), old, _edges(grey) ** 1.5)


def silvered(grey: Plane, _: np.random.Generator) -> Plane:
    """Return a warm print whose shadows have a bluish sheen at the edges: silver mirroring."""
    sheen = np.array([0.25, 0.33, 0.45], np.float32) / 2
    shadows = (_edges(grey) * (1 - grey) ** 2)[..., None]
    return np.asarray(duotone(grey, (30, 24, 18), (245, 238, 222)) + shadows * sheen, np.float32)


def foxed(grey: Plane, rng: np.random.Generator) -> Plane:
    """Return a yellowed print with small brown spots."""
    height, width = grey.shape
    spots = np.zeros_like(grey)
    for _ in range(25):
        x, y, radius, strength = rng.uniform((0, 0, 0.003, 0.2), (1, 1, 0.012, 0.5))
        centre = int(x * width), int(y * height)
        cv2.circle(spots, centre, max(1, int(radius * width)), strength, -1)
    soft = cv2.GaussianBlur(spots, (0, 0), max(0.8, width / 400))[..., None]
    return yellowed(grey, rng) * (1 - soft * np.array([0.25, 0.45, 0.7], np.float32))


def mounted(make: Recipe, colour: Colour) -> Recipe:
    """Return a recipe for a print on the scanner's lid, or on a page of an album."""

    def on_it(grey: Plane, rng: np.random.Generator) -> Plane:
        margin = max(1, round(0.08 * min(grey.shape)))
        page = duotone(0 * grey, colour)
        inner = make(grey, rng)[margin:-margin, margin:-margin]
        page[margin:-margin, margin:-margin] = inner
        return page

    return on_it


RECIPES: dict[str, Recipe] = {
    "grey, stored as RGB": lambda grey, _: np.dstack((grey, grey, grey)),
    "sepia, an editor's filter": lambda grey, _: (grey[..., None] * MATRIX).clip(0, 1),
    "sepia, duotone": sepia,
    "sepia, curves": gamma,
    "cyanotype": lambda grey, _: duotone(grey, (8, 30, 75), (60, 120, 165), (240, 245, 240)),
    "selenium": lambda grey, _: duotone(grey, (28, 18, 24), (128, 112, 118), (248, 246, 240)),
    "split tone, blue to cream": lambda grey, _: duotone(
        grey, (10, 20, 45), (125, 122, 120), (255, 240, 200)
    ),
    "duotone of any hue": random_duotone,
    "yellowed": yellowed,
    "yellowed, large stains": stained,
    "sepia, faded edges": faded,
    "silver mirroring": silvered,
    "yellowed, foxed": foxed,
    "sepia on a white lid": mounted(sepia, (246, 247, 248)),
    "sepia on a black lid": mounted(sepia, (14, 14, 16)),
    "yellowed on brown card": mounted(yellowed, (110, 95, 78)),
}


def rounded(rgb: Plane) -> Rgb:
    """Return 8 bits of 0..1."""
    return np.asarray((rgb * 255 + 0.5).clip(0, 255), np.uint8)


def jpeg(rgb: Rgb, quality: int) -> Rgb:
    """Return what JPEG with 4:2:0 chroma makes of it."""
    half = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality, *half])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)


def noisy(rgb: Plane, rng: np.random.Generator, levels: float) -> Rgb:
    """Return it with noise of its own in each channel, as scanners have it."""
    return rounded(rgb + rng.normal(0, levels / 255, rgb.shape).astype(np.float32))


def out_of_register(rgb: Plane, _: np.random.Generator) -> Rgb:
    """Return it with red and blue moved by a thousandth of its width."""
    step = rgb.shape[1] / 1000
    moved = rgb.copy()
    for channel, (x, y) in ((0, (step, 0.0)), (2, (-step / 2, step))):
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
        plane = np.ascontiguousarray(rgb[..., channel], np.float32)
        size, border = rgb.shape[1::-1], cv2.BORDER_REPLICATE
        moved[..., channel] = cv2.warpAffine(plane, matrix, size, borderMode=border)
    return rounded(moved)


WEAR: dict[str, Wear] = {
    "as it is": lambda rgb, _: rounded(rgb),
    "JPEG 60": lambda rgb, _: jpeg(rounded(rgb), 60),
    "JPEG 80": lambda rgb, _: jpeg(rounded(rgb), 80),
    "JPEG 95": lambda rgb, _: jpeg(rounded(rgb), 95),
    "noise, JPEG 80": lambda rgb, rng: jpeg(noisy(rgb, rng, 8), 80),
    "out of register": out_of_register,
    "colour cast, JPEG 90": lambda rgb, _: jpeg(
        rounded(rgb * np.array([1.06, 1, 0.92], np.float32)), 90
    ),
}
"""What a scan goes through; quality is JPEG's, always with 4:2:0 chroma."""


def weakened(rgb: Rgb, share: float) -> Rgb:
    """Return a photograph with only a share of its chroma."""
    lab = _lab(rgb)
    lab[..., 1:] *= share
    return rounded(_rgb(lab))


def hand_tinted(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """Return a sepia print with some of the photograph's own colours painted on, softly."""
    own = cv2.GaussianBlur(_lab(rgb)[..., 1:], (0, 0), rgb.shape[1] / 60)
    lab = np.asarray(cv2.cvtColor(sepia(grey_of(rgb), rng), cv2.COLOR_RGB2LAB), np.float32)
    lab[..., 1:] = 0.6 * lab[..., 1:] + 0.4 * own
    return rounded(_rgb(lab))


def grey_of(rgb: Rgb) -> Plane:
    """Return the luma of a photograph, 0..1."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) / np.float32(255), np.float32)


def _lab(rgb: Rgb) -> Plane:
    return np.asarray(cv2.cvtColor(rgb / np.float32(255), cv2.COLOR_RGB2LAB), np.float32)


def _rgb(lab: Plane) -> Plane:
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32)


def _mix(first: Plane, second: Plane, share: Plane) -> Plane:
    return first + share[..., None] * (second - first)


def _edges(grey: Plane) -> Plane:
    """Return 0 in the middle, 1 in the corners."""
    y, x = np.ogrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    return np.asarray((x * x + y * y) / 2, np.float32)
