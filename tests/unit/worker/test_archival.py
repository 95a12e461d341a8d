"""What an archivist asks of a result: nothing but colour changes, and the file says so."""

import io
import json
from typing import Any, get_args

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from core.errors import AlreadyColor, BrokenImage, ImageTooLarge, UnsupportedFormat
from core.formats import OutputFormat
from core.jobs import Options
from models.manifest import open_folder
from tests.support import profiles
from tests.support.images import decoded, encoded, gradient, in_colour
from tests.support.standin import write_standin
from tests.unit.worker.images.test_xmp import TITLE, packet
from worker.colour import lightness
from worker.engines import Engine, load_engine
from worker.images import decode
from worker.images.xmp import Packet
from worker.processing import process

LIMIT = 10_000_000
GREY = gradient(45, 64)
ONE_IN_4096 = 100 / 4096
EVERY_FORMAT = get_args(OutputFormat)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = write_standin(tmp_path_factory.mktemp("models") / "mine")
    return load_engine("opencv", open_folder(folder))


def distance(source: bytes, result: bytes) -> NDArray[np.float32]:
    """How far L* has moved, pixel by pixel."""
    before, after = decode(source, LIMIT), decode(result, LIMIT)
    planes = (lightness(photo.pixels, photo.space).whole() for photo in (before, after))
    return np.abs(np.subtract(*planes))


@pytest.mark.parametrize(
    "icc",
    [
        None,
        profiles.grey(profiles.gamma(2.2)),
        profiles.grey(profiles.curve(np.linspace(0, 1, 17) ** 1.75)),
    ],
    ids=["none", "gamma 2.2", "dot gain"],
)
@pytest.mark.parametrize("format", ["png", "tiff"])
def test_a_16_bit_scan_keeps_its_lightness_to_one_part_in_4096(
    engine: Engine, format: OutputFormat, icc: bytes | None
) -> None:
    grey = np.linspace(0, 65_535, 64 * 64).round().astype(np.uint16).reshape(64, 64)
    source = encoded(grey, "TIFF", icc_profile=icc)
    vivid = Options(format=format, temperature=0.1, vividness=1, saturation=2)
    result = process(source, engine, vivid, LIMIT)
    off = distance(source, result.data)
    assert decode(result.data, LIMIT).pixels.dtype == np.uint16
    assert np.median(off) < ONE_IN_4096 / 4
    assert off.max() < ONE_IN_4096
    assert result.fidelity.max_before == pytest.approx(off.max(), abs=0.001)


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_the_proof_is_what_a_reader_finds(engine: Engine, format: OutputFormat) -> None:
    source = encoded(GREY, "PNG")
    result = process(source, engine, Options(format=format), LIMIT)
    off = distance(source, result.data)
    assert result.fidelity.max_after == pytest.approx(float(off.max()), abs=0.01)
    assert result.fidelity.mean_after == pytest.approx(float(off.mean()), abs=0.01)
    if format in ("png", "tiff"):
        assert result.fidelity.max_after == result.fidelity.max_before
    else:
        assert result.fidelity.mean_after > result.fidelity.mean_before


