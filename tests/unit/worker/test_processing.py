from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from core.errors import AlreadyColor, BrokenImage, EmptyObject, ImageTooLarge
from core.formats import OutputFormat
from core.jobs import Options
from core.jobs.options import OnColor
from models import Model
from models.manifest import open_folder
from tests.support.images import decoded, encoded, gradient, in_colour, in_sepia
from tests.support.standin import write_standin
from worker.colour import COLOUR_CHROMA, lightness
from worker.engines import Engine, load_engine
from worker.images import decode
from worker.processing import process

LIMIT = 1_000_000
GREY = gradient(45, 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_standin(tmp_path_factory.mktemp("models") / "mine")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return load_engine("opencv", open_folder(folder))


def with_manifest(folder: Path, **values: float) -> Engine:
    """The same network with other values in its manifest."""
    model = open_folder(folder)
    manifest = model.manifest.model_copy(update=values)
    return load_engine("opencv", Model(manifest, folder))


def with_temperature(folder: Path, temperature: float) -> Engine:
    return with_manifest(folder, temperature=temperature)


def same(one: bytes, other: bytes) -> bool:
    """Whether two results have the same pixels; what they say of their options may differ."""
    return np.array_equal(decoded(one), decoded(other))


def chroma(data: bytes) -> float:
    """How far the channels are apart, in levels."""
    return float(np.ptp(decoded(data).astype(int), axis=2).mean())


@pytest.mark.parametrize(
    ("source", "asked", "fallback", "expected"),
    [
        ("JPEG", "png", "webp", "png"),
        ("JPEG", None, "webp", "webp"),
        ("JPEG", None, None, "jpeg"),
        ("PNG", None, None, "png"),
        ("WEBP", None, None, "webp"),
        ("TIFF", None, None, "tiff"),
        ("BMP", None, None, "png"),
        ("BMP", "tiff", None, "tiff"),
    ],
)
def test_the_format_is_the_one_asked_for_else_the_fallback_else_the_sources(
    engine: Engine,
    source: str,
    asked: OutputFormat | None,
    fallback: OutputFormat | None,
    expected: OutputFormat,
) -> None:
    result = process(encoded(GREY, source), engine, Options(format=asked), LIMIT, fallback)
    assert result.content_type == f"image/{expected}"
    assert decode(result.data, LIMIT).format == expected


@pytest.mark.parametrize("shape", [(45, 64), (64, 45), (1, 1), (3, 400), (400, 3)])
def test_the_size_is_kept(engine: Engine, shape: tuple[int, int]) -> None:
    result = process(encoded(gradient(*shape), "PNG"), engine, Options(), LIMIT)
    assert (result.height, result.width) == shape
    assert decoded(result.data).shape == (*shape, 3)


@pytest.mark.parametrize("pixels", [GREY, GREY.astype(np.uint16) * 257], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_the_depth_is_kept(engine: Engine, format: str, pixels: NDArray[np.uint16]) -> None:
    result = decode(process(encoded(pixels, format), engine, Options(), LIMIT).data, LIMIT)
    assert result.pixels.dtype == pixels.dtype
    assert result.pixels.shape == (45, 64, 3)


def test_the_size_after_turning_upright_is_told(engine: Engine) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    result = process(encoded(GREY, "JPEG", exif=exif), engine, Options(), LIMIT)
    assert (result.width, result.height) == (45, 64)
    assert decoded(result.data).shape == (64, 45, 3)


def test_the_result_has_colour_on_the_sources_lightness(engine: Engine) -> None:
    result = process(encoded(GREY, "PNG"), engine, Options(temperature=1.0), LIMIT)
    difference = np.abs(
        lightness(decode(result.data, LIMIT).pixels).whole() - lightness(GREY).whole()
    )
    assert np.median(difference) < 0.5
    assert chroma(result.data) > 1


def test_alpha_goes_through(engine: Engine) -> None:
    alpha = np.tile(np.arange(64, dtype=np.uint8), (45, 1))
    result = process(encoded(np.dstack((GREY, alpha)), "PNG"), engine, Options(), LIMIT)
    assert np.array_equal(decoded(result.data)[..., 3], alpha)


def test_every_stage_is_timed(engine: Engine) -> None:
    timings = process(encoded(GREY), engine, Options(), LIMIT).timings
    stages = (timings.decode_ms, timings.infer_ms, timings.compose_ms, timings.encode_ms)
    assert all(stage is not None and stage > 0 for stage in stages)
    assert (timings.queued_ms, timings.fetch_ms, timings.store_ms) == (None, None, None)


def test_a_lower_temperature_is_more_vivid(engine: Engine) -> None:
    source = encoded(GREY, "PNG")
    calm, vivid = (
        process(source, engine, Options(temperature=temperature), LIMIT).data
        for temperature in (1.0, 0.05)
    )
    assert chroma(vivid) > chroma(calm)


def test_without_a_temperature_the_manifests_counts(folder: Path, engine: Engine) -> None:
    source = encoded(GREY, "PNG")
    by_manifest = process(source, with_temperature(folder, 0.05), Options(), LIMIT).data
    by_option = process(source, engine, Options(temperature=0.05), LIMIT).data
    assert same(by_manifest, by_option)
    assert not same(by_manifest, process(source, engine, Options(), LIMIT).data)


def test_vividness_is_asked_for_or_the_manifests(folder: Path, engine: Engine) -> None:
    source = encoded(GREY, "PNG")
    vivid = with_manifest(folder, vividness=0.8)
    asked = process(source, engine, Options(vividness=0.8), LIMIT).data
    assert same(asked, process(source, vivid, Options(), LIMIT).data)
    calm = process(source, engine, Options(), LIMIT).data
    assert same(calm, process(source, vivid, Options(vividness=0), LIMIT).data)
    assert not same(calm, asked)


def test_a_temperature_asked_for_beats_the_manifests(folder: Path, engine: Engine) -> None:
    source, options = encoded(GREY, "PNG"), Options(temperature=0.7)
    beaten = process(source, with_temperature(folder, 0.05), options, LIMIT).data
    assert same(beaten, process(source, engine, options, LIMIT).data)


def test_doing_it_twice_gives_the_same_bytes(engine: Engine) -> None:
    first, second = (process(encoded(GREY), engine, Options(), LIMIT) for _ in range(2))
    assert first.data == second.data


def test_quality_is_the_one_asked_for(engine: Engine) -> None:
    source = encoded(GREY)
    sizes = [
        len(process(source, engine, Options(quality=quality), LIMIT).data)
        for quality in (5, 50, None, 100)
    ]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("on_color", ["skip", "fail"])
def test_a_photograph_in_colour_is_left_alone_if_asked_for(
    engine: Engine, on_color: OnColor
) -> None:
    source = encoded(in_colour())
    with pytest.raises(AlreadyColor) as caught:
        process(source, engine, Options(on_color=on_color), LIMIT)
    assert (caught.value.width, caught.value.height) == (451, 300)
    assert caught.value.chroma > COLOUR_CHROMA
    assert f"{caught.value.chroma:.2f}" in str(caught.value)
    assert f"{COLOUR_CHROMA:.2f}" in str(caught.value)


def test_a_sepia_print_is_colorized_whatever_is_done_on_colour(engine: Engine) -> None:
    source = encoded(in_sepia())
    plain = process(source, engine, Options(), LIMIT)
    careful = process(source, engine, Options(on_color="skip"), LIMIT)
    assert careful.data == plain.data
    assert plain.chroma is None
    assert careful.chroma is not None
    assert careful.chroma < COLOUR_CHROMA


def test_a_photograph_in_colour_is_recoloured_by_default(engine: Engine) -> None:
    assert process(encoded(in_colour()), engine, Options(), LIMIT).chroma is None


def test_the_errors_of_the_source_come_through(engine: Engine) -> None:
    data = encoded(gradient(200, 200))
    for source, limit, error in (
        (b"", LIMIT, EmptyObject),
        (data[: len(data) // 2], LIMIT, BrokenImage),
        (data, 200 * 200 - 1, ImageTooLarge),
    ):
        with pytest.raises(error):
            process(source, engine, Options(), limit)
