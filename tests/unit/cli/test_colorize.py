import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli import main
from core.settings import MIB
from tests.support.bombs import png
from tests.support.colorizing import Run, files, photo, reports
from tests.support.images import decoded, encoded, gradient, in_colour, in_sepia
from worker.memory import room
from worker.processing import Processed, process


def test_a_file_becomes_a_colour_image_of_its_size(run: Run) -> None:
    photo("a.jpg")
    result = run("a.jpg", "-o", "out")
    assert result.exit_code == 0
    assert "1 colorized into out, 0 failed" in result.stdout
    pixels = decoded(Path("out/a.jpg").read_bytes()).astype(int)
    assert pixels.shape == (48, 64, 3)
    assert np.ptp(pixels, axis=2).max() > 5


def test_files_and_folders_keep_their_structure(run: Run) -> None:
    for name in ("single.png", "album/a.jpg", "album/1920/b.png", "album/1920/june/c.webp"):
        photo(name)
    Path("album/notes.txt").write_text("not an image")
    result = run("single.png", "album", "-o", "out")
    assert result.exit_code == 0
    assert files("out") == {
        "single.png",
        "album/a.jpg",
        "album/1920/b.png",
        "album/1920/june/c.webp",
    }


def test_json_describes_each_image_on_a_line(run: Run) -> None:
    photo("album/a.jpg")
    photo("album/b.png")
    result = run("album", "-o", "out", "--json")
    assert result.exit_code == 0
    first, second = reports(result)
    assert first["source"] == str(Path("album/a.jpg"))
    assert first["output"] == str(Path("out/a.jpg"))
    assert (first["width"], first["height"]) == (64, 48)
    assert first["model"] == "stand-in"
    assert set(first["ms"]) == {"decode", "infer", "compose", "encode"}
    assert all(ms >= 0 for ms in first["ms"].values())
    assert second["output"] == str(Path("out/b.png"))


def three_kinds() -> None:
    """Write a grey, a sepia and a colour photograph."""
    photo("album/a.jpg")
    Path("album/b.jpg").write_bytes(encoded(in_sepia()))
    Path("album/c[1].jpg").write_bytes(encoded(in_colour()))


def test_photographs_in_colour_are_skipped_if_asked_for(run: Run) -> None:
    three_kinds()
    result = run("album", "-o", "out", "--on-color", "skip")
    assert result.exit_code == 0
    assert "album/c[1].jpg: skipped, in colour already (chroma 8." in result.stderr
    assert "2 colorized into out, 0 failed, 1 skipped: in colour already" in result.stdout
    assert files("out") == {"a.jpg", "b.jpg"}


def test_json_says_what_was_measured_and_skipped(run: Run) -> None:
    three_kinds()
    grey, sepia, colour = reports(run("album", "-o", "out", "--on-color", "skip", "--json"))
    assert grey["chroma"] == 0
    assert sepia["chroma"] < 4 < colour["chroma"]
    assert colour["skipped"] == "already_color"
    assert (colour["width"], colour["height"]) == (451, 300)
    assert not {"output", "error"} & colour.keys()


def test_photographs_in_colour_fail_if_asked_for(run: Run) -> None:
    three_kinds()
    result = run("album", "-o", "out", "--on-color", "fail", "--json")
    assert result.exit_code == 1
    assert [report.get("error", {}).get("code") for report in reports(result)] == [
        None,
        None,
        "already_color",
    ]
    assert files("out") == {"a.jpg", "b.jpg"}


def test_photographs_in_colour_are_recoloured_by_default(run: Run) -> None:
    three_kinds()
    result = run("album", "-o", "out")
    assert "3 colorized into out, 0 failed\n" in result.stdout
    assert files("out") == {"a.jpg", "b.jpg", "c[1].jpg"}


def test_one_bad_file_is_reported_and_the_rest_go_on(run: Run) -> None:
    photo("album/a.jpg")
    Path("album/b[bold].jpg").write_bytes(b"not an image")
    photo("album/c.jpg")
    result = run("album", "-o", "out")
    assert result.exit_code == 1
    assert "album/b[bold].jpg: the source is not one of JPEG" in result.stderr
    assert "2 colorized into out, 1 failed" in result.stdout
    assert files("out") == {"a.jpg", "c.jpg"}


