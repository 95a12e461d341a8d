import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from cli.models import models
from models.manifest import MANIFEST, open_folder
from tests.support.http_files import Files, serving
from tests.support.standin import write_standin


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    """A server of the stand-in's files."""
    origin = write_standin(tmp_path / "origin")
    with serving(Files({path.name: path.read_bytes() for path in origin.iterdir()})) as files:
        yield files


@pytest.fixture
def remote(tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of the user's own whose files are still on that server."""
    folder = tmp_path / "own" / "remote"
    folder.mkdir(parents=True)
    lines = ['name = "remote"\ntitle = "A remote network"\nlicense = "MIT"\n']
    for role, file in open_folder(tmp_path / "origin").files:
        lines.append(
            f'[files.{role}]\nname = "{file.name}"\nurl = "{files.url}/{file.name}"\n'
            f'bytes = {file.bytes}\nsha256 = "{file.sha256}"\n'
        )
    (folder / MANIFEST).write_text("".join(lines))
    monkeypatch.setenv("TINTYPE_MODELS_DIR", str(tmp_path / "own"))
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, arguments, env={"COLUMNS": "200"})


def run_main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """Run a command that must fail and return the one line that says why."""
    monkeypatch.setattr(sys, "argv", ["tintype", "models", *arguments])
    with pytest.raises(SystemExit) as exit:
        main.main()
    assert exit.value.code == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def row(result: Result, name: str) -> list[str]:
    """The words of a model's line in the list."""
    (line,) = [line for line in result.stdout.splitlines() if f" {name} " in line]
    return line.split()


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("list", "pull", "verify", "path"))


def test_list_shows_the_catalogue_and_marks_the_default() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert row(result, "tint-small")[:3] == ["*", "tint-small", "yes"]
    for name in ("zhang-eccv16", "zhang-eccv16-norebal"):
        assert row(result, name)[:4] == [name, "no", "129", "MB"]
        assert "BSD-2-Clause" in row(result, name)


def test_list_shows_the_users_own_default(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINTYPE_MODEL", "remote")
    result = run("list")
    assert row(result, "remote")[:3] == ["*", "remote", "no"]
    assert row(result, "tint-small")[0] == "tint-small"
    write_standin(remote)
    assert row(run("list"), "remote")[:3] == ["*", "remote", "yes"]


def test_path_is_the_folder_of_a_network_there_or_not(remote: Path, tmp_path: Path) -> None:
    assert run("path", "remote").stdout == f"{remote}\n"
    expected = tmp_path / "downloads" / "zhang-eccv16"
    assert run("path", "zhang-eccv16").stdout == f"{expected}\n"
    assert not expected.exists()


def test_pull_fetches_a_network_that_then_verifies(remote: Path) -> None:
    result = run("pull", "remote")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"remote is in {remote}\n")
    open_folder(remote).verify()
    result = run("verify", "remote")
    assert result.exit_code == 0
    assert result.stdout == f"remote: ok ({open_folder(remote).digest})\n"


def test_a_second_pull_fetches_nothing(remote: Path, files: Files) -> None:
    assert run("pull", "remote").exit_code == 0
    asked = len(files.ranges)
    result = run("pull", "remote")
    assert result.exit_code == 0
    assert f"remote is in {remote}" in result.stdout
    assert len(files.ranges) == asked


def test_pull_of_the_bundled_network_has_nothing_to_do() -> None:
    result = run("pull", "tint-small")
    assert result.exit_code == 0
    assert "tint-small is in " in result.stdout


def test_pull_names_a_host_that_cannot_be_reached_and_what_to_do(
    remote: Path,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = remote / MANIFEST
    away = f"http://127.0.0.1:{closed_port}"
    lines = [
        f'url = "{away}/net"' if line.startswith("url") else line
        for line in manifest.read_text().splitlines()
    ]
    manifest.write_text("\n".join(lines))
    error = run_main(monkeypatch, capsys, "pull", "remote")
    assert error.startswith(f"tintype: download_failed: {away}/net cannot be fetched")
    assert "run the command again" in error
    assert str(remote) in error


def test_pull_refuses_a_stub(
    remote: Path,
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files.contents["net.caffemodel"] = b"moved"
    error = run_main(monkeypatch, capsys, "pull", "remote")
    assert error.startswith("tintype: model_corrupt: ")
    assert "has 5 bytes and should have" in error
    assert not (remote / "net.caffemodel").exists()


def test_verify_without_a_name_checks_all_that_is_installed(remote: Path) -> None:
    assert not open_folder(remote).installed
    result = run("verify")
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["tint-small"]
    write_standin(remote)
    result = run("verify")
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["remote", "tint-small"]


def test_verify_finds_a_changed_byte(
    remote: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = write_standin(remote) / "net.caffemodel"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    error = run_main(monkeypatch, capsys, "verify", "remote")
    assert error.startswith("remote: model_corrupt: ")
    assert "the right size and the wrong content" in error
    assert str(weights) in error


def test_verify_of_a_network_that_is_not_there_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = run_main(monkeypatch, capsys, "verify", "zhang-eccv16")
    assert error.startswith("zhang-eccv16: model_not_installed: ")
    assert "tintype models pull zhang-eccv16" in error


def test_verify_of_all_finds_a_stub_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stub = tmp_path / "downloads" / "zhang-eccv16" / "colorization_release_v2.caffemodel"
    stub.parent.mkdir(parents=True)
    stub.write_bytes(b"<html")
    (stub.parent / "colorization_deploy_v2.prototxt").write_bytes(b"x")
    error = run_main(monkeypatch, capsys, "verify")
    assert error.startswith("zhang-eccv16: model_corrupt: ")
    assert "a stub or a broken download" in error


@pytest.mark.parametrize("command", ["pull", "verify", "path"])
def test_an_unknown_network_is_answered_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    error = run_main(monkeypatch, capsys, command, "nope")
    assert error.startswith("tintype: unknown_model: ")
    assert "tint-small" in error


def test_a_broken_manifest_of_the_users_own_is_named(
    remote: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (remote / MANIFEST).write_text("name = ")
    error = run_main(monkeypatch, capsys, "list")
    assert error.startswith("tintype: model_corrupt: ")
    assert str(remote / MANIFEST) in error


def test_export_says_where_it_cannot_write(tmp_path: Path) -> None:
    order = ["export", "tint-small", "--onnx", str(tmp_path / "missing" / "net.onnx")]
    result = CliRunner().invoke(models, order)
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_export_writes_an_onnx_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    result = CliRunner().invoke(models, ["export", "tint-small", "--onnx", str(path)])
    assert result.exit_code == 0, result.output
    assert "lightness" in result.output
    assert path.stat().st_size > 20_000_000
