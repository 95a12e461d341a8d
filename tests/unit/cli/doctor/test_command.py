"""The command: whose servers it looks at, what it prints, and what it keeps to itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from cli.doctor import examination
from cli.doctor.command import doctor
from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject, find_subject
from core.settings import Settings

STACK = {
    "api": "http://127.0.0.1:4000",
    "redis": "redis://127.0.0.1:4001/0",
    "s3": {
        "endpoint": "http://127.0.0.1:4002",
        "access_key": "key",
        "secret_key": "s3-secret",
        "bucket": "photos",
    },
}


def test_without_a_stack_the_servers_would_be_embedded(tmp_path: Path) -> None:
    subject = find_subject(tmp_path, 8123, Settings())
    assert (subject.api, subject.running) == ("http://127.0.0.1:8123", False)
    assert (subject.has_redis, subject.has_storage) == (False, False)


def test_the_stack_says_where_its_servers_are(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(STACK))
    subject = find_subject(tmp_path, 8123, Settings())
    assert (subject.api, subject.running) == (STACK["api"], True)
    assert subject.settings.redis_url == STACK["redis"]
    assert subject.settings.bucket == "photos"
    assert "s3-secret" in subject.secrets
    assert (subject.has_redis, subject.has_storage) == (True, True)


def test_servers_that_are_named_win_over_the_stacks(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(STACK))
    named = Settings(redis_url="redis://:pa%40ss@redis:6379/0", s3_endpoint="http://s3:9000")
    subject = find_subject(tmp_path, 8123, named)
    assert subject.settings == named
    assert {"pa@ss", "pa%40ss"} <= subject.secrets


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("redis+sentinel://me:hush@h,i/s?sentinel_password=psst", "hush"),
        ("redis+sentinel://me:hush@h,i/s?sentinel_password=psst", "psst"),
        ("rediss+cluster://:hush@h:1,i:2", "hush"),
        ("redis://h/0?password=hush", "hush"),
        ("redis://me:hush@h/0", "hush"),
    ],
)
def test_passwords_are_known_wherever_a_url_has_them(tmp_path: Path, url: str, secret: str) -> None:
    # As the stack's file says it: settings would refuse the first.
    settings = Settings().model_copy(update={"redis_url": url})
    assert secret in find_subject(tmp_path, 8123, settings).secrets


@pytest.mark.parametrize("content", ["", "[]", '{"api": 1}', '{"api": "", "redis": "", "s3": 3}'])
def test_a_file_that_is_not_whole_is_no_stack(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    assert not find_subject(tmp_path, 8123, Settings()).running


def _checks(*findings: Finding) -> dict[str, examination.Check]:
    def good(_subject: Subject) -> Iterator[Finding]:
        yield from findings

    def breaking(_subject: Subject) -> Iterator[Finding]:
        raise RuntimeError("with the-secret in it")

    return {"good": good, "breaking": breaking}


def test_a_check_that_breaks_stops_no_other_and_tells_no_secret(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "_checks", lambda _: _checks(ok("a", "the-secret")))
    settings = Settings(s3_secret_key=SecretStr("the-secret"))
    secret = Subject(settings, subject.data, subject.api)
    found = list(examination.examine(secret))
    assert [f.state for f in found] == ["ok", "problem"]
    assert "the-secret" not in str(found)
    assert found[0].found == "***"


@pytest.mark.parametrize(
    ("finding", "code"),
    [(ok("a", "b"), 0), (warning("a", "b", "c"), 0), (problem("a", "b", "c"), 1)],
)
def test_a_problem_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, finding: Finding, code: int
) -> None:
    monkeypatch.setattr("cli.doctor.command.examine", lambda _: iter([finding]))
    done = CliRunner().invoke(doctor, ["--data", str(tmp_path)])
    assert done.exit_code == code
    assert finding.found in done.stdout
    said = json.loads(CliRunner().invoke(doctor, ["--json", "--data", str(tmp_path)]).stdout)
    assert said == [{"name": "a", "state": finding.state, "found": "b", "advice": finding.advice}]