def test_an_image_that_needs_too_much_memory_is_one_bad_file(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo("a.jpg")
    photo("b.jpg")
    calls = iter([MemoryError(), None])

    def fails_once(*arguments: Any, **named: Any) -> Processed:
        if error := next(calls):
            raise error
        return process(*arguments, **named)

    monkeypatch.setattr("cli.one_file.process", fails_once)
    result = run("a.jpg", "b.jpg", "-o", "out", "--json")
    assert result.exit_code == 1
    first, second = reports(result)
    assert first["error"]["code"] == "out_of_memory"
    assert second["output"] == "out/b.jpg"


def test_memory_is_limited_while_pictures_are_worked_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINTYPE_MAX_MEMORY", str(64 * MIB))
    monkeypatch.setenv("TINTYPE_MAX_PIXELS", "1000000000")
    Path("a.png").write_bytes(png(width=20_000, height=20_000))
    photo("b.jpg")
    result = run("a.png", "b.jpg", "-o", "out", "--json")
    first, second = reports(result)
    assert first["error"]["code"] == "out_of_memory"
    assert "TINTYPE_MAX_MEMORY" in first["error"]["detail"]
    assert second["output"] == "out/b.jpg"
    assert room() is None


def test_a_bad_file_has_a_code_in_json(run: Run) -> None:
    Path("a.jpg").write_bytes(b"")
    photo("b.jpg")
    result = run("a.jpg", "b.jpg", "-o", "out", "--json")
    assert result.exit_code == 1
    first, second = reports(result)
    assert first["source"] == "a.jpg"
    assert first["error"]["code"] == "empty_object"
    assert first["error"]["detail"]
    assert "output" in second


@pytest.mark.parametrize(
    ("variable", "code"),
    [("TINTYPE_MAX_BYTES", "object_too_large"), ("TINTYPE_MAX_PIXELS", "image_too_large")],
)
def test_limits_hold_for_files_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, code: str
) -> None:
    monkeypatch.setenv(variable, "100")
    photo("a.jpg")
    (report,) = reports(run("a.jpg", "-o", "out", "--json"))
    assert report["error"]["code"] == code
    assert variable in report["error"]["detail"]


def test_all_pages_and_no_private_data(run: Run) -> None:
    exif = Image.Exif()
    exif[50735] = "body-12345"
    exif[315] = "Ansel"
    more = {"save_all": True, "append_images": [Image.fromarray(gradient(seed=1))]}
    Path("a.tif").write_bytes(encoded(gradient(), "TIFF", exif=exif, **more))
    result = run(
        "a.tif",
        "-o",
        "out",
        "--pages",
        "all",
        "--private-data",
        "strip",
        "--proof",
        "whole",
        "--json",
    )
    assert result.exit_code == 0
    assert set(reports(result)[0]["fidelity"]) == {
        "max_before",
        "mean_before",
        "max_after",
        "mean_after",
    }
    data = Path("out/a.tif").read_bytes()
    assert b"body-12345" not in data
    assert b"Ansel" in data
    with Image.open("out/a.tif") as image:
        assert getattr(image, "n_frames") == 2  # noqa: B009


def test_all_pages_in_a_format_without_pages_is_a_usage_error(run: Run) -> None:
    photo("a.tif")
    result = run("a.tif", "-o", "out", "--pages", "all", "--format", "png")
    assert result.exit_code == 2
    assert "all pages are kept in a TIFF only" in result.stderr


@pytest.mark.parametrize(
    ("format", "suffix"),
    [("jpeg", "jpg"), ("png", "png"), ("webp", "webp"), ("avif", "avif"), ("tiff", "tif")],
)
def test_a_format_decides_the_suffix_and_the_content(run: Run, format: str, suffix: str) -> None:
    photo("a.bmp")
    assert run("a.bmp", "-o", "out", "--format", format).exit_code == 0
    with Image.open(f"out/a.{suffix}") as image:
        assert image.format == format.upper()


def test_quality_decides_the_size(run: Run) -> None:
    photo("a.png")
    sizes = []
    for quality in ("10", "95"):
        run("a.png", "-o", quality, "--format", "jpeg", "--quality", quality)
        sizes.append(Path(quality, "a.jpg").stat().st_size)
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--vividness", "-0.1"),
        ("--vividness", "nan"),
        ("--temperature", "0"),
        ("--temperature", "1.5"),
        ("--temperature", "hot"),
        ("--temperature", "nan"),
        ("--quality", "0"),
        ("--quality", "101"),
        ("--format", "gif"),
        ("--pages", "2"),
        ("--private-data", "sell"),
        ("--proof", "none"),
    ],
)
def test_an_option_out_of_range_is_a_usage_error(run: Run, option: str, value: str) -> None:
    photo("a.jpg")
    result = run("a.jpg", "-o", "out", option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.stderr
    assert files(".") == {"a.jpg"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--engine", "steam"], "unknown_engine"),
        (["--model", "nope"], "unknown_model"),
        (["--model", "."], "model_corrupt"),
        (["--model", "zhang-eccv16"], "model_not_installed"),
    ],
)
def test_a_network_that_cannot_be_had_is_one_line_on_stderr(
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    photo("a.jpg")
    words = ["a.jpg", "-o", "out", "--model", str(network), *arguments]
    monkeypatch.setattr(sys, "argv", ["tintype", "colorize", *words])
    with pytest.raises(SystemExit) as exit:
        main.main()
    assert exit.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tintype: {code}: ")
    assert err.count("\n") == 1
