"""A picture to measure with, for those who name none."""

import cv2
import numpy as np

OCTAVES = 7
GRAIN = 3
QUALITY = 90


def scene(megapixels: float) -> bytes:
    """Return a grey JPEG of 4:3 that compresses as photographs do: forms of all sizes, and grain.

    The same size gives the same bytes.
    """
    height = max(8, round((megapixels * 1e6 * 3 / 4) ** 0.5))
    width = height * 4 // 3
    rng = np.random.default_rng(0)
    image = np.full((height, width), 128, np.float32)
    for octave in range(OCTAVES):
        forms = rng.normal(0, 40 / 1.6**octave, (3 << octave, 4 << octave)).astype(np.float32)
        image += cv2.resize(forms, (width, height), interpolation=cv2.INTER_CUBIC)
    image += np.asarray(rng.normal(0, GRAIN, (height, width)), np.float32)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
