import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidRates, RatesMissing
from core.planning import STAGES, Rates
from core.planning.rates import LONGEST
from tests.unit.core.planning.figures import network, rates, size


def test_the_committed_figures_are_of_every_engine_and_network() -> None:
    found = Rates.read()
    assert {(each.model, each.engine) for each in found.networks} == {
        (model, engine)
        for model in ("tint-small", "zhang-eccv16")
        for engine in ("openvino", "onnxruntime", "opencv")
    }
    for each in found.networks:
        assert {size.megapixels for size in each.sizes} >= {1, 12}
        assert any(not size.fitted for size in each.sizes)
        assert all(size.total > 0 for size in each.sizes)
    assert found.redis.seconds_per_job > 0


def test_a_file_that_is_written_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(rates().written())
    assert Rates.read(path) == rates()
    assert max(map(len, path.read_text().splitlines())) < 200


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", "null", '{"measured": 1}', "[" * 100_000, "\0", '"' + "x" * 100],
)
def test_what_is_no_file_of_rates_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text(text)
    with pytest.raises(InvalidRates, match="tintype plan --measure"):
        Rates.read(path)


def _hostile() -> list[tuple[tuple[Any, ...], Any]]:
    first = ("networks", 0, "sizes", 0)
    return [
        ((*first, "megapixels"), 0),
        ((*first, "megapixels"), -1),
        ((*first, "megapixels"), float("inf")),
        ((*first, "source_bytes"), float("nan")),
        ((*first, "stages", "infer"), [1e300]),
        ((*first, "stages", "infer"), [-5.0, 1.0, 1.0]),
        ((*first, "stages", "infer"), [1.0]),
        ((*first, "stages"), {}),
        ((*first, "stages"), {stage: [] for stage in STAGES}),
        ((*first, "fitted"), False),
        (("networks",), []),
        (("redis", "seconds_per_trip"), -1),
        (("measured", "cores"), 0),
        (("more",), 1),
    ]


@pytest.mark.parametrize(("place", "value"), _hostile())
def test_figures_that_cannot_be_are_refused(
    place: tuple[Any, ...], value: Any, tmp_path: Path
) -> None:
    content = json.loads(rates().written())
    target = content
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    path = tmp_path / "rates.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidRates):
        Rates.read(path)


def test_a_file_that_is_missing_or_endless_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRates, match=r"nowhere\.json cannot be read"):
        Rates.read(tmp_path / "nowhere.json")
    path = tmp_path / "endless.json"
    path.write_bytes(b" " * (LONGEST + 1))
    with pytest.raises(InvalidRates, match="longer than"):
        Rates.read(path)


def test_the_fastest_engine_is_taken_unless_one_is_named() -> None:
    slow = network(engine="opencv", sizes=(size(2), size(20)))
    found = rates(slow, network())
    assert found.network("tint-small").engine == "openvino"
    assert found.network("tint-small", "opencv").engine == "opencv"


def test_what_was_not_measured_is_said_with_what_was() -> None:
    with pytest.raises(RatesMissing, match=r"mine with opencv.*tint-small with openvino"):
        rates().network("mine", "opencv")
    with pytest.raises(RatesMissing, match="--measure"):
        rates().network("mine")
