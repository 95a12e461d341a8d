"""EXIF blocks with what cameras write into them, made here byte by byte."""

import io
import struct
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from tests.support.images import encoded, gradient
from worker.images import Photo, decode, encode, exif
from worker.images.about import without_private
from worker.images.exif_tiff import of_tiff, saying
from worker.images.ifd import Tag, Tiff, lay_out, longs, rational, shorts

ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")
RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
NOTE = b"Canon secrets" + bytes(range(200))
THUMBNAIL = b"\xff\xd8 a small grey picture \xff\xd9"
CAMERA = ExifTags.IFD.Exif


def ascii(number: int, text: str) -> Tag:
    value = text.encode() + b"\0"
    return Tag(number, 2, len(value), value)


def under(number: int, *children: Tag) -> Tag:
    return Tag(number, 4, 1, children=children)


def block(order: str, **more: Tag) -> bytes:
    """A camera's block: two directories below the first, and a thumbnail in a second one."""
    tags = [
        ascii(270, "Zürich, See"),
        ascii(271, "Kodak"),
        shorts(274, (6,), order),
        ascii(315, "Ansel"),
        rational(282, 300.0, order),
        rational(283, 600.0, order),
        shorts(296, (2,), order),
        under(
            exif.CAMERA,
            ascii(0x9003, "1936:05:01 12:00:00"),
            Tag(0x927C, 7, len(NOTE), NOTE),
            shorts(0xA001, (65_535,), order),
            longs(0xA002, (32,), order),
            shorts(0xA003, (24,), order),
            ascii(0xA430, "The Owner"),
            ascii(0xA431, "body-12345"),
            ascii(0xA434, "50mm f/1.8"),
            ascii(0xA435, "lens-67890"),
            under(exif.INTEROP, ascii(1, "R03")),
        ),
        under(exif.PLACE, ascii(1, "N"), Tag(2, 5, 3, struct.pack(order + "6I", *range(1, 7)))),
        *more.values(),
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    first = {tag.number: tag for tag in tags}
    length = len(lay_out(first, 8, order))
    second_at = 8 + length + length % 2
    body = lay_out(first, 8, order, second_at).ljust(second_at - 8, b"\0")
    second = {513: longs(513, (second_at + 30,), order), 514: longs(514, (len(THUMBNAIL),), order)}
    return head + body + lay_out(second, second_at, order) + THUMBNAIL


def read(data: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(data)
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_a_block_is_upright_of_the_results_size_and_without_thumbnail(order: str) -> None:
    whole = block(order)
    assert exif.orientation(whole) == 6
    edited = exif.upright(whole, 24, 32)
    assert edited is not None
    found = read(edited)
    camera = found.get_ifd(CAMERA)
    assert found[274] == 1
    assert (camera[0xA002], camera[0xA003]) == (24, 32)
    assert camera[0xA001] == 1
    assert found.get_ifd(ExifTags.IFD.Interop)[1] == "R98"
    assert not found.get_ifd(ExifTags.IFD.IFD1)
    assert THUMBNAIL not in edited
    assert len(edited) == len(whole) - len(THUMBNAIL)


@pytest.mark.parametrize("order", ORDERS)
def test_all_else_stays_byte_for_byte_and_in_its_place(order: str) -> None:
    whole = block(order)
    edited = exif.upright(whole, 24, 32)
    assert edited is not None
    changed = [at for at, (a, b) in enumerate(zip(whole, edited, strict=False)) if a != b]
    # Orientation, both sizes and their types, colour space, R98, and the link to the thumbnail.
    assert len(changed) <= 16
    for value in ("Zürich, See".encode(), b"Ansel", NOTE, b"body-12345", b"1936:05:01 12:00:00"):
        assert edited.index(value) == whole.index(value)


@pytest.mark.parametrize("order", ORDERS)
def test_a_large_size_fits_where_a_small_one_was(order: str) -> None:
    edited = exif.upright(block(order), 70_000, 80_000)
    assert edited is not None
    camera = read(edited).get_ifd(CAMERA)
    assert (camera[0xA002], camera[0xA003]) == (70_000, 80_000)


@pytest.mark.parametrize("order", ORDERS)
def test_stripping_takes_places_numbers_names_and_notes_and_leaves_the_rest(order: str) -> None:
    edited = exif.without(block(order), exif.PRIVATE)
    assert edited is not None
    found = read(edited)
    camera = found.get_ifd(CAMERA)
    assert not found.get_ifd(ExifTags.IFD.GPSInfo)
    assert ExifTags.IFD.GPSInfo not in found
    assert camera[0x9003] == "1936:05:01 12:00:00"
    assert camera[0xA434] == "50mm f/1.8"
    assert {0x927C, 0xA430, 0xA431, 0xA435}.isdisjoint(camera)
    for secret in (b"secrets", b"Owner", b"body-", b"lens-", struct.pack(order + "4I", 1, 2, 3, 4)):
        assert secret not in edited
    assert "Zürich, See".encode() in edited


def test_a_field_whose_value_is_missing_goes_and_the_rest_stays() -> None:
    whole = bytearray(block("<"))
    at = whole.index(struct.pack("<HH", 315, 2))
    whole[at + 8 : at + 12] = b"\xff\xff\xff\x7f"
    whole[at + 4 : at + 8] = struct.pack("<I", 1000)
    edited = exif.upright(bytes(whole), 24, 32)
    assert edited is not None
    found = read(edited)
    assert 315 not in found
    assert found[271] == "Kodak"
    assert found.get_ifd(CAMERA)[0x9003] == "1936:05:01 12:00:00"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif"])
def test_every_format_carries_the_block(order: str, format: Any) -> None:
    edited = exif.upright(block(order), 32, 24)
    back = decode(encode(Photo(RGB, None, "png", exif=edited), format), 10**6)
    assert back.exif is not None
    for value in ("Zürich, See".encode(), NOTE, b"Ansel"):
        assert value in back.exif
    assert back.dpi == (300, 600)


@pytest.mark.parametrize("order", ORDERS)
def test_a_tiff_has_the_fields_as_its_own_and_gives_them_back(order: str) -> None:
    edited = exif.upright(block(order), 32, 24)
    data = encode(Photo(RGB, None, "tiff", exif=edited, dpi=(300, 600)), "tiff")
    assert data[:2] == (b"II" if order == "<" else b"MM")
    with Image.open(io.BytesIO(data)) as image:
        found = image.getexif()
        assert found[271] == "Kodak"
        assert found.get_ifd(CAMERA)[0x9003] == "1936:05:01 12:00:00"
        assert found.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
        assert np.array_equal(np.asarray(image), RGB)
    back = decode(data, 10**6)
    assert back.exif is not None
    for value in ("Zürich, See".encode(), NOTE, b"Ansel", b"body-12345"):
        assert value in back.exif
    assert read(back.exif).get_ifd(CAMERA)[0xA002] == 32


def test_a_photo_without_private_data_has_none_in_any_format() -> None:
    photo = without_private(Photo(RGB, None, "png", exif=block("<")))
    for format in ("jpeg", "png", "webp", "avif", "tiff"):
        data = encode(photo, format)
        for secret in (b"secrets", b"Owner", b"body-", b"lens-"):
            assert secret not in data
        assert b"Ansel" in data


def test_a_resolution_alone_is_a_block_of_its_own() -> None:
    assert exif.resolution(saying((300, 72.5))) == (300, 72.5)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "JPEG"])
def test_a_turned_photo_has_its_resolution_turned(format: str) -> None:
    photo = decode(encoded(RGB, format, exif=b"Exif\0\0" + block("<")), 10**6)
    assert photo.pixels.shape == (32, 24, 3)
    assert photo.dpi == (600, 300)


@pytest.mark.parametrize("order", ORDERS)
@settings(deadline=None)
@given(st.data())
def test_no_damage_to_a_block_is_an_error(order: str, data: st.DataObject) -> None:
    damaged = bytearray(block(order))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    exif.orientation(cut)
    exif.resolution(cut)
    for edited in (exif.upright(cut, 24, 32), exif.without(cut, exif.PRIVATE)):
        assert edited is None or len(edited) <= len(cut)
        if edited:
            tiff = Tiff(edited)
            of_tiff(tiff, tiff.directory(tiff.first))


def test_many_tags_that_claim_the_same_bytes_cost_no_memory() -> None:
    megabytes = 8 * 1024 * 1024
    tags = b"".join(struct.pack("<HHII", tag, 2, megabytes, 2000) for tag in range(269, 390))
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", 121)
    tiff = Tiff(head + tags + bytes(4 + megabytes))
    assert of_tiff(tiff, tiff.directory(tiff.first)) is None
