"""XMP that others have written, and some that nobody should read."""

import io
import json
import xml.etree.ElementTree as ET
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from core.formats import OutputFormat
from tests.support.images import encoded, gradient
from worker.images import Photo, Provenance, decode, describe, encode, without_private
from worker.images.about import ENHANCED, EXIF, IPTC_EXTENSION, TIFF, TINTYPE, XMP
from worker.images.xmp import MAX_XMP, RDF, Packet

RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DC = "http://purl.org/dc/elements/1.1/"
MADE = Provenance("tint-small", "ab" * 32, json.dumps({"format": "png"}), "cd" * 32)
EVERY_FORMAT = get_args(OutputFormat)


def packet(attributes: str = "", elements: str = "", about: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="{about}" '
        f'xmlns:dc="{DC}" xmlns:xmp="{XMP}" xmlns:tiff="{TIFF}" xmlns:exif="{EXIF}" '
        'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" '
        'xmlns:exifEX="http://cipa.jp/exif/1.0/" '
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
        + " " * 2000
        + '<?xpacket end="w"?>'
    ).encode()


TITLE = (
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Zürich &amp; See</rdf:li></rdf:Alt></dc:title>'
)


def described(xmp: bytes | None, pixels: Any = RGB) -> ET.Element:
    """The packet of a described photo, by a parser of its own."""
    made = describe(Photo(pixels, None, "png", xmp=xmp), MADE).xmp
    assert made is not None
    return ET.fromstring(made)


def values(root: ET.Element, space: str, name: str) -> list[str]:
    """Every value of a property, in its long and its short form."""
    key = f"{{{space}}}{name}"
    found = []
    for description in root.iter(f"{{{RDF}}}Description"):
        found += [description.attrib[key]] if key in description.attrib else []
        found += ["".join(element.itertext()) for element in description.findall(key)]
    return found


def test_a_photo_without_xmp_says_where_it_comes_from() -> None:
    root = described(None)
    assert values(root, IPTC_EXTENSION, "DigitalSourceType") == [ENHANCED]
    assert values(root, XMP, "CreatorTool")[0].startswith("Tintype 0.")
    assert values(root, TINTYPE, "Model") == ["tint-small"]
    assert values(root, TINTYPE, "ModelDigest") == ["sha256:" + "ab" * 32]
    assert values(root, TINTYPE, "SourceDigest") == ["sha256:" + "cd" * 32]
    assert json.loads(values(root, TINTYPE, "Options")[0]) == {"format": "png"}


def test_what_is_there_stays_and_is_said_once() -> None:
    root = described(packet('xmp:CreatorTool="Scan 1.0" xmp:Rating="5"', TITLE, "uuid:7"))
    assert values(root, DC, "title") == ["Zürich & See"]
    assert values(root, XMP, "Rating") == ["5"]
    assert len(values(root, XMP, "CreatorTool")) == 1
    abouts = {each.get(f"{{{RDF}}}about") for each in root.iter(f"{{{RDF}}}Description")}
    assert abouts == {"uuid:7"}


def test_describing_twice_says_the_same() -> None:
    once = describe(Photo(RGB, None, "png", xmp=packet(elements=TITLE)), MADE)
    assert describe(once, MADE).xmp == once.xmp


def test_what_was_true_of_the_source_alone_is_corrected() -> None:
    root = described(
        packet(
            'tiff:Orientation="6" exif:PixelXDimension="24" xmp:Thumbnails="grey"',
            "<exif:PixelYDimension>32</exif:PixelYDimension>"
            "<xmp:Thumbnails><rdf:Alt/></xmp:Thumbnails>",
        )
    )
    assert values(root, TIFF, "Orientation") == ["1"]
    assert values(root, EXIF, "PixelXDimension") == ["32"]
    assert values(root, EXIF, "PixelYDimension") == ["24"]
    assert values(root, XMP, "Thumbnails") == []
    assert values(root, TIFF, "ImageWidth") == []


