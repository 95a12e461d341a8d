import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main
from cli.measuring import about, scene
from cli.plan import plan
from cli.plan_text import size
from core.planning import STAGES, Rates
from tests.support.images import decoded
from tests.unit.core.planning import figures

TASK = ("--images", "1000000", "--megapixels", "10")


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    """A file of round figures."""
    path = tmp_path / "rates.json"
    path.write_text(figures.rates().written())
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(plan, list(map(str, arguments)))


def lines(result: Result) -> dict[str, str]:
    """What is said, by the word at the beginning of the line."""
    assert result.exit_code == 0, result.output
    rows = (line.partition("  ") for line in result.stdout.splitlines() if line)
    return {name: text.strip() for name, _, text in rows}


def test_the_example_of_the_docs_is_answered_with_the_committed_figures() -> None:
    said = lines(run("--images", 10_000_000, "--megapixels", 12, "--days", 7))
    assert said["task"].startswith("10,000,000 images of 12 MP in 7 days, 16.5 a second")
    assert Rates.read().measured.processor in said["measured"]
    assert set(said) == {
        *("task", "workers", "a child", "memory", "storage, read", "storage, written", "requests"),
        *("Redis, work", "Redis, memory", "measured", "times"),
    }


def test_a_plan_is_said_in_words(rates: Path) -> None:
    said = lines(run(*TASK, "--days", 1, "--rate-file", rates))
    assert said["workers"] == "4 with 4 cores each, 16 cores in all; busy 69 % of the time"
    assert said["a child"].startswith("0.96 s an image on one core: fetch 120, decode 120")
    assert said["memory"].startswith("5.2 GB in all: 1.3 GB a worker, 300 MB")
    assert said["storage, read"].startswith("2 TB; 23.1 MB/s on average")
    assert said["requests"].startswith("3,000,000: ")
    assert said["Redis, memory"].startswith("150 MB for what waits, 2 GB for what has ended")
    assert "a test" in said["measured"]
    assert said["times"].startswith("fitted from 1 to 20 MP; +0 % off at 10 MP, which they were")


def test_workers_that_are_there_take_some_time(rates: Path) -> None:
    said = lines(run(*TASK, "--workers", 1, "--rate-file", rates))
    assert "in 3.47 days" in said["task"]
    assert said["workers"].startswith("1 with 4 cores each")
    said = lines(run("--images", 1, "--workers", 9, "--rate-file", rates))
    assert "hours" in said["task"]


def test_json_has_the_same(rates: Path) -> None:
    result = run(*TASK, "--days", 1, "--rate-file", rates, "--json", "--concurrency", 2)
    content: dict[str, Any] = json.loads(result.stdout)
    assert content["workers"]["count"] == 7
    assert content["layout"]["children"] == 2
    assert set(content["stages"]) == set(STAGES)
    assert content["measured"]["command"] == "a test"
    assert content["network"] == "tint-small with openvino (f32)"
    assert content["warnings"] == []


def test_bytes_that_are_known_replace_measured_ones(rates: Path) -> None:
    order = ("--days", 1, "--rate-file", rates, "--json")
    sizes = ("--source-bytes", 10, "--result-bytes", 20)
    traffic = json.loads(run(*TASK, *sizes, *order).stdout)["traffic"]
    assert (traffic["bytes_in"], traffic["bytes_out"]) == (10e6, 20e6)


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        (("--megapixels", 50), "outside of what was measured, 1 to 20 MP"),
        (("--megapixels", 200), "TINTYPE_MAX_PIXELS refuses"),
        (("--images", 10**9), "% of its one core"),
    ],
)
def test_what_makes_a_plan_doubtful_is_said(
    arguments: tuple[object, ...], warning: str, rates: Path
) -> None:
    result = run("--images", 1000, "--days", 7, "--rate-file", rates, *arguments)
    assert result.exit_code == 0
    assert warning in result.stderr


def test_figures_of_a_busy_machine_are_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "busy.json"
    path.write_text(figures.rates(figures.network(processor_share=0.5)).written())
    result = run(*TASK, "--days", 1, "--rate-file", path)
    assert "had 50 % of a core" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--days", 1, "--workers", 1),
        ("--days", 0),
        ("--days", -1),
        ("--days", "nan"),
        ("--days", "inf"),
        ("--days", 1, "--images", 0),
        ("--days", 1, "--images", 10**13),
        ("--days", 1, "--images", "1e6"),
        ("--days", 1, "--megapixels", 0),
        ("--days", 1, "--megapixels", "nan"),
        ("--days", 1, "--megapixels", "inf"),
        ("--days", 1, "--utilization", 1.1),
        ("--days", 1, "--utilization", "nan"),
        ("--days", 1, "--concurrency", 0),
        ("--days", 1, "--source-bytes", -1),
        ("--days", 1, "--engine", "magic"),
        ("--workers", 0),
        ("--workers", 10**9),
    ],
)
def test_absurd_numbers_are_refused(arguments: tuple[object, ...]) -> None:
    result = run(*TASK, *arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--days", "0.000001"), "plan_impossible: 1,000,000 images"),
        (("--days", "1", "--model", "mine"), "rates_missing: nothing was measured of mine"),
        (("--days", "1", "--rate-file", "nowhere.json"), "invalid_rates: nowhere.json"),
    ],
)
def test_what_cannot_be_planned_is_one_line(
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["tintype", "plan", *TASK, *arguments])
    with pytest.raises(SystemExit) as exit:
        main.main()
    assert exit.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith(f"tintype: {said}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (999.6, "1 kB"), (1.25e9, "1.25 GB"), (1e24, "1e+06 EB")],
)
def test_bytes_are_said_in_three_digits(value: float, text: str) -> None:
    assert size(value) == text


def test_the_scene_has_its_size_and_is_always_the_same() -> None:
    data = scene(0.3)
    height, width = decoded(data).shape[:2]
    assert height * width == pytest.approx(0.3e6, rel=0.01)
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    assert scene(0.3) == data
    # As a photograph with grain: neither flat nor noise.
    assert 0.1 < len(data) / (height * width) < 0.6


def test_a_machine_describes_itself() -> None:
    found = about("a command")
    assert found.cores >= 1
    assert found.processor
    assert found.versions["tintype"]
