"""Images for tests, made here."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.colour.lightness import Pixels


def gradient(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """A grey gradient with some texture, (h, w)."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(10, 240, width)[None] + rng.normal(0, 4, (height, width))
    return np.clip(ramp, 0, 255).astype(np.uint8)


def at_depth(values: NDArray[Any], depth: int) -> Pixels:
    """Whole numbers as pixels of 8 or 16 bits."""
    return values.astype(np.uint8) if depth == 8 else values.astype(np.uint16)


def encoded(pixels: NDArray[Any], format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format, **options)
    return out.getvalue()


def decoded(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)