def test_prefixes_of_others_do_not_matter() -> None:
    odd = packet(elements=TITLE).replace(b"xmlns:xmp=", b"xmlns:tintype=")
    odd = odd.replace(b"<dc:title>", b"<tintype:Rating>3</tintype:Rating><dc:title>")
    root = described(odd)
    assert values(root, XMP, "Rating") == ["3"]
    assert values(root, TINTYPE, "Model") == ["tint-small"]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"no xml",
        b"<a/>",
        b"\xff\xfe\x00",
        packet(elements=TITLE)[:300],
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + packet(elements="<dc:title>&b;</dc:title>"),
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x">' + packet(),
        packet(elements="<dc:title>&undefined;</dc:title>"),
        packet(elements="<dc:title>" * 5000 + "</dc:title>" * 5000),
        packet(elements='<dc:title a="/>">' * 5000 + "</dc:title>" * 5000),
        packet(elements=TITLE + "<dc:a/>" * 60_000),
        packet(elements=f"<dc:title>{'x' * MAX_XMP}</dc:title>"),
    ],
)
def test_what_cannot_be_parsed_safely_is_replaced(bad: bytes) -> None:
    root = described(bad)
    assert values(root, DC, "title") == []
    assert values(root, TINTYPE, "Model") == ["tint-small"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_every_encoding_of_xmp_is_read(encoding: str) -> None:
    text = packet(elements=TITLE).decode()
    assert values(described(text.encode(encoding)), DC, "title") == ["Zürich & See"]


def test_text_that_xml_cannot_hold_is_marked() -> None:
    odd = Provenance("a\0b<&>\ud800", "ab", "{}", "cd")
    made = describe(Photo(RGB, None, "png"), odd).xmp
    assert made is not None
    assert values(ET.fromstring(made), TINTYPE, "Model") == ["a�b<&>�"]


def test_stripping_takes_places_and_numbers_and_leaves_the_rest() -> None:
    private = packet(
        'exif:GPSLatitude="47,22N" aux:SerialNumber="12345" aux:Lens="50mm" '
        'exifEX:BodySerialNumber="67890" exifEX:GpsLongitude="8,32E"',
        "<aux:OwnerName>The Owner</aux:OwnerName>" + TITLE,
    )
    stripped = without_private(Photo(RGB, None, "png", xmp=private)).xmp
    assert stripped is not None
    for secret in (b"47,22N", b"8,32E", b"12345", b"67890", b"The Owner"):
        assert secret not in stripped
    assert b"50mm" in stripped
    assert values(ET.fromstring(stripped), DC, "title") == ["Zürich & See"]


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_every_format_carries_it(format: OutputFormat) -> None:
    photo = describe(Photo(RGB, None, "png", xmp=packet(elements=TITLE)), MADE)
    data = encode(photo, format)
    assert decode(data, 10**6).xmp == photo.xmp
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["xmp"] == photo.xmp


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_every_format_gives_it(source: str) -> None:
    xmp = packet(elements=TITLE)
    if source == "TIFF":
        data = encode(Photo(RGB, None, "tiff", xmp=xmp), "tiff")
    elif source == "PNG":
        data = encode(Photo(RGB, None, "png", xmp=xmp), "png")
    else:
        data = encoded(RGB, source, xmp=xmp)
    found = decode(data, 10**6).xmp
    assert found is not None
    assert values(described(found), DC, "title") == ["Zürich & See"]


def test_a_packet_longer_than_jpeg_allows_leaves_what_is_ours() -> None:
    long = packet(elements=f"<dc:title>{'x' * 70_000}</dc:title>")
    data = encode(describe(Photo(RGB, None, "png", xmp=long), MADE), "jpeg")
    found = decode(data, 10**6).xmp
    assert found is not None
    assert values(ET.fromstring(found), TINTYPE, "Model") == ["tint-small"]


def test_an_empty_packet_is_one() -> None:
    assert ET.fromstring(Packet(None).tobytes()).tag == "{adobe:ns:meta/}xmpmeta"
