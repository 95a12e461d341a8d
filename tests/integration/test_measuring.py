"""``tintype plan --measure`` with the real service, and little to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.measuring import measure, redis_cost
from cli.plan import plan
from cli.stack import servers
from core.errors import StackError
from core.planning import Rates
from tests.conftest import missing
from tests.support.standin import write_standin


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder, and as little to measure as can be."""
    try:
        servers.redis_command(1, tmp_path)
        servers.s3_command(1, tmp_path)
    except StackError as error:
        missing(error)
    monkeypatch.chdir(tmp_path)
    few = [measure.Sizes(megapixels, 3, megapixels != 0.2) for megapixels in (0.1, 0.2, 0.4)]
    monkeypatch.setattr(measure, "SIZES", tuple(few))
    monkeypatch.setattr(measure, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(measure, "REDIS_JOBS", 10)
    monkeypatch.setattr(measure, "MORE_CHILDREN", 2)
    monkeypatch.setattr(redis_cost, "JOBS_EACH", 5)
    return tmp_path


def test_a_machine_is_measured_and_planned_with(
    little: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    # Nobody measures with the servers that work for others.
    monkeypatch.setenv("TINTYPE_REDIS_URL", f"redis://127.0.0.1:{closed_port}/0")
    monkeypatch.setenv("TINTYPE_BROKER_URL", f"redis://127.0.0.1:{closed_port}/1")
    monkeypatch.setenv("TINTYPE_REDIS_NAMESPACE", "production")
    monkeypatch.setenv("TINTYPE_QUEUES", "low")
    model = write_standin(little / "quick")
    monkeypatch.setenv("TINTYPE_MODEL", str(model))
    file = little / "rates.json"
    order = ["--images", "1000", "--megapixels", "0.3", "--days", "1", "--engine", "opencv"]
    done = CliRunner().invoke(plan, [*order, "--measure", "--rate-file", str(file)])
    assert done.exit_code == 0, done.output
    assert "1 with 4 cores each" in done.stdout
    assert "tintype plan --measure" in done.stdout
    rates = Rates.read(file)
    (network,) = rates.networks
    assert (network.engine, network.precision) == ("opencv", "f32")
    assert [size.megapixels for size in network.sizes] == [0.1, 0.2, 0.4]
    for size in network.sizes:
        assert len(size.jobs) == 3
        assert size.source_bytes > 1000
        assert size.memory_bytes > 20e6
        assert min(size.seconds("decode"), size.seconds("store"), size.total) > 0
    # What the code does for a job: no fewer trips than it has calls, and no more than thrice.
    redis = rates.redis
    assert 8 < redis.trips_per_job < 30
    assert redis.commands_per_job > redis.trips_per_job
    assert redis.trips_per_worker_second > 1
    assert 1e-6 < redis.seconds_per_trip < 1e-2
    # Of few jobs, with what Redis needs for the first of them.
    assert 500 < redis.bytes_per_queued_job < redis.bytes_per_ended_job < 50_000
