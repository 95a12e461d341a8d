"""Files of the younger formats, and metadata, that cost out of proportion to read."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import BrokenImage, ImageTooLarge, UnsupportedFormat
from tests.support import bombs
from tests.support.bombs import box, chunk, gif, png
from tests.support.images import encoded, gradient
from worker.images import decode, exif, page_offsets
from worker.images.boxes import MAX_BOXES
from worker.images.gif import MAX_BEFORE
from worker.images.heif import MAX_PARTS
from worker.images.icc import read_profile
from worker.images.ifd import MAX_ENTRIES, Tiff
from worker.images.jp2 import MAX_SEGMENTS, MAX_TILES
from worker.images.pages import MAX_TAGS
from worker.images.png import MAX_TEXTS, Texts
from worker.images.pnm import MAX_HEADER

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LIMIT = 1_000_000
GREY = gradient(24, 32)
JP2 = encoded(GREY, "JPEG2000")


@pytest.mark.parametrize("screen", [(65_535, 65_535), (1, 1)])
def test_the_first_frame_of_a_gif_is_measured_before_it_is_allocated(
    screen: tuple[int, int],
) -> None:
    with pytest.raises(ImageTooLarge, match="65535 x 65535 pixels"):
        decode(gif(screen, (65_535, 65_535), bombs.DISPOSED), LIMIT)
    assert decode(gif((1, 1), (1, 1), bombs.DISPOSED), LIMIT).pixels.shape[:2] == (1, 1)


def test_a_gif_is_measured_as_pillow_reads_it() -> None:
    # What seems to end an extension does not; what is no block at all is skipped.
    for before in (b"!\xf9\0\x02,,\0", b"xyz", b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"!\xfe\0"):
        data = gif((1, 1), (3000, 2), before)
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (3000, 2)
        with pytest.raises(ImageTooLarge, match="3000 x 2 pixels"):
            decode(data, 5999)


def test_much_before_the_first_frame_of_a_gif_is_refused() -> None:
    comment = b"!\xfe\x01x\0"
    few, many = (comment * (count // len(comment)) for count in (1000, MAX_BEFORE + 1000))
    assert decode(gif((1, 1), (1, 1), few), LIMIT).pixels.shape[:2] == (1, 1)
    with pytest.raises(BrokenImage, match="before its first frame"):
        decode(gif((1, 1), (1, 1), many), LIMIT)


@pytest.mark.parametrize("filler", [b" ", b"#\n"])
@pytest.mark.parametrize("kind", [b"P5", b"P6", b"P4"])
def test_a_pnm_whose_header_does_not_end_is_refused(kind: bytes, filler: bytes) -> None:
    def pnm(length: int) -> bytes:
        rest = b" 1 1\n" if kind == b"P4" else b" 1 1 255\n"
        return kind + b"\n" + filler * (length // len(filler)) + rest + bytes(3)

    assert decode(pnm(1000), LIMIT).pixels.shape[:2] == (1, 1)
    with pytest.raises(BrokenImage, match="header"):
        decode(pnm(MAX_HEADER), LIMIT)


def test_boxes_are_counted() -> None:
    at = JP2.index(b"jp2h") - 4
    assert decode(JP2[:at] + box(b"free") * 1000 + JP2[at:], LIMIT).pixels.shape == GREY.shape
    with pytest.raises(BrokenImage, match="boxes"):
        decode(JP2[:at] + box(b"free") * MAX_BOXES + JP2[at:], LIMIT)


def test_boxes_in_boxes_need_no_stack() -> None:
    deep = b""
    for _ in range(3000):
        deep = box(b"res ", deep)
    at = JP2.index(b"jp2h") - 4
    assert decode(JP2[:at] + deep + JP2[at:], LIMIT).pixels.shape == GREY.shape


def test_tiles_of_jpeg_2000_are_counted() -> None:
    assert decode(bombs.tiled_jp2(128, 16), LIMIT).pixels.shape == (128, 1024)
    assert MAX_TILES + 128 < 128 * 1024 // 8**2
    with pytest.raises(BrokenImage, match="cut into 2048 tiles"):
        decode(bombs.tiled_jp2(128, 8), LIMIT)


def test_channels_of_jpeg_2000_are_counted() -> None:
    at = JP2.index(b"\xff\x4f\xff\x51")
    stream = JP2[at:]
    with pytest.raises(UnsupportedFormat, match="channels"):
        decode(stream[:40] + struct.pack(">H", 16_384) + stream[42:], LIMIT)


def test_segments_of_jpeg_2000_are_counted() -> None:
    at = JP2.index(b"\xff\x4f\xff\x51")
    comment = b"\xff\x63\0\2"
    after = at + 4 + int.from_bytes(JP2[at + 4 : at + 6])
    with pytest.raises(BrokenImage, match="segments"):
        decode(JP2[at:after] + comment * MAX_SEGMENTS + JP2[after:], LIMIT)


def avif(block: bytes) -> bytes:
    return encoded(np.dstack([GREY] * 3), "AVIF", exif=b"Exif\0\0" + block)


def test_exif_of_an_avif_is_checked_before_pillow_reads_it() -> None:
    assert decode(avif(bombs.shared_values(20, 1000)), LIMIT).exif is not None
    with pytest.raises(BrokenImage, match="claim more than it has"):
        decode(avif(bombs.shared_values(2000, 400_000)), LIMIT)


def test_parts_of_items_are_counted() -> None:
    iloc = bytes(6) + struct.pack(">H", 2) + struct.pack(">HHH", 1, 0, MAX_PARTS) * 2
    meta = bytes(4) + box(b"iinf", bytes(6)) + box(b"iloc", iloc)
    file = box(b"ftyp", b"avif" + bytes(4) + b"avif") + box(b"meta", meta)
    with pytest.raises(BrokenImage, match="parts"):
        decode(file, LIMIT)


def test_values_shared_after_one_that_lies_outside_are_refused() -> None:
    block = bytearray(bombs.shared_values(2000, 400_000))
    block[14:22] = struct.pack("<II", 1000, 0xFFFF_FF00)
    with pytest.raises(BrokenImage, match="claim more than it has"):
        decode(bombs.jpeg(bombs.exif_segments(bytes(block))), LIMIT)


def test_a_thumbnail_whose_tags_share_a_long_value_costs_nothing() -> None:
    second = bombs.shared_values(2000, 400_000)
    first = struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 274, 3, 1, 6)
    at = len(first) + 4
    shifted = b"".join(
        struct.pack("<HHII", 40_000 + number, 7, 400_000, at + 2 + 12 * 2000 + 4)
        for number in range(2000)
    )
    block = first + struct.pack("<I", at) + struct.pack("<H", 2000) + shifted + bytes(400_004)
    assert len(block) > len(second) - 100
    with pytest.raises(ValueError, match="claim more"):
        exif.Block(block).directory(at)
    kept = exif.upright(block, 8, 8)
    assert kept is not None
    assert exif.orientation(kept) == 1


def test_directories_below_directories_come_to_an_end() -> None:
    count = 5000
    pointers = b"".join(
        struct.pack("<HHHIIHHIII", 2, exif.CAMERA, 4, 1, at + 30, exif.PLACE, 4, 1, at + 30, 0)
        for at in range(8, 8 + 30 * count, 30)
    )
    block = struct.pack("<2sHI", b"II", 42, 8) + pointers
    assert len(list(exif._tree(exif.Block(block)))) == exif.MAX_DIRECTORIES


def test_a_directory_of_a_bigtiff_has_no_more_entries_than_one_of_tiff() -> None:
    count = MAX_ENTRIES + 1
    entry = struct.pack("<HHQQ", 40_000, 7, 1, 0)
    tiff = Tiff(struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, count) + entry * count + bytes(8))
    with pytest.raises(ValueError, match="entries"):
        tiff.directory(16)


def test_an_offset_of_64_bits_is_beyond_the_end_of_the_file() -> None:
    far = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 2**64 - 1)
    with pytest.raises(BrokenImage, match="cut short"):
        page_offsets(far, LIMIT)
    with pytest.raises(BrokenImage):
        decode(far, LIMIT)


def test_pages_that_share_their_bytes_are_counted_by_tags() -> None:
    length = 40_000
    # Every word is the number of entries of a directory; here and there lies where the next begins.
    data = bytearray(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", length) * 7 * length)
    for at in range(8, 88, 4):
        end = at + 2 + 12 * length
        data[end : end + 4] = struct.pack("<I", at + 4)
    assert 20 * length > MAX_TAGS
    with pytest.raises(ImageTooLarge, match=f"{MAX_TAGS} tags"):
        page_offsets(bytes(data), LIMIT)


def test_tags_of_a_profile_that_share_megabytes_are_not_copied() -> None:
    count, size = 200, 3_000_000
    table = b"".join(
        struct.pack(">4sII", b"A%03d" % number, 132 + 12 * count, size) for number in range(count)
    )
    head = bytearray(128)
    head[16:20], head[36:40] = b"RGB ", b"acsp"
    profile = read_profile(bytes(head) + struct.pack(">I", count) + table + bytes(size))
    assert profile is not None
    assert sum(map(len, profile.tags.values())) == 0


def test_only_the_first_text_of_a_kind_is_unpacked() -> None:
    def raw(exif: bytes) -> bytes:
        text = b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
        return chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))

    endless = chunk(b"zTXt", b"Raw profile type exif\0\0" + bombs.deflated(MAX_TEXTS + 1))
    assert Texts(png(raw(b"first"), raw(b"second"))).said == {"exif": b"first"}
    assert Texts(png(endless * 3, raw(b"late"))).said == {}
