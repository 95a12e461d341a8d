"""The chart as helm renders it: fit for Kubernetes, and whole."""

import re
import tomllib
from collections.abc import Mapping

import kubernetes_validate
import pytest

from core.jobs import Priority
from tests.support.helm import (
    CHART,
    EVERYTHING,
    EXAMPLES,
    containers,
    deployments,
    environment,
    named,
    of_kind,
    pod,
    render,
    run_helm,
)
from tests.support.pages import ROOT

VARIANTS = [(), EVERYTHING, *(("-f", str(path)) for path in EXAMPLES)]
OTHERS = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PodMonitor"}
"""Kinds that Kubernetes itself does not have; test_helm_scaling.py looks at them."""
OLDEST, NEWEST = "1.30.0", "1.37.0"


@pytest.mark.parametrize("arguments", VARIANTS)
def test_helm_finds_no_fault(arguments: tuple[str, ...]) -> None:
    done = run_helm("lint", "--strict", str(CHART), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("arguments", [(), EVERYTHING])
def test_what_is_made_fits_the_schemas_of_kubernetes(
    arguments: tuple[str, ...], version: str
) -> None:
    checked = [each for each in render(*arguments) if each["kind"] not in OTHERS]
    for each in checked:
        kubernetes_validate.validate(each, version, strict=True)
    assert len(checked) > 10


def test_a_wrong_field_would_be_found() -> None:
    wrong = dict(deployments()["photos-api"], spec={"replica": 2})
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST, strict=True)


def test_the_chart_has_the_version_of_the_project() -> None:
    chart = (CHART / "Chart.yaml").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.findall(r'^(?:version|appVersion): "?([^"\n]+)"?$', chart, re.MULTILINE) == [
        version,
        version,
    ]
    images = {each["image"] for one in deployments().values() for each in containers(one)}
    assert images == {f"tintype-api:{version}", f"tintype-worker:{version}"}


def test_a_digest_comes_before_a_tag() -> None:
    digest = f"sha256:{'0' * 64}"
    made = deployments("--set-string", f"image.api.digest={digest},image.api.tag=1")
    (api,) = containers(made["photos-api"])
    assert api["image"] == f"tintype-api@{digest}"


def test_the_parts_are_those_of_the_service() -> None:
    assert set(deployments()) == {"photos-api", "photos-worker-interactive", "photos-worker-bulk"}
    assert set(deployments(*EVERYTHING)) - set(deployments()) == {"photos-webhooks"}


def test_selectors_find_their_pods() -> None:
    resources = render(*EVERYTHING)
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in of_kind(resources, "Deployment")
    }

    def chosen(selector: Mapping[str, str]) -> set[str]:
        return {name for name, each in labels.items() if selector.items() <= each.items()}

    for each in of_kind(resources, "Deployment", "PodDisruptionBudget"):
        assert chosen(each["spec"]["selector"]["matchLabels"]) == {each["metadata"]["name"]}
    (service,) = of_kind(resources, "Service")
    assert chosen(service["spec"]["selector"]) == {"photos-api"}
    policies = {
        each["metadata"]["name"]: chosen(each["spec"]["podSelector"]["matchLabels"])
        for each in of_kind(resources, "NetworkPolicy")
    }
    workers = {"photos-worker-interactive", "photos-worker-bulk"}
    assert policies == {
        "photos-default": set(labels),
        "photos-api": {"photos-api"},
        "photos-workers": workers,
        "photos-webhooks": {"photos-webhooks"},
    }


def test_nothing_goes_in_or_out_that_was_not_named() -> None:
    resources = render(*EVERYTHING)
    default = named(resources, "NetworkPolicy", "photos-default")["spec"]
    assert default["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in default
    ports = [port["port"] for rule in default["egress"] for port in rule["ports"]]
    assert ports == [53, 53, 6379]
    (rule,) = named(resources, "NetworkPolicy", "photos-webhooks")["spec"]["egress"]
    assert "10.0.0.0/8" in rule["to"][0]["ipBlock"]["except"]
    assert [each["port"] for each in rule["ports"]] == [443]


def test_traces_go_where_they_are_let() -> None:
    collector = "settings.TINTYPE_OTEL=true,settings.OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4318"
    way = 'networkPolicy.egress=[{"ports": [{"protocol": "TCP", "port": 4318}]}]'
    resources = render("--set", collector, "--set-json", way)
    *_, last = named(resources, "NetworkPolicy", "photos-default")["spec"]["egress"]
    assert last == {"ports": [{"protocol": "TCP", "port": 4318}]}
    settings = named(resources, "ConfigMap", "photos-settings")["data"]
    assert settings["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel:4318"
    for each in of_kind(resources, "NetworkPolicy"):
        kubernetes_validate.validate(each, OLDEST, strict=True)


def test_nodes_can_be_chosen_for_each_kind_of_work() -> None:
    made = deployments("-f", str(ROOT / "infra" / "helm" / "examples" / "amx.yaml"))
    label = "feature.node.kubernetes.io/cpu-cpuid"
    assert pod(made["photos-worker-interactive"])["nodeSelector"] == {f"{label}.AMXBF16": "true"}
    assert pod(made["photos-worker-bulk"])["nodeSelector"] == {f"{label}.AVX512BF16": "true"}
    assert "nodeSelector" not in pod(made["photos-api"])


def test_every_priority_is_taken_by_some_worker() -> None:
    resources = render()
    taken = [
        queue
        for deployment in of_kind(resources, "Deployment")
        for container in containers(deployment)
        for queue in environment(resources, container).get("TINTYPE_QUEUES", "").split(",")
    ]
    assert sorted(filter(None, taken)) == sorted(Priority)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ("workers.bulk.queues={normal}", "priority low"),
        ("workers.bulk.replicas.min=0", "without KEDA"),
        (
            "keda.enabled=true,workers.bulk.replicas.min=0,workers.interactive.replicas.min=0",
            "one needs replicas.min of 1",
        ),
        ("workers.bulk.replicas.max=0", "minimum"),
        ("workers.bulk.replicas.min=11", "more than replicas.max"),
        ("workers.bulk.queues={urgent}", "one of"),
        ("workers.bulk.replica.min=1", "not allowed"),
        ("settings.BUCKET=a", "pattern"),
        ("settings.TINTYPE_S3_SECRET_KEY=a", "TINTYPE_S3_SECRET_KEY"),
        ("settings.TINTYPE_REDIS_URL=redis://a", "TINTYPE_REDIS_URL"),
        ("settings.TINTYPE_QUEUES=low", "TINTYPE_QUEUES"),
        ("settings.TINTYPE_BROKER_URL=redis://a", "TINTYPE_BROKER_URL"),
        ("settings.OTEL_EXPORTER_OTLP_HEADERS=a", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("image.api.digest=sha256:12", "pattern"),
        ("secrets.redis.name=", "minLength"),
    ],
)
def test_what_cannot_work_is_refused(values: str, complaint: str) -> None:
    done = run_helm("template", "photos", str(CHART), "--set", values)
    assert done.returncode != 0
    assert complaint in done.stderr
