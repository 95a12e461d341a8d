"""Photographs as training crops: random crops, old-photograph damage, lightness and ab."""

import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from core.errors import TrainingError
from core.formats import READABLE

LARGE_SIDE = 128
GREY_CHROMA = 1.0
STRIDE = 4


@dataclass(frozen=True)
class Phase:
    """One stretch of training at a fixed crop size (progressive resizing)."""

    size: int
    """Side of the square crop, in pixels; a multiple of 16."""
    crops: int
    """How many crops the phase sees."""
    batch: int
    large_share: float
    """Share of crops from photographs whose shorter side is at least 128 pixels."""
    min_area: float
    """Smallest crop, as a share of the photograph's area."""

    @property
    def steps(self) -> int:
        """Number of optimizer steps."""
        return math.ceil(self.crops / self.batch)


@dataclass(frozen=True)
class Photos:
    """Photographs by the length of their shorter side, each group sorted by path."""

    large: list[Path]
    small: list[Path]


def find_photos(folder: Path) -> Photos:
    """Return the photographs below ``folder`` that can be read.

    Raises:
        TrainingError: the folder holds no photograph.
    """
    large: list[Path] = []
    small: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower().lstrip(".") in READABLE:
            with suppress(OSError), Image.open(path) as image:
                (large if min(image.size) >= LARGE_SIDE else small).append(path)
    if not large and not small:
        raise TrainingError(f"{folder} holds no photographs; name a folder of JPEG or PNG files")
    return Photos(large, small)


def to_lab(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert 8-bit BGR to CIELAB (D65): L 0..100, ab about -110..110."""
    scaled = bgr.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_BGR2LAB), dtype=np.float32)


class Crops(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Crop number i depends only on the seed and i, so that a resumed run sees the same crops."""

    def __init__(self, photos: Photos, phase: Phase, seed: int, start: int = 0) -> None:
        self.photos = photos
        self.phase = phase
        self.seed = seed
        self.start = start

    def __len__(self) -> int:
        """Return the number of crops left in the phase."""
        return self.phase.crops - self.start

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return lightness - 50, (1, size, size) float32, and ab, (size/4, size/4, 2) int16."""
        rng = np.random.default_rng((self.seed, self.phase.size, self.start + index))
        lab = self._colour_crop(rng)
        side = self.phase.size // STRIDE
        ab = cv2.resize(lab[..., 1:], (side, side), interpolation=cv2.INTER_AREA)
        lightness = damage(lab[..., 0], rng) - 50
        return (
            torch.from_numpy(np.ascontiguousarray(lightness[None])),
            torch.from_numpy(np.rint(ab).astype(np.int16)),
        )

    def _colour_crop(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw photographs until a crop has colour: a grey one would teach that all is grey."""
        lab = None
        for _ in range(10):
            large, small = self.photos.large, self.photos.small
            use_large = not small or (large and rng.random() < self.phase.large_share)
            pool = large if use_large else small
            bgr = cv2.imread(str(pool[rng.integers(len(pool))]), cv2.IMREAD_COLOR)
            if bgr is None:
                continue
            lab = to_lab(random_crop(np.asarray(bgr, np.uint8), self.phase, rng))
            if np.abs(lab[..., 1:]).mean() * 2 > GREY_CHROMA:
                break
        if lab is None:
            raise TrainingError("ten photographs in a row cannot be read; remove the broken ones")
        return lab


def random_crop(
    bgr: NDArray[np.uint8], phase: Phase, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut a random part, resize it to the phase's square and flip half of them."""
    height, width = bgr.shape[:2]
    area = np.exp(rng.uniform(np.log(phase.min_area), 0))
    stretch = np.exp(rng.uniform(-0.25, 0.25))
    crop_h = int(np.clip(round(height * np.sqrt(area) * stretch), 16, height))
    crop_w = int(np.clip(round(width * np.sqrt(area) / stretch), 16, width))
    top = rng.integers(height - crop_h + 1)
    left = rng.integers(width - crop_w + 1)
    part = bgr[top : top + crop_h, left : left + crop_w]
    shrink = min(crop_h, crop_w) > phase.size
    method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
    square = cv2.resize(part, (phase.size, phase.size), interpolation=method)
    return np.asarray(square[:, ::-1] if rng.random() < 0.5 else square)


def damage(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Age the lightness (0..100), each kind of damage on some crops.

    Contrast curve, fading, blur, grain, scratches and JPEG's blocks.
    """
    out: NDArray[Any] = lightness / 100
    if rng.random() < 0.5:
        out = out ** np.exp(rng.normal(0, 0.25))
    if rng.random() < 0.3:
        low, high = rng.uniform(0, 0.2), rng.uniform(0.8, 1)
        out = low + out * (high - low)
    if rng.random() < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        out = out + rng.normal(0, rng.uniform(0.005, 0.04), out.shape)
    if rng.random() < 0.1:
        out = scratch(out.astype(np.float32), rng)
    out = np.clip(out, 0, 1)
    if rng.random() < 0.15:
        out = compress(out, int(rng.integers(15, 60)))
    return np.asarray(out * 100, dtype=np.float32)


def scratch(tone: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw one to six thin lines, light or dark, across tones 0..1."""
    out = tone.copy()
    height, width = out.shape
    for _ in range(rng.integers(1, 7)):
        start, end = (rng.integers((width, height), size=2).tolist() for _ in range(2))
        cv2.line(out, start, end, float(rng.choice((0.05, 0.95))), 1, cv2.LINE_8)
    return out


def compress(tone: NDArray[Any], quality: int) -> NDArray[np.float32]:
    """Send tones 0..1 through JPEG at a low quality."""
    pixels = np.rint(tone * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    tones = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(tones, np.float32) / np.float32(255)
