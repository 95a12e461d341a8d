"""The command, and the page that takes its figures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks import report, simulate
from benchmarks.simulation import page, scenarios
from benchmarks.simulation.check import Model, _core_seconds, _simulate
from benchmarks.simulation.shape import Shape
from benchmarks.simulation.work import Sharing, samples
from tests.unit.benchmarks.simulation.running import computing
from tests.unit.core.planning import figures


@pytest.fixture
def rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of round figures, and a folder for what is written."""
    monkeypatch.setattr(report, "FOLDER", tmp_path / "bench")
    path = tmp_path / "rates.json"
    path.write_text(figures.rates().written())
    return path


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the page."""
    copy = tmp_path / "capacity.md"
    copy.write_text(page.PAGE.read_text())
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(page.put, "__defaults__", (copy,))
    return copy


def test_fleets_a_burst_and_failures_are_simulated_and_told(
    rates: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios, "LEAST_JOBS", 1000)
    order = ["--rate-file", str(rates), "--model", "tint-small", "--megapixels", "10", "--docs"]
    done = CliRunner().invoke(simulate.main, [*order, "--most", "2", "--burst", "2000"])
    assert done.exit_code == 0, done.output
    content = json.loads((report.FOLDER / "simulate.json").read_text())
    one, two = content["rows"]
    # Eight stages of 120 ms, four children a worker; Redis takes next to nothing of it.
    assert one["most"]["jobs_per_second"] == pytest.approx(4 / 0.96, rel=0.03)
    assert two["most"]["jobs_per_second"] == pytest.approx(8 / 0.96, rel=0.03)
    assert one["usual"]["utilization"] == pytest.approx(0.8, abs=0.04)
    assert content["burst"]["interrupted"] == 0
    # 1 ms a job, 0.9 ms a second for a worker with four children.
    assert content["redis"]["workers"] == pytest.approx(1 / (4 / 0.96 * 1e-3 + 0.9e-3))
    with Image.open(docs.with_name("capacity.png")) as plot:
        assert plot.width > 800
    text = docs.read_text()
    assert "tint-small with openvino (f32), 10 MP, 4 children a worker." in text
    assert text.count("<!-- end of figures -->") == page.PAGE.read_text().count("<!-- end of fig")
    assert "abacus" in text


def test_a_size_that_was_not_measured_is_refused(rates: Path) -> None:
    order = ["--rate-file", str(rates), "--model", "tint-small", "--megapixels", "11"]
    done = CliRunner().invoke(simulate.main, order)
    assert "11 MP were not measured, but 1, 10, 20 were" in str(done.exception)


def test_a_page_without_a_mark_is_left_alone(docs: Path) -> None:
    before = docs.read_text()
    with pytest.raises(ValueError, match="no mark for nothing"):
        page.put("nothing", "text", docs)
    assert docs.read_text() == before


def test_the_check_reckons_with_all_cores_that_a_job_takes() -> None:
    shape = Shape(samples(figures.size(10)), sharing=Sharing(compute=0.5, around=1.0, aside=0.25))
    # Five of eight stages of 120 ms compute, at half a core; the other three take a whole one.
    assert _core_seconds(shape) == pytest.approx(0.3 + 0.36 + 0.25)
    fast = _simulate(Model(Shape(computing(1.0)), 1.0), [0.0] * 10, 1, 0)
    assert fast == {
        "jobs_per_second": pytest.approx(1),
        "sojourn": pytest.approx(5.5),
        "wait": pytest.approx(4.5),
    }


def test_a_check_says_what_others_did_meanwhile() -> None:
    figures_ = {"jobs_per_second": 2.0, "sojourn": 0.5}
    row = {"case": "waits", "load": "batch", "workers": 4, "real": figures_, "model": figures_}
    quiet = row | {"errors": {"jobs_per_second": -0.05, "sojourn": 0.031}, "others": 0.02}
    text = page.check_text([quiet], 0.05)
    assert "| waits | batch | 4 | 2.00 | 2.00 | -5.0 % | 500 ms | 500 ms | +3.1 % | 2 % |" in text
    assert text.endswith("The largest error is 5.0 %.")
    assert "took up to 80 % of the cores" in page.check_text([quiet, quiet | {"others": 0.8}], 0.05)
