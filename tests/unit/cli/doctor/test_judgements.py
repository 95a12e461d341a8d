"""What each check makes of what it sees."""

import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import keys
from cli.doctor.clocks import judge_clock
from cli.doctor.machine import GIB, judge_disk, judge_files
from cli.doctor.ports import judge_readiness
from cli.doctor.redis import judge_durability, judge_version
from cli.doctor.software import judge_opencv, judge_python
from core.settings import Settings


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10), "problem"), ((3, 11), "ok"), ((3, 14), "ok")]
)
def test_python(version: tuple[int, int], state: str) -> None:
    assert judge_python(version, "x").state == state


@pytest.mark.parametrize(
    ("version", "reads_caffe", "state"),
    [
        ("4.12.0", True, "ok"),
        ("4.13.0-dev", True, "ok"),
        ("4.11.0", True, "problem"),
        ("4.12.0", False, "problem"),
        ("5.0.0", True, "problem"),
        ("unknown", True, "problem"),
    ],
)
def test_opencv(version: str, reads_caffe: bool, state: str) -> None:
    finding = judge_opencv(version, reads_caffe)
    assert finding.state == state
    assert bool(finding.advice) == (state != "ok")


@pytest.mark.parametrize(
    ("info", "state", "found"),
    [
        ({"redis_version": "7.2.4", "valkey_version": "9.0.1"}, "ok", "Valkey 9.0.1"),
        ({"redis_version": "6.2.0"}, "ok", "Redis 6.2.0"),
        ({"redis_version": "10.0.0"}, "ok", "Redis 10.0.0"),
        ({"redis_version": "6.0.16"}, "problem", "Redis 6.0.16"),
        ({}, "warning", "the server does not say"),
    ],
)
def test_the_version_of_redis(info: Mapping[str, Any], state: str, found: str) -> None:
    finding = judge_version(info)
    assert (finding.state, finding.found) == (state, found)


def test_settings_of_redis_that_lose_jobs() -> None:
    warnings = {"appendonly": "no file; set a", "maxmemory-policy": "it drops; set b"}
    lost, dropped = judge_durability(warnings, {"maxmemory": 0})
    assert (lost.state, lost.found, lost.advice) == ("warning", "no file", "set a")
    assert (dropped.state, dropped.found, dropped.advice) == ("problem", "it drops", "set b")
    assert [finding.state for finding in judge_durability({}, {"maxmemory": 0})] == ["ok", "ok"]


def test_a_redis_that_refuses_info_is_no_good_news() -> None:
    assert [finding.state for finding in judge_durability({}, {})] == ["warning"]


@pytest.mark.parametrize(
    ("ahead", "state", "found"),
    [
        (29.0, "ok", "agrees"),
        (-29.0, "ok", "agrees"),
        (400.2, "warning", "400 s ahead of"),
        (-61.0, "warning", "61 s behind"),
    ],
)
def test_clocks(ahead: float, state: str, found: str) -> None:
    finding = judge_clock("clock", ahead)
    assert finding.state == state
    assert finding.found.startswith(found)


@pytest.mark.parametrize(
    ("free", "state"), [(GIB // 2, "problem"), (2 * GIB, "warning"), (9 * GIB, "ok")]
)
def test_disk(free: int, state: str) -> None:
    assert judge_disk(Path("data"), free).state == state


@pytest.mark.parametrize(
    ("most", "state"),
    [(255, "problem"), (256, "warning"), (1024, "ok"), (resource.RLIM_INFINITY, "ok")],
)
def test_open_files(most: int, state: str) -> None:
    assert judge_files(most).state == state


def test_an_api_that_is_not_ready_says_why() -> None:
    checks = {"redis": "ok", "workers": "no live worker"}
    finding = judge_readiness("http://api", 503, {"checks": checks})
    assert finding.state == "problem"
    assert finding.found == "Tintype answers at http://api: workers: no live worker"
    assert judge_readiness("http://api", 200, {"checks": {"redis": "ok"}}).state == "ok"


@pytest.mark.parametrize(
    ("settings", "any_usable", "state"),
    [
        ({}, False, "ok"),
        ({}, True, "ok"),
        ({"keys": "off"}, False, "ok"),
        ({"keys": "required"}, True, "ok"),
        ({"keys": "required"}, False, "problem"),
        ({"keys": "required", "allow_anonymous": True}, True, "ok"),
        ({"allow_anonymous": True}, True, "warning"),
        ({"keys": "off", "allow_anonymous": True}, False, "warning"),
    ],
)
def test_keys(settings: Mapping[str, Any], any_usable: bool, state: str) -> None:
    finding = keys.judge(Settings(**settings), any_usable)
    assert finding.state == state
    assert finding.advice or state == "ok"
