"""One fleet for all faults, and the table of what came of each."""

import time
from collections.abc import Callable, Iterator

import pytest

from core.errors import StackError
from core.jobs import State
from tests.conftest import missing
from tests.faults.fleet import Fleet
from tests.faults.harm import Fault
from tests.faults.load import Load, Report, check

REPORTS = pytest.StashKey[list[Report]]()
SEED = pytest.StashKey[int]()
Suffer = Callable[[Fault], Report]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A running service that may be harmed."""
    try:
        fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    except StackError as error:
        missing(error)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()


@pytest.fixture
def suffer(fleet: Fleet, request: pytest.FixtureRequest) -> Suffer:
    """Do harm to a fleet under load, and check what must hold afterwards."""

    def do(fault: Fault) -> Report:
        load = Load(fleet, **fault.load)
        load.prepare()
        load.start()
        fault.harm(fleet, load)
        jobs = [job for each in (load, *load.more) for job in check(each)]
        report = Report.of(fault.name, jobs)
        request.config.stash.setdefault(REPORTS, []).append(report)
        assert set(report.codes) <= fault.codes, report
        assert report.states[State.FAILED] >= fault.must_fail, report
        assert report.longest_seconds <= fault.longest, report
        return report

    return do


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    if seed := config.stash.get(SEED, None):
        terminalreporter.write_line(f"TINTYPE_SOAK_SEED={seed}")
    reports = config.stash.get(REPORTS, [])
    if not reports:
        return
    terminalreporter.section(f"faults, {time.strftime('%Y-%m-%d')}")
    head = ("fault", "succeeded", "failed", "canceled", "started again", "median s", "longest s")
    terminalreporter.write_line("| " + " | ".join(head) + " |")
    terminalreporter.write_line("|" + "---|" * len(head))
    for report in reports:
        states = (report.states[s] for s in (State.SUCCEEDED, State.FAILED, State.CANCELED))
        seconds = (f"{report.median_seconds:.2f}", f"{report.longest_seconds:.1f}")
        cells = (report.fault, *states, report.restarts, *seconds)
        terminalreporter.write_line("| " + " | ".join(map(str, cells)) + " |")
