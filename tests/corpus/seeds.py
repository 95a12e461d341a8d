"""Good files of every kind that is read, or that will be; each is small."""

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, features

from tests.support import images
from tests.support.images import gradient

RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
RGBA = np.dstack((RGB, RGB[..., 0]))
LARGE = np.dstack([gradient(120, 200, seed=seed) for seed in range(3)])
DEEP = RGB.astype(np.uint16) * 257
Make = Callable[[], bytes]


def _pillow(format: str, mode: str = "RGB", pixels: NDArray[Any] = RGB, **options: Any) -> Make:
    def make() -> bytes:
        out = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(out, format, **options)
        return out.getvalue()

    return make


def _opencv(suffix: str, pixels: NDArray[Any]) -> Make:
    return cv2.imencode(suffix, pixels)[1].tobytes


def _from_a_camera(format: str) -> Make:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kodak"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1936:05:01 12:00:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAltitude] = 12.5
    profile = b"\0\0\0\x80" + bytes(12) + b"RGB " + bytes(108)
    return _pillow(format, exif=exif, dpi=(300, 300), icc_profile=profile)


def _pages(format: str, **options: Any) -> Make:
    others = [Image.fromarray(255 - RGB), Image.fromarray(RGB)]
    return _pillow(format, save_all=True, append_images=others, **options)


def _tiff(pixels: NDArray[Any], **options: Any) -> Make:
    return lambda: images.tiff(pixels, photometric=2, **options)


_JPEG = {
    "jpeg": _pillow("JPEG"),
    "jpeg of a camera": _from_a_camera("JPEG"),
    "jpeg progressive": _pillow("JPEG", progressive=True),
    "jpeg grey": _pillow("JPEG", "L"),
    "jpeg grey progressive": _pillow("JPEG", "L", progressive=True),
    "jpeg cmyk": _pillow("JPEG", "CMYK"),
    "jpeg with restarts": _pillow("JPEG", restart_marker_blocks=1),
    "jpeg large": _pillow("JPEG", pixels=LARGE),
    "mpo": _pages("MPO"),
}
_PNG = {
    "png": _pillow("PNG"),
    "png of a camera": _from_a_camera("PNG"),
    "png of 1 bit": _pillow("PNG", "1"),
    "png of 2 bits": _pillow("PNG", "P", bits=2),
    "png palette": _pillow("PNG", "P"),
    "png grey": _pillow("PNG", "L"),
    "png grey with alpha": _pillow("PNG", "LA"),
    "png with alpha": _pillow("PNG", "RGBA", RGBA),
    "png grey of 16 bits": _opencv(".png", DEEP[..., 0]),
    "png of 16 bits": _opencv(".png", DEEP),
    "png of 16 bits with alpha": _opencv(".png", np.dstack((DEEP, DEEP[..., 0]))),
    "apng": _pages("PNG"),
}
_TIFF = {
    "tiff": _pillow("TIFF"),
    "tiff lzw": _pillow("TIFF", compression="tiff_lzw"),
    "tiff deflate": _pillow("TIFF", compression="tiff_adobe_deflate"),
    "tiff packbits": _pillow("TIFF", compression="packbits"),
    "tiff jpeg": _pillow("TIFF", compression="jpeg"),
    "tiff fax": _pillow("TIFF", "1", compression="group4"),
    "tiff cmyk": _pillow("TIFF", "CMYK"),
    "tiff of strips": _pillow("TIFF", pixels=LARGE, tiffinfo={278: 8}, compression="tiff_lzw"),
    "tiff of tiles": _pillow("TIFF", tiffinfo={322: 16, 323: 16}, compression="tiff_lzw"),
    "tiff of pages": _pages("TIFF"),
    "tiff of planes": _tiff(RGB, planes=True),
    "tiff of 16 bits": _tiff(DEEP),
    "tiff of 16 bits lzw": _opencv(".tiff", DEEP),
    "bigtiff": _pillow("TIFF", big_tiff=True),
}
_OTHER = {
    "webp": _from_a_camera("WEBP"),
    "webp lossless": _pillow("WEBP", "RGBA", RGBA, lossless=True),
    "webp animated": _pages("WEBP"),
    "bmp": _pillow("BMP"),
    "bmp palette": _pillow("BMP", "P"),
    "bmp of 1 bit": _pillow("BMP", "1"),
    "gif": _pillow("GIF", "P"),
    "gif animated": _pages("GIF"),
    "pgm": _pillow("PPM", "L"),
    "pbm": _pillow("PPM", "1"),
    "ppm": _pillow("PPM"),
    "ppm of 16 bits": lambda: b"P6 32 24 65535\n" + DEEP.astype(">u2").tobytes(),
    "pgm of few levels": lambda: b"P5 # few\n32 24\n99\n" + (RGB[..., 0] // 3).tobytes(),
    "text": lambda: b"once upon a time\n" * 20,
}
_OPTIONAL = {
    "avif": ("avif", _pillow("AVIF")),
    "avif of a camera": ("avif", _from_a_camera("AVIF")),
    "avif animated": ("avif", _pages("AVIF")),
    "jpeg 2000": ("jpg_2000", _pillow("JPEG2000")),
    "jpeg 2000 lossy": ("jpg_2000", _pillow("JPEG2000", quality_layers=[20], irreversible=True)),
    "jpeg 2000 of tiles": ("jpg_2000", _pillow("JPEG2000", tile_size=(16, 16))),
    "jpeg 2000 bare": ("jpg_2000", _pillow("JPEG2000", no_jp2=True)),
    "jpeg 2000 of 16 bits": ("jpg_2000", _opencv(".jp2", np.tile(DEEP, (3, 3, 1)))),
}


def good_files() -> dict[str, bytes]:
    """Return a file of each kind by name, as far as they can be written here."""
    makers = _JPEG | _PNG | _TIFF | _OTHER
    makers |= {name: make for name, (need, make) in _OPTIONAL.items() if features.check(need)}
    return {name: make() for name, make in makers.items()}
