"""``tintype colorize`` and the files and folders around its results."""

from pathlib import Path

from tests.support.colorizing import Run, files, photo, reports


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
    for name in ("b.psd", "c.PSD", "notes.txt", "scan", ".hidden.jpg", "._a.jpg"):
        Path("album", name).write_bytes(b"x")
    result = run("album", "-o", "out")
    assert result.exit_code == 0
    assert "1 colorized into out, 0 failed" in result.stdout
    assert "2 .psd, 1 .txt, 2 hidden, 1 no ending" in result.stdout


def test_a_second_run_replaces_the_results_of_the_first(run: Run) -> None:
    photo("a.png")
    assert run("a.png", "-o", "out", "--temperature", "1").exit_code == 0
    calm = Path("out/a.png").read_bytes()
    assert run("a.png", "-o", "out", "--temperature", "0.01").exit_code == 0
    assert Path("out/a.png").read_bytes() != calm


def test_what_has_a_result_is_left_alone_if_asked_for(run: Run) -> None:
    for name in ("album/a.png", "album/b.jpg", "album/c.bmp"):
        photo(name)
    assert run("album/a.png", "album/c.bmp", "-o", "out").exit_code == 0
    Path("out/a.png").write_bytes(b"touched up by hand")
    result = run("album", "-o", "out", "--skip-existing")
    assert result.exit_code == 0
    assert "1 colorized into out, 0 failed, 2 left alone: there already" in result.stdout
    assert Path("out/a.png").read_bytes() == b"touched up by hand"
    first, second, third = reports(run("album", "-o", "out", "--skip-existing", "--json"))
    assert first == {"source": "album/a.png", "existing": "out/a.png"}
    assert (second["existing"], third["existing"]) == ("out/b.jpg", "out/c.png")


def test_a_result_in_another_format_is_no_result(run: Run) -> None:
    photo("a.png")
    assert run("a.png", "-o", "out").exit_code == 0
    result = run("a.png", "-o", "out", "--skip-existing", "--format", "avif")
    assert "1 colorized" in result.stdout
    assert files("out") == {"a.png", "a.avif"}


def test_a_source_is_not_taken_for_its_own_result(run: Run) -> None:
    photo("a.jpg")
    result = run("a.jpg", "-o", ".", "--skip-existing")
    assert result.exit_code == 1
    assert "would overwrite" in result.stderr


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
