import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cli import main
from cli.colorize import colorize
from core.settings import MIB
from tests.support.bombs import png
from tests.support.images import decoded, encoded, gradient, in_colour, in_sepia
from tests.support.standin import write_standin
from worker.memory import room
from worker.processing import Processed, process

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_standin(tmp_path_factory.mktemp("networks") / "stand-in")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(network: Path) -> Run:
    """The command, with the stand-in network."""

    def do(*arguments: str) -> Result:
        return CliRunner().invoke(colorize, [*arguments, "--model", str(network)])

    return do


def photo(name: str, seed: int = 0) -> bytes:
    """Write a photograph; its format is its suffix's."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    format = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF"}.get(path.suffix)
    path.write_bytes(encoded(gradient(seed=seed), format or path.suffix[1:].upper()))
    return path.read_bytes()


def files(folder: str) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    }


def reports(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


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

    def fails_once(*arguments: Any) -> Processed:
        if error := next(calls):
            raise error
        return process(*arguments)

    monkeypatch.setattr("cli.colorize.process", fails_once)
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


def test_results_inside_the_folder_are_not_colorized_again(run: Run) -> None:
    photo("album/a.jpg")
    for _ in range(2):
        result = run("album", "-o", "album/colour")
        assert result.exit_code == 0
        assert "1 colorized" in result.stdout
    assert files("album") == {"a.jpg", "colour/a.jpg"}


def test_a_folder_inside_the_results_folder_is_colorized(run: Run) -> None:
    photo("album/a.jpg")
    assert run("album", "-o", ".").exit_code == 0
    assert files(".") == {"a.jpg", "album/a.jpg"}


def test_a_source_is_never_overwritten(run: Run) -> None:
    before = photo("a.jpg")
    result = run("a.jpg", "-o", ".")
    assert result.exit_code == 1
    assert "choose another -o" in result.stderr
    assert Path("a.jpg").read_bytes() == before
    assert files(".") == {"a.jpg"}


def test_a_file_beside_the_source_is_never_overwritten(run: Run) -> None:
    photo("a.bmp", seed=1)
    before = photo("a.png", seed=2)
    (report,) = reports(run("a.bmp", "-o", ".", "--json"))
    assert report["error"]["code"] == "file_error"
    assert Path("a.png").read_bytes() == before
    assert files(".") == {"a.bmp", "a.png"}


def test_a_second_result_of_one_name_is_an_error(run: Run) -> None:
    photo("1920/a.jpg", seed=1)
    photo("1930/a.jpg", seed=2)
    first, second = reports(run("1920/a.jpg", "1930/a.jpg", "-o", "out", "--json"))
    assert first["output"] == "out/a.jpg.jpg"
    assert second["error"]["code"] == "file_error"
    assert "out/a.jpg.jpg" in second["error"]["detail"]


def test_what_is_left_out_of_a_folder_is_said(run: Run) -> None:
    photo("album/a.jpg")
    for name in ("b.heic", "c.HEIC", "notes.txt", "scan", ".hidden.jpg", "._a.jpg"):
        Path("album", name).write_bytes(b"x")
    result = run("album", "-o", "out")
    assert result.exit_code == 0
    assert "1 colorized into out, 0 failed" in result.stdout
    assert "2 .heic, 1 .txt, 2 hidden, 1 no ending" in result.stdout


def test_a_second_run_replaces_the_results_of_the_first(run: Run) -> None:
    photo("a.png")
    assert run("a.png", "-o", "out", "--temperature", "1").exit_code == 0
    calm = Path("out/a.png").read_bytes()
    assert run("a.png", "-o", "out", "--temperature", "0.01").exit_code == 0
    assert Path("out/a.png").read_bytes() != calm


@pytest.mark.parametrize(
    ("format", "suffix"), [("jpeg", "jpg"), ("png", "png"), ("webp", "webp"), ("tiff", "tif")]
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
    ],
)
def test_an_option_out_of_range_is_a_usage_error(run: Run, option: str, value: str) -> None:
    photo("a.jpg")
    result = run("a.jpg", "-o", "out", option, value)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.stderr
    assert files(".") == {"a.jpg"}


def test_a_path_that_is_not_there_is_reported_and_the_rest_go_on(run: Run) -> None:
    photo("a.jpg")
    Path("dangling.jpg").symlink_to("nowhere.jpg")
    result = run("missing.jpg", "dangling.jpg", "a.jpg", "-o", "out", "--json")
    assert result.exit_code == 1
    missing, dangling, good = reports(result)
    assert missing["error"]["code"] == dangling["error"]["code"] == "file_error"
    assert good["output"] == "out/a.jpg"


def test_a_folder_without_images_is_a_usage_error(run: Run) -> None:
    Path("album").mkdir()
    Path("album/notes.txt").write_text("not an image")
    result = run("album", "-o", "out")
    assert result.exit_code == 2
    assert "no images found" in result.stderr


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
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: str,
) -> None:
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
