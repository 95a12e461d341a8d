import io
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import BrokenImage, ImageTooLarge
from tests.support import bombs
from tests.support.bombs import chunk, jpeg, png, segment
from tests.support.images import encoded
from worker.images import decode
from worker.images.containers import MAX_BETWEEN, MAX_CHUNKS, MAX_SEGMENTS
from worker.images.ifd_limits import MAX_EXIF, MAX_VALUES, check_directories
from worker.images.jpeg import MAX_SCANS

# Pillow warns of many a damage before it fails.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LIMIT = 1_000_000
BLACK = np.zeros((8, 8), np.uint8)


def test_as_many_chunks_as_any_png_needs() -> None:
    most = MAX_CHUNKS - 3
    assert np.array_equal(decode(png(chunk(b"prVt") * most), LIMIT).pixels, BLACK)
    with pytest.raises(BrokenImage, match=f"more than {MAX_CHUNKS} chunks"):
        decode(png(chunk(b"prVt") * (most + 1)), LIMIT)


def test_a_second_header_of_a_png_is_refused() -> None:
    # Pillow would believe the second, OpenCV allocates for the first.
    deep = bombs.header(30_000, 30_000, depth=16, colour=2)
    data = png(bombs.header(8, 8))
    with pytest.raises(BrokenImage, match="one header"):
        decode(data[:8] + deep + data[8:], LIMIT)


def test_a_png_that_begins_with_another_chunk_is_refused() -> None:
    data = png()
    with pytest.raises(BrokenImage, match="one header"):
        decode(data[:8] + chunk(b"prVt") + data[8:], LIMIT)


@pytest.mark.parametrize("part", [segment(0xE5), segment(0xFE), segment(0xDB)])
def test_more_segments_than_any_jpeg_needs_are_refused(part: bytes) -> None:
    assert decode(jpeg(part * 2000), LIMIT).pixels.shape == bombs.GREY.shape
    with pytest.raises(BrokenImage, match=f"more than {MAX_SEGMENTS} segments"):
        decode(jpeg(part * MAX_SEGMENTS), LIMIT)


@pytest.mark.parametrize("stray", [b"\xff", b"\0", b"\xff\0"])
def test_much_between_the_segments_of_a_jpeg_is_refused(stray: bytes) -> None:
    assert decode(jpeg(segment(0xFE), stray * 1000), LIMIT).pixels.shape == bombs.GREY.shape
    with pytest.raises(BrokenImage, match="belong to nothing"):
        decode(jpeg(segment(0xFE), stray * (MAX_BETWEEN + 1)), LIMIT)


def test_markers_without_a_segment_count_too() -> None:
    with pytest.raises(BrokenImage, match="segments"):
        decode(jpeg(b"\xff\xd0" * MAX_SEGMENTS), LIMIT)


def test_scans_are_counted() -> None:
    first = bombs.many_scans(0).count(b"\xff\xda")
    assert decode(bombs.many_scans(MAX_SCANS - first), LIMIT).pixels.shape == (32, 32)
    with pytest.raises(BrokenImage, match=f"more than {MAX_SCANS} scans"):
        decode(bombs.many_scans(MAX_SCANS - first + 1), LIMIT)


def test_scans_of_a_cmyk_jpeg_are_counted_too() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (32, 32)).save(out, "JPEG", progressive=True)
    plain = out.getvalue()
    assert decode(plain, LIMIT).pixels.shape == (32, 32, 3)
    last = plain[plain.rindex(b"\xff\xda") : -2]
    with pytest.raises(BrokenImage, match="scans"):
        decode(plain[:-2] + last * MAX_SCANS + plain[-2:], LIMIT)


def test_tags_that_share_a_long_value_are_refused() -> None:
    block = bombs.shared_values(2000, 400_000)
    with pytest.raises(BrokenImage, match="claim more than it has"):
        decode(block, LIMIT)
    with pytest.raises(BrokenImage, match="claim more than it has"):
        decode(jpeg(bombs.exif_segments(block)), LIMIT)


def test_exif_that_costs_too_much_goes_and_the_picture_stays() -> None:
    block = bombs.shared_values(2000, 30_000)
    text = b"\nexif\n  %d\n" % len(block) + block.hex().encode()
    written = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))
    for data in (png(chunk(b"eXIf", block)), png(written)):
        photo = decode(data, LIMIT)
        assert photo.exif is None
        assert np.array_equal(photo.pixels, BLACK)


def test_long_exif_is_refused() -> None:
    with pytest.raises(BrokenImage, match=f"more than {MAX_EXIF} bytes"):
        decode(jpeg(bombs.exif_segments(bytes(MAX_EXIF + 1))), LIMIT)


def test_more_numbers_than_any_image_has_tags_for_are_refused() -> None:
    with pytest.raises(BrokenImage, match="claim more than it has"):
        check_directories(bombs.shared_values(1, 2 * (MAX_VALUES + 1), type=3, unit=2))
    check_directories(bombs.shared_values(1, 2 * MAX_VALUES, type=3, unit=2))
    check_directories(bombs.shared_values(1, 2 * (MAX_VALUES + 1)))


def test_directories_that_lead_to_each_other_are_read_once() -> None:
    loop = bombs.tiff([(0x8769, 8)], following=8)
    check_directories(loop)
    check_directories(b"MM" + loop[2:])


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_bigtiff_is_judged_alike(order: str) -> None:
    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little" if order == "little" else "big")

    head = (b"II" if order == "little" else b"MM") + number(43, 2) + number(8, 2) + bytes(2)
    entries = b"".join(
        number(40_000 + tag, 2) + number(7, 2) + number(100_000, 8) + number(4000, 8)
        for tag in range(50)
    )
    block = head + number(16, 8) + number(50, 8) + entries
    with pytest.raises(BrokenImage, match="claim more than it has"):
        check_directories(block.ljust(104_000, b"\0"))
    check_directories(block)


def test_a_tile_far_larger_than_its_image_is_never_inflated() -> None:
    body = bombs.deflated(64 * 64)
    assert np.array_equal(decode(bombs.deflated_tiff(body, tile=64), LIMIT).pixels, BLACK)
    with pytest.raises(BrokenImage, match="tiles"):
        decode(bombs.deflated_tiff(bombs.deflated(16 << 20), tile=4096), LIMIT)


def test_the_canvas_of_a_webp_is_checked_before_it_is_allocated() -> None:
    with pytest.raises(ImageTooLarge, match="16384 x 16384 pixels"):
        decode(bombs.webp_canvas(16_384), LIMIT)


@pytest.mark.parametrize("lossless", [False, True])
def test_a_plain_webp_tells_its_size(lossless: bool) -> None:
    data = encoded(np.zeros((300, 400, 3), np.uint8), "WEBP", lossless=lossless)
    assert decode(data, 120_000).pixels.shape == (300, 400, 3)
    with pytest.raises(ImageTooLarge, match="400 x 300 pixels"):
        decode(data, 119_999)


@pytest.mark.parametrize("shape", [(1, 1_000_001), (1_000_001, 1)])
def test_a_side_of_more_than_a_million_pixels_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge, match="on a side"):
        decode(encoded(np.zeros(shape, np.uint8), "TIFF"), 10_000_000)
