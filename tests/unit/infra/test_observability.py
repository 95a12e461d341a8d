"""Rules and the dashboard ask for what is exported, and Prometheus' own tool finds no fault."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from ruamel.yaml import YAML

import core.errors
from core.errors import TintypeError
from tests.support.exposition import of_everything, read
from tests.support.pages import ROOT
from tests.unit.worker.test_metrics import told

FOLDER = ROOT / "infra" / "observability"
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboards" / "tintype.json").read_text())
METRIC = re.compile(r"\btintype_\w+")
SELECTOR = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')


@cache
def load(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


def rules() -> list[dict[str, Any]]:
    return [rule for group in load("alerts.yml")["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.fixture
def exposed(redis: Redis) -> str:
    return "".join(of_everything(redis, told))


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool", path=f"{ROOT / 'build'}:{os.environ['PATH']}")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is missing: make promtool")
        pytest.skip("promtool is missing: make promtool")
    return found


def run(promtool: str, *arguments: str, text: str | None = None) -> None:
    command = [promtool, *arguments]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd=FOLDER
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_promtool_finds_the_rules_right_and_each_fires(promtool: str) -> None:
    run(promtool, "check", "config", "prometheus.yml")
    run(promtool, "check", "rules", "alerts.yml")
    run(promtool, "test", "rules", "alerts_test.yml")


def test_promtool_finds_no_fault_with_names_and_help(promtool: str, exposed: str) -> None:
    run(promtool, "check", "metrics", text=exposed)


def test_names_follow_the_rules(exposed: str) -> None:
    families = read(exposed)
    assert len(families) > 20
    for name, family in families.items():
        assert re.fullmatch(r"tintype_[a-z_]+", name)
        assert family.documentation.endswith("."), name
        assert name.endswith("_total") == (family.type == "counter"), name
        if family.type == "histogram":
            assert name.endswith("_seconds")
        assert not re.search(r"_(ms|milliseconds|minutes|megabytes|mib)\b", name)


def test_all_that_is_asked_for_is_exported(exposed: str) -> None:
    samples = {sample.name for family in read(exposed).values() for sample in family.samples}
    asked = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert len(asked) > 15
    assert asked - samples == set()


def test_what_selectors_name_are_labels(exposed: str) -> None:
    labels = {
        name
        for family in read(exposed).values()
        for sample in family.samples
        for name in sample.labels
    }
    for expression in expressions():
        for name, _, _ in SELECTOR.findall(expression):
            assert name in labels | {"job"}, expression


def test_codes_that_rules_name_are_codes_of_errors() -> None:
    codes = {
        each.code
        for each in vars(core.errors).values()
        if isinstance(each, type) and issubclass(each, TintypeError)
    } | {"worker_lost"}
    named = [
        code
        for expression in expressions()
        for label, _, values in SELECTOR.findall(expression)
        if label == "code"
        for code in values.split("|")
    ]
    assert named
    for code in named:
        assert any(re.fullmatch(code, known) for known in codes), code


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_a_summary_a_runbook_and_a_test(rule: dict[str, Any]) -> None:
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in ("page", "ticket")
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^### (\w+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert heading in [each.lower() for each in headings]
    assert heading == rule["alert"].lower()
    cases = {
        case["alertname"]: bool(case.get("exp_alerts"))
        for test in load("alerts_test.yml")["tests"]
        for case in test["alert_rule_test"]
    }
    assert cases[rule["alert"]], "no case in which it fires"


def test_panels_have_places_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len({*ids}) == len(ids)


def test_compose_mounts_what_is_there_and_asks_the_workers_port() -> None:
    compose = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    services = compose["services"]
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["observability"]
        for volume in services[name]["volumes"]:
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or Path(ROOT / source).exists(), source
    (worker,) = (job for job in load("prometheus.yml")["scrape_configs"] if "dns_sd_configs" in job)
    (names,) = worker["dns_sd_configs"]
    environment = services["worker"]["environment"]
    assert str(names["port"]) == environment["TINTYPE_METRICS_PORT"]
    assert environment["TINTYPE_METRICS_HOST"] == "0.0.0.0"
    assert set(names["names"]) <= set(services)
