"""Checks that need no servers, on things that are well and on things that are not."""

import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.doctor import embedded, engines, machine, networks, ports, software
from cli.doctor.findings import Finding
from cli.doctor.subject import Subject
from core.errors import EngineFailed
from core.settings import Settings
from models.manifest import open_folder
from tests.support.standin import write_standin


def of(subject: Subject, **settings: object) -> Subject:
    return replace(subject, settings=Settings.model_validate(settings))


def states(findings: object) -> dict[str, str]:
    assert not isinstance(findings, Finding)
    return {f.name: str(f.state) for f in findings}  # type: ignore[attr-defined]


def test_this_python_and_opencv_will_do(subject: Subject) -> None:
    assert states(software.examine(subject)) == {"python": "ok", "opencv": "ok"}


def test_an_opencv_that_cannot_be_loaded(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert states(software.examine(subject))["opencv"] == "problem"


def test_the_default_network_is_whole(subject: Subject) -> None:
    (finding,) = networks.examine(subject)
    assert (finding.name, finding.state) == ("network tint-small", "ok")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A network with a manifest of which one byte is another."""
    folder = write_standin(tmp_path / "own" / "damaged")
    lines = ['name = "damaged"\ntitle = "Damaged"\nlicense = "MIT"\n']
    for role, file in open_folder(folder).files:
        lines.append(
            f'[files.{role}]\nname = "{file.name}"\nbytes = {file.bytes}\n'
            f'sha256 = "{file.sha256}"\n'
        )
    (folder / "model.toml").write_text("".join(lines))
    weights = open_folder(folder).path("weights")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    return folder


def test_a_damaged_network_is_a_problem_where_it_is_the_default(
    subject: Subject, damaged: Path
) -> None:
    only = of(subject, model=str(damaged))
    found = {f.name: f for f in networks.examine(only)}
    assert found["network damaged"].state == "problem"
    assert "wrong content" in found["network damaged"].found
    assert str(damaged) in found["network damaged"].advice
    assert list(engines.examine(only)) == []
    beside = of(subject, models_dir=damaged.parent)
    assert states(networks.examine(beside))["network damaged"] == "warning"


def test_a_default_that_nobody_knows(subject: Subject) -> None:
    (finding,) = networks.examine(of(subject, model="no-such"))
    assert finding.state == "problem"
    assert "TINTYPE_MODEL" in finding.advice


def test_engines_that_agree(subject: Subject, network: Path) -> None:
    found = states(engines.examine(of(subject, model=str(network))))
    assert found["engine opencv"] == "ok"
    assert set(found.values()) == {"ok"}


@pytest.mark.parametrize(("engine", "state"), [("auto", "warning"), ("openvino", "problem")])
def test_an_engine_that_does_not_agree(
    subject: Subject, network: Path, monkeypatch: pytest.MonkeyPatch, engine: str, state: str
) -> None:
    def load(name: str, _model: object) -> object:
        if name == "openvino":
            raise EngineFailed("openvino differs from opencv")
        return SimpleNamespace(precision="f32")

    monkeypatch.setattr("worker.engines.load_engine", load)
    found = states(engines.examine(of(subject, model=str(network), engine=engine)))
    assert found["engine openvino"] == state
    assert found["engine opencv"] == "ok"


@pytest.mark.parametrize(("engine", "state"), [("auto", "ok"), ("onnxruntime", "problem")])
def test_an_engine_that_is_not_installed(
    subject: Subject, network: Path, monkeypatch: pytest.MonkeyPatch, engine: str, state: str
) -> None:
    from worker.engines import ENGINES

    absent = ENGINES["onnxruntime"]._replace(packages=("no_such_package",))
    monkeypatch.setitem(ENGINES, "onnxruntime", absent)
    found = {f.name: f for f in engines.examine(of(subject, model=str(network), engine=engine))}
    assert found["engine onnxruntime"].state == state
    assert "tintype[onnx]" in found["engine onnxruntime"].advice


def test_an_engine_that_nobody_knows(subject: Subject, network: Path) -> None:
    found = states(engines.examine(of(subject, model=str(network), engine="abacus")))
    assert found["engine"] == "problem"


def test_embedded_servers_run(subject: Subject) -> None:
    assert states(embedded.examine(subject)) == {"embedded redis": "ok", "embedded storage": "ok"}


def test_servers_of_ones_own_replace_embedded_ones(subject: Subject) -> None:
    own = of(subject, redis_url="redis://127.0.0.1:1/0", s3_endpoint="http://127.0.0.1:1")
    assert states(embedded.examine(own)) == {}


def test_a_server_that_does_not_run(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\nexit 1\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = embedded.embedded_redis(subject)
    assert finding.state == "problem"
    assert "TINTYPE_REDIS_URL" in finding.advice


def test_a_free_port(subject: Subject) -> None:
    (finding,) = ports.examine(subject)
    assert finding.state == "ok"
    assert "is free" in finding.found


def test_a_port_that_something_else_has(subject: Subject) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (finding,) = ports.examine(replace(subject, api=f"http://127.0.0.1:{port}"))
    assert finding.state == "problem"
    assert str(port) in finding.found
    assert "--port" in finding.advice


def test_a_stack_that_is_gone(subject: Subject) -> None:
    (finding,) = ports.examine(replace(subject, running=True))
    assert finding.state == "problem"
    assert "api.log" in finding.advice


def test_a_data_folder_that_cannot_be(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = states(machine.examine(replace(subject, data=tmp_path / "file" / "data")))
    assert found["disk"] == "problem"


def test_memory_without_a_limit(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(machine.examine(of(subject, max_memory=0)))["memory limit"] == "warning"
    monkeypatch.setattr("worker.memory.data_bytes", lambda: None)
    assert states(machine.examine(subject))["memory limit"] == "warning"