@pytest.mark.parametrize("format", ["jpeg", "webp", "png"])
def test_a_large_result_is_measured_in_strips(engine: Engine, format: OutputFormat) -> None:
    source = encoded(gradient(1500, 1001), "PNG")
    result = process(source, engine, Options(format=format), LIMIT)
    # Every second block of 16 rows, without four at each of its ends.
    off = distance(source, result.data).reshape(-1, 1001)
    rows = [row for row in range(1500) if row // 16 % 2 == 1 and 4 <= row % 16 < 12]
    assert result.fidelity.max_after == pytest.approx(float(off[rows].max()), abs=0.01)
    assert result.fidelity.mean_after == pytest.approx(float(off[rows].mean()), abs=0.001)


@pytest.mark.parametrize("format", ["jpeg", "webp", "png"])
def test_a_large_result_can_be_measured_as_a_whole(engine: Engine, format: OutputFormat) -> None:
    source = encoded(gradient(1500, 1001), "PNG")
    result = process(source, engine, Options(format=format, proof="whole"), LIMIT)
    off = distance(source, result.data)
    assert result.fidelity.max_after == pytest.approx(float(off.max()), abs=0.001)
    assert result.fidelity.mean_after == pytest.approx(float(off.mean()), abs=0.001)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_the_file_says_how_it_was_made(engine: Engine, source: str, format: OutputFormat) -> None:
    data = encoded(GREY, source)
    options = Options(format=format, temperature=0.5)
    result = process(data, engine, options, LIMIT)
    xmp = decode(result.data, LIMIT).xmp
    assert xmp is not None
    text = xmp.decode()
    assert "digitalsourcetype/algorithmicallyEnhanced" in text
    assert f"sha256:{engine.model.digest}" in text
    assert f"max {result.fidelity.max_before:.3f}" in text
    assert json.loads(said(xmp, "Options")) == {"format": format, "temperature": 0.5}
    assert process(data, engine, options, LIMIT).data == result.data


def said(xmp: bytes, name: str) -> str:
    packet = Packet(xmp)
    (element,) = packet._document.getElementsByTagNameNS("urn:tintype:xmp:1/", name)
    return "".join(child.data for child in element.childNodes)  # type: ignore[union-attr]


def test_private_data_is_kept_or_stripped(engine: Engine) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ansel"
    exif.get_ifd(ExifTags.IFD.Exif)[0xA431] = "body-12345"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    xmp = packet('exif:GPSLatitude="47,22N"', TITLE)
    source = encoded(GREY, "JPEG", exif=exif, xmp=xmp)
    kept = process(source, engine, Options(), LIMIT).data
    stripped = process(source, engine, Options(private_data="strip"), LIMIT).data
    for secret in (b"body-12345", b"47,22N"):
        assert secret in kept
        assert secret not in stripped
    assert b"Ansel" in stripped
    assert "Zürich".encode() in stripped


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_a_result_of_another_space_is_srgb_and_says_so(
    engine: Engine, format: OutputFormat
) -> None:
    rgb = np.dstack([GREY] * 3)
    icc = profiles.rgb(profiles.gamma(1.8), profiles.ADOBE_RGB)
    source = encoded(rgb, "PNG", icc_profile=icc)
    result = process(source, engine, Options(format=format, temperature=1.0), LIMIT)
    with Image.open(io.BytesIO(result.data)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert np.median(distance(source, result.data)) < 1


def pages(*pictures: NDArray[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    with tifffile.TiffWriter(out, byteorder=options.pop("byteorder", "<")) as writer:
        for number, picture in enumerate(pictures):
            writer.write(
                picture,
                photometric="rgb" if picture.ndim == 3 else "minisblack",
                resolution=(100 * (number + 1),) * 2,
                resolutionunit=2,
                description=f"page {number + 1}",
                metadata=None,
                **options,
            )
    return out.getvalue()


DEEP = np.kron(GREY, np.ones((2, 1), np.uint16)) * np.uint16(257)
THREE = GREY, DEEP, np.dstack([gradient(30, 20)] * 3)


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_all_pages_become_colour_each_as_it_is(engine: Engine, byteorder: str) -> None:
    source = pages(*THREE, byteorder=byteorder)
    result = process(source, engine, Options(pages="all"), LIMIT)
    assert (result.format, result.width, result.height) == ("tiff", 64, 45)
    with tifffile.TiffFile(io.BytesIO(result.data)) as file:
        found = [page.asarray() for page in file.pages]
        tags = [page.tags for page in file.pages]  # type: ignore[union-attr]
    assert [page.shape for page in found] == [(45, 64, 3), (90, 64, 3), (30, 20, 3)]
    assert [page.dtype for page in found] == [np.uint8, np.uint16, np.uint8]
    assert [tag["XResolution"].value[0] for tag in tags] == [100, 200, 300]
    assert [tag["ImageDescription"].value for tag in tags] == ["page 1", "page 2", "page 3"]
    alone = process(encoded(DEEP, "TIFF"), engine, Options(), LIMIT)
    assert np.array_equal(found[1], decode(alone.data, LIMIT).pixels)
    assert result.timings.infer_ms is not None


def test_without_being_asked_the_first_page_counts(engine: Engine) -> None:
    result = process(pages(*THREE), engine, Options(), LIMIT)
    with tifffile.TiffFile(io.BytesIO(result.data)) as file:
        assert len(file.pages) == 1
    assert (result.width, result.height) == (64, 45)


def test_smaller_copies_are_no_pages(engine: Engine) -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for kind in (0, 1, 0):
            writer.write(GREY, photometric="minisblack", subfiletype=kind, metadata=None)
    result = process(out.getvalue(), engine, Options(pages="all"), LIMIT)
    with tifffile.TiffFile(io.BytesIO(result.data)) as file:
        assert len(file.pages) == 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "GIF"])
def test_one_page_is_a_page_as_well(engine: Engine, format: str) -> None:
    one = process(encoded(GREY, format), engine, Options(), LIMIT)
    every = process(encoded(GREY, format), engine, Options(pages="all"), LIMIT)
    assert every.format == one.format
    assert np.array_equal(decoded(every.data), decoded(one.data))


def test_pages_have_limits_and_one_format(engine: Engine) -> None:
    source = pages(GREY, GREY)
    with pytest.raises(ImageTooLarge, match="2 pages have 5760 pixels together, more than 5759"):
        process(source, engine, Options(pages="all"), 2 * GREY.size - 1)
    with pytest.raises(UnsupportedFormat, match=r"2 pages, which jpeg cannot hold"):
        process(source, engine, Options(pages="all"), LIMIT, "jpeg")
    with pytest.raises(BrokenImage):
        process(source[:-30], engine, Options(pages="all"), LIMIT)
    many = pages(*[GREY[:2, :2]] * 1001)
    with pytest.raises(ImageTooLarge, match="more than 1000 pages"):
        process(many, engine, Options(pages="all"), LIMIT)


def test_pages_that_go_in_a_circle_are_worked_on_once(engine: Engine) -> None:
    source = bytearray(pages(GREY, GREY))
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        first, second = (page.offset for page in file.pages)
    at = second + 2 + 12 * int.from_bytes(source[second : second + 2], "little")
    source[at : at + 4] = first.to_bytes(4, "little")
    result = process(bytes(source), engine, Options(pages="all"), LIMIT)
    with tifffile.TiffFile(io.BytesIO(result.data)) as file:
        assert len(file.pages) == 2


def test_a_page_in_colour_counts_for_all(engine: Engine) -> None:
    source = pages(GREY, in_colour())
    with pytest.raises(AlreadyColor):
        process(source, engine, Options(pages="all", on_color="skip"), LIMIT)
    assert process(source, engine, Options(on_color="skip"), LIMIT).chroma == 0
