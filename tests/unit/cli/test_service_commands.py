"""``submit``, ``batch``, ``watch`` and ``report`` against a server that gives prepared answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import service
from cli.main import cli
from tests.support.scripted_api import Reply, ScriptedApi, problem, record, scripted

JOB: dict[str, Any] = {
    "id": "job-1",
    "state": "running",
    "stage": "infer",
    "attempt": 2,
    "source": {"bucket": "photos", "key": "a.jpg"},
    "created": "2026-11-25T01:00:00.000Z",
}
FAILED_JOB = JOB | {
    "state": "failed",
    "stage": None,
    "error": {"code": "broken_image", "detail": "cut \x1b[31mshort"},
}
BATCH: dict[str, Any] = {
    "id": "batch-1",
    "state": "running",
    "source": {"bucket": "photos", "prefix": "1936/"},
    "destination": {"bucket": "photos", "prefix": "colour/"},
    "expanded": True,
    "counts": {"total": 4, "succeeded": 1, "skipped": 1, "running": 2},
    "rate": 2.0,
    "eta_seconds": 1.0,
    "created": "2026-11-25T01:00:00.000Z",
}
FAILED_BATCH = BATCH | {
    "state": "failed",
    "counts": {"total": 4, "succeeded": 2, "skipped": 1, "failed": 1},
    "codes": {"broken_image": 1},
    "error": {"code": "jobs_failed", "detail": "1 of 4 failed"},
    "finished": "2026-11-25T01:00:01.000Z",
}
FAILURES = record(
    {
        "jobs": [
            {"key": "1936/x.jpg", "state": "failed", "code": "broken_image", "detail": "cut short"}
        ],
        "next": None,
    }
)
NOT_FOUND = problem(404, "job_not_found")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@contextmanager
def service_of(*replies: Reply) -> Iterator[ScriptedApi]:
    """A service that is found as that of ``tintype up`` is."""
    with scripted(*replies) as api:
        service.STACK_FILE.parent.mkdir(exist_ok=True)
        service.STACK_FILE.write_text(json.dumps({"api": api.url}))
        yield api


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def test_a_batch_says_what_was_asked_and_what_to_do_next() -> None:
    with service_of(record(BATCH, 202)) as api:
        done = run(
            *("batch", "s3://photos/1936/", "--to", "s3://photos/colour", "--exclude", "*/small/*"),
            *("--key-template", "{stem}-{hash}.png", "--format", "png", "--priority", "normal"),
        )
    assert done.exit_code == 0, done.output
    assert done.stdout == "batch-1\n"
    assert "tintype watch batch-1" in done.stderr
    assert api.asked[0].json == {
        "source": {"bucket": "photos", "prefix": "1936/", "exclude": ["*/small/*"]},
        "destination": {
            "bucket": "photos",
            "prefix": "colour/",
            "key_template": "{stem}-{hash}.png",
        },
        "options": {"format": "png"},
        "priority": "normal",
    }


def test_a_dry_run_shows_counts_bytes_time_and_pairs() -> None:
    dry = BATCH | {
        "state": "succeeded",
        "dry_run": True,
        "counts": {"listed": 9, "left_out": 2, "total": 7, "skipped": 3, "failed": 1},
        "codes": {"invalid_key": 1},
        "bytes": 5_000_000,
        "estimate": {
            "seconds": 7300,
            "pairs": [{"source": "1936/[b]a.jpg", "destination": "colour/a.jpg"}],
        },
        "finished": "2026-11-25T01:00:01.000Z",
    }
    with service_of(record(dry)) as api:
        done = run("batch", "s3://photos/1936/", "--to", "s3://photos/colour/", "--dry-run")
    assert done.exit_code == 0, done.output
    assert api.asked[0].json["dry_run"] is True
    for text in (
        "3 photographs, 5.0 MB",
        "2 of 9 keys",
        "1: invalid_key",
        "about 2 h 2 min",
        "1936/[b]a.jpg",
        "and 2 more",
    ):
        assert text in done.stdout, text


def test_a_batch_is_watched_to_its_end_and_past_an_outage() -> None:
    away = problem(503, "queue_unavailable", Retry_After="9")
    replies = (NOT_FOUND, record(BATCH), away, record(FAILED_BATCH), FAILURES)
    with service_of(*replies) as api:
        done = run("watch", "batch-1")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "running: 2 of 4, 1 skipped, 2.0/s, 1 s left"
    assert "the API is away" in lines[1]
    assert lines[2] == "failed: 4 of 4, 1 skipped, 1 failed; jobs_failed: 1 of 4 failed"
    assert lines[3] == "1936/x.jpg: broken_image: cut short"
    assert "state=failed" in api.asked[-1].path


def test_a_job_is_watched_to_its_end() -> None:
    with service_of(record(JOB), record(FAILED_JOB)):
        done = run("watch", "job-1")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "running (infer), attempt 2",
        "failed, attempt 2: broken_image: cut \N{REPLACEMENT CHARACTER}[31mshort",
    ]


def test_ctrl_c_only_stops_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.watch.time.sleep", interrupted)
    with service_of(record(JOB)):
        done = run("watch", "job-1")
    assert done.exit_code == 130
    assert "job-1 goes on" in done.stderr


def test_an_id_of_nothing_is_neither_a_job_nor_a_batch() -> None:
    with service_of(NOT_FOUND, problem(404, "batch_not_found")):
        done = run("watch", "job-2")
    assert done.exit_code == 1
    assert done.stderr == "tintype: batch_not_found: no batch and no job has the id 'job-2'\n"


def test_what_is_no_service_is_not_asked_for_a_batch() -> None:
    with service_of(Reply(404, b"<h1>no \x1b[31msuch page</h1>")) as api:
        done = run("watch", "job-2")
    assert len(api.asked) == 1
    assert done.stderr == "tintype: http_404: <h1>no \N{REPLACEMENT CHARACTER}[31msuch page</h1>\n"


def test_jobs_are_printed_though_the_service_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.0)
    replies = (record(JOB, 202), record(JOB | {"id": "job-2"}, 202), Reply(200, b"{", cut=True))
    with service_of(*replies):
        done = run("submit", "s3://photos/a.jpg", "s3://photos/b.jpg", "--wait", "--json")
    assert done.exit_code == 1
    assert done.stderr.startswith("tintype: api_unreachable: ")
    assert [json.loads(line)["job"]["id"] for line in done.stdout.splitlines()] == [
        "job-1",
        "job-2",
    ]


def test_a_job_that_is_forgotten_does_not_keep_the_others() -> None:
    ended = JOB | {"id": "job-2", "state": "succeeded"}
    with service_of(record(JOB, 202), record(ended, 202), NOT_FOUND):
        done = run("submit", "s3://photos/a.jpg", "s3://photos/b.jpg", "--wait", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["error"]["code"], second["error"]) == ("job_not_found", None)
    assert done.exit_code == 1


def test_a_batch_can_be_watched_by_the_command_that_makes_it() -> None:
    ended = FAILED_BATCH | {"state": "succeeded", "error": None, "codes": {}}
    ended["counts"] = {"total": 4, "succeeded": 3, "skipped": 1}
    with service_of(record(BATCH, 202), record(ended)):
        done = run("batch", "s3://photos/1936/", "--to", "s3://photos/colour", "--watch", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["state"] == "succeeded"
    assert "batch-1" in done.stderr


def test_a_report_is_printed_or_written_with_a_summary() -> None:
    rows = b"key,result,state,code,detail,ms,job\n"
    with service_of(record(FAILED_BATCH), Reply(200, rows)) as api:
        printed = run("report", "batch-1", "--format", "csv")
    assert printed.exit_code == 0, printed.output
    assert printed.stdout_bytes == rows
    assert "broken_image" in printed.stderr
    assert api.asked[1].path == "/v1/batches/batch-1/report?format=csv&download=1"
    with service_of(record(FAILED_BATCH), Reply(200, b"{}")):
        written = run("report", "batch-1", "--format", "json", "-o", "report.json")
    assert written.exit_code == 0, written.output
    assert Path("report.json").read_bytes() == b"{}"


def test_a_report_that_is_not_there_yet_is_refused() -> None:
    with service_of(record(BATCH), problem(409, "conflict")):
        done = run("report", "batch-1", "-o", "report.csv")
    assert done.exit_code == 1
    assert done.stderr == "tintype: conflict: told so\n"
    assert not Path("report.csv").exists()


def test_what_was_given_is_asked_for_even_if_it_is_nothing() -> None:
    with service_of(record(JOB, 202)) as api:
        run("submit", "s3://photos/a.jpg", "--vividness", "0", "--force")
    assert api.asked[0].json["options"] == {"vividness": 0, "force": True}


def test_a_batch_that_has_ended_is_shown_with_its_failures() -> None:
    with service_of(NOT_FOUND, record(FAILED_BATCH), FAILURES):
        done = run("watch", "batch-1")
    assert "1936/x.jpg: broken_image: cut short" in done.stdout


def test_a_result_never_overwrites_a_source_or_another_result() -> None:
    for folder in ("one", "two"):
        Path(folder).mkdir()
        Path(folder, "a.jpg").write_bytes(folder.encode())
    ended = JOB | {
        "state": "succeeded",
        "destination": {"bucket": "photos", "key": "colorized/a.jpg"},
    }
    replies = (record(ended), record(ended), Reply(200, b"in colour"))
    with service_of(*replies):
        done = run("submit", "one/a.jpg", "two/a.jpg", "-o", "one")
    assert done.exit_code == 1
    assert Path("one/a.jpg").read_bytes() == b"one"
    with service_of(*replies):
        done = run("submit", "one/a.jpg", "two/a.jpg", "-o", "out", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["output"], first["error"]) == ("out/a.jpg", None)
    assert (second["output"], second["error"]["code"]) == (None, "file_error")
    assert Path("out/a.jpg").read_bytes() == b"in colour"


@pytest.mark.parametrize(
    "words",
    [
        ("submit", "a.jpg", "b.jpg", "--to", "s3://photos/a.png"),
        ("submit", "s3://photos/a.jpg", "--to", "s3://photos/"),
        ("submit", "s3://photos/a.jpg", "--to", "photos/a.png"),
        ("batch", "photos/1936", "--to", "s3://photos/colour"),
        ("batch", "s3://photos/1936"),
        ("submit", "a.jpg", "--temperature", "nan"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_service_that_is_away_is_one_line(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.0)
    done = run("watch", "job-1", "--api", f"http://127.0.0.1:{closed_port}")
    assert done.exit_code == 1
    assert done.stderr.startswith("tintype: api_unreachable: ")
    assert "tintype up" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("address", ["localhost:8000", "http://[", "http://a:99999", "ftp://a"])
def test_an_address_that_is_none_is_one_line(address: str) -> None:
    done = run("watch", "job-1", "--api", address)
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith("tintype: ")


@pytest.mark.parametrize("way", ["flag", "environment"])
def test_a_key_is_shown_to_the_service_and_to_nobody_else(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "tt_abcd1234_" + "x" * 43
    arguments = ["--token", token] if way == "flag" else []
    if way == "environment":
        monkeypatch.setenv("TINTYPE_TOKEN", token)
    done = JOB | {"state": "succeeded", "stage": None}
    refused = problem(401, "key_invalid")
    with service_of(record(done), refused) as api:
        good = CliRunner().invoke(cli, ["watch", "job-1", *arguments])
        bad = CliRunner().invoke(cli, ["watch", "job-1", *arguments])
    assert [each.headers["authorization"] for each in api.asked] == [f"Bearer {token}"] * 2
    assert good.exit_code == 0
    assert bad.exit_code == 1
    assert "key_invalid" in bad.output
    assert token not in good.output + bad.output


def test_a_token_that_can_be_none_is_not_repeated() -> None:
    result = CliRunner().invoke(cli, ["watch", "job-1", "--token", "tt_ä ö"])
    assert result.exit_code == 1
    assert "tt_" not in result.output
