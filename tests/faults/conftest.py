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

ROW, SEED = "row", "seed"
"""Properties of a test; unlike a stash, they come back from a process that pytest-xdist started."""
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
        request.node.user_properties.append((ROW, _row(report)))
        assert set(report.codes) <= fault.codes, report
        assert report.states[State.FAILED] >= fault.must_fail, report
        assert report.longest_seconds <= fault.longest, report
        return report

    return do


def _row(report: Report) -> str:
    states = (report.states[s] for s in (State.SUCCEEDED, State.FAILED, State.CANCELED))
    seconds = (f"{report.median_seconds:.2f}", f"{report.longest_seconds:.1f}")
    return _line(report.fault, *states, report.restarts, *seconds)


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    tests = (each for found in terminalreporter.stats.values() for each in found)
    said = [
        said
        for test in tests
        if isinstance(test, pytest.TestReport) and test.when == "call"
        for said in test.user_properties
    ]
    for seed in (value for name, value in said if name == SEED):
        terminalreporter.write_line(f"TINTYPE_SOAK_SEED={seed}")
    rows = sorted(str(value) for name, value in said if name == ROW)
    if not rows:
        return
    terminalreporter.section(f"faults, {time.strftime('%Y-%m-%d')}")
    head = ("fault", "succeeded", "failed", "canceled", "started again", "median s", "longest s")
    terminalreporter.write_line(_line(*head))
    terminalreporter.write_line("|" + "---|" * len(head))
    for row in rows:
        terminalreporter.write_line(row)
