"""Images for tests, made here."""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from skimage import data

from benchmarks.toning import rounded, sepia
from worker.colour.gamut import within_srgb
from worker.colour.lightness import Pixels, Plane


def gradient(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """A grey gradient with some texture, (h, w)."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(10, 240, width)[None] + rng.normal(0, 4, (height, width))
    return np.clip(ramp, 0, 255).astype(np.uint8)


def in_colour() -> NDArray[np.uint8]:
    """A colour photograph: Chelsea the cat, (300, 451, 3)."""
    return np.asarray(data.chelsea(), np.uint8)


def in_sepia(seed: int = 0) -> NDArray[np.uint8]:
    """A sepia print of ``gradient``, (48, 64, 3)."""
    grey = gradient(seed=seed) / np.float32(255)
    return rounded(sepia(np.asarray(grey, np.float32), np.random.default_rng()))


def at_depth(values: NDArray[Any], depth: int) -> Pixels:
    """Whole numbers as pixels of 8 or 16 bits."""
    return values.astype(np.uint8) if depth == 8 else values.astype(np.uint16)


def srgb_of(lab: Plane) -> Plane:
    """sRGB in 0..1 of a CIELAB image; what is outside has the chroma of ``within_srgb``."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    outside = (rgb.min(axis=2) <= 0) | (rgb.max(axis=2) >= 1)
    rgb[outside] = cv2.cvtColor(within_srgb(lab[outside])[None], cv2.COLOR_LAB2RGB)[0]
    return np.asarray(rgb, np.float32)


def encoded(pixels: NDArray[Any], format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def tiff(
    pixels: NDArray[Any], photometric: int, planes: bool = False, orientation: int = 1
) -> bytes:
    """A plain TIFF of a kind that Pillow does not write: 16-bit colour, or one plane a channel."""
    height, width, channels = np.atleast_3d(pixels).shape
    strips = channels if planes else 1
    ordered = pixels.transpose(2, 0, 1) if planes else pixels
    directory = ImageFileDirectory_v2()
    directory[256], directory[257] = width, height
    directory[258] = (8 * pixels.itemsize,) * channels
    directory[259], directory[262], directory[274] = 1, photometric, orientation
    directory[273] = tuple(strip * pixels.nbytes // strips for strip in range(strips))
    directory[277], directory[278] = channels, height
    directory[279] = (pixels.nbytes // strips,) * strips
    directory[284] = 2 if planes else 1
    out = io.BytesIO()
    directory.save(out)
    out.write(np.ascontiguousarray(ordered).tobytes())
    return out.getvalue()


def decoded(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)
