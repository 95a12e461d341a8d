"""IPTC, texts, boxes and TIFF tags: from a source to a result, read back by others."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.formats import OutputFormat
from tests.support.images import encoded, gradient
from tests.unit.worker.images.test_xmp import TITLE, packet
from worker.images import Photo, decode, encode
from worker.images.iptc import PHOTOSHOP, from_resources, to_resources

RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DEEP = RGB.astype(np.uint16) * 257
LIMIT = 10**6


def dataset(record: int, number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


CAPTION = "Zürich from the lake, 1936"
IPTC = dataset(1, 90, b"\x1b%G") + dataset(2, 120, CAPTION.encode()) + dataset(2, 80, b"Ansel")


def iptc_source(format: str) -> bytes:
    """A photograph with records in the place that a format has for them."""
    if format == "tiff":
        out = io.BytesIO()
        tifffile.imwrite(out, RGB, photometric="rgb", extratags=[(33723, 7, len(IPTC), IPTC, True)])
        return out.getvalue()
    if format == "png":
        raw = to_resources(IPTC)
        text = f"\niptc\n{len(raw):8}\n{raw.hex()}\n"
        return png_with(b"tEXt", b"Raw profile type iptc\0" + text.encode())
    plain = encoded(RGB)
    thumbnail = b"8BIM" + struct.pack(">HHI", 0x040C, 0, 5) + b"grey!\0"
    body = PHOTOSHOP + thumbnail + to_resources(IPTC)
    return plain[:20] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + plain[20:]


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def png_with(*chunks: bytes, last: bool = False) -> bytes:
    """A PNG with one more chunk, before or after the pixels."""
    plain = encoded(RGB, "PNG")
    at = len(plain) - 12 if last else 33
    return plain[:at] + chunk(chunks[0], chunks[1]) + plain[at:]


@pytest.mark.parametrize("source", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("format", ["jpeg", "png", "tiff"])
def test_iptc_is_kept(source: str, format: OutputFormat) -> None:
    photo = decode(iptc_source(source), LIMIT)
    assert photo.iptc == IPTC
    data = encode(photo, format)
    assert b"grey!" not in data
    assert decode(data, LIMIT).iptc == IPTC
    with Image.open(io.BytesIO(data)) as image:
        if format == "jpeg":
            assert image.info["photoshop"][0x0404] == IPTC
        elif format == "tiff":
            assert image.tag_v2[33723] == IPTC  # type: ignore[attr-defined]
        else:
            image.load()
            lines = image.info["Raw profile type iptc"].strip().splitlines()
            assert int(lines[1]) == len(bytes.fromhex(lines[2]))


@pytest.mark.parametrize("damage", [b"", b"8BIM", to_resources(IPTC)[:9], b"8BIM\4\4\xff\xff"])
def test_damaged_resources_have_no_records(damage: bytes) -> None:
    assert from_resources(damage) is None


TEXTS = (
    (b"tEXt", b"Author\0Ansel"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"packed")),
    (b"iTXt", b"Title\0\0\0de\0Titel\0" + "Zürich".encode()),
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[0].decode())
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("pixels", [RGB, DEEP], ids=["8 bits", "16 bits"])
def test_texts_of_a_png_are_kept_whole(
    text: tuple[bytes, bytes], last: bool, pixels: np.ndarray
) -> None:
    photo = decode(png_with(*text, last=last), LIMIT)
    assert photo.texts == (b"".join(text),)
    data = encode(Photo(pixels, None, "png", texts=photo.texts), "png")
    assert chunk(*text) in data
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.text.keys() == {text[1].partition(b"\0")[0].decode()}  # type: ignore[attr-defined]


def test_a_damaged_text_is_left_out() -> None:
    data = bytearray(png_with(*TEXTS[0], last=True))
    data[data.index(b"Ansel")] ^= 1
    assert decode(bytes(data), LIMIT).texts == ()


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_metadata_in_hexadecimal_is_read_and_not_kept_as_text(kind: bytes) -> None:
    raw = packet(elements=TITLE)
    text = f"\nxmp\n{len(raw):8}\n{raw.hex()}\n".encode()
    body = b"\0" + zlib.compress(text) if kind == b"zTXt" else text
    photo = decode(png_with(kind, b"Raw profile type xmp\0" + body), LIMIT)
    assert photo.xmp == raw
    assert photo.texts == ()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def test_boxes_of_jpeg_2000_are_read() -> None:
    plain = encoded(RGB, "JPEG2000")
    xmp = packet(elements=TITLE)
    more = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + xmp)
    more += box(b"uuid", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38") + IPTC)
    at = plain.index(b"jp2c") - 4
    photo = decode(plain[:at] + more + plain[at:], LIMIT)
    assert photo.xmp == xmp
    assert photo.iptc == IPTC


@pytest.mark.parametrize("pixels", [RGB, DEEP, RGB[..., 0]], ids=["8 bits", "16 bits", "grey"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("exif", [None, b"MM\0*\0\0\0\x08\0\0\0\0\0\0"], ids=["II", "MM"])
def test_a_tiff_is_what_tifffile_reads(pixels: np.ndarray, alpha: bool, exif: bytes | None) -> None:
    plane = pixels[..., 0] if pixels.ndim == 3 else pixels
    photo = Photo(pixels, plane if alpha else None, "tiff", exif=exif, dpi=(300, 72.5))
    data = encode(photo, "tiff")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        assert page.tags["XResolution"].value == (300, 1)
        assert page.tags["YResolution"].value == (72_500, 1000)
        assert page.tags["Compression"].value == 8
        assert file.byteorder == (">" if exif else "<")
        found = page.asarray()
    assert np.array_equal(
        found[..., :3] if found.ndim == 3 and alpha else found,
        np.squeeze(np.dstack([pixels] * 3) if alpha and pixels.ndim == 2 else pixels),
    )
    if alpha:
        assert np.array_equal(found[..., 3], plane)


def test_descriptive_tags_of_a_tiff_are_kept() -> None:
    out = io.BytesIO()
    tifffile.imwrite(
        out,
        DEEP,
        photometric="rgb",
        description="a harbour",
        software="Scanner 1",
        datetime="1936:05:01 12:00:00",
        resolution=(600, 600),
        resolutionunit=2,
        extratags=[(315, 2, 0, "Ansel", True), (33432, 2, 0, "public domain", True)],
        metadata=None,
    )
    photo = decode(out.getvalue(), LIMIT)
    for format in ("tiff", "jpeg", "png", "webp"):
        with Image.open(io.BytesIO(encode(photo, format))) as image:
            exif = image.getexif()
            assert exif[270] == "a harbour"
            assert exif[305] == "Scanner 1"
            assert exif[306] == "1936:05:01 12:00:00"
            assert exif[315] == "Ansel"
            assert exif[33432] == "public domain"
    assert photo.dpi == (600, 600)
