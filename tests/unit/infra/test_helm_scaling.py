"""KEDA's part of the chart: the fields that we use, as its documentation has them (2.18)."""

from collections.abc import Mapping
from typing import Any

from redis import Redis

from core.jobs.stats import StatsReader
from tests.support.helm import (
    EVERYTHING,
    SCALED,
    Resource,
    containers,
    environment,
    named,
    of_kind,
    render,
)

FIELDS: Mapping[str, Any] = {
    "scaleTargetRef": {"name": str},
    "minReplicaCount": int,
    "maxReplicaCount": int,
    "pollingInterval": int,
    "cooldownPeriod": int,
    "advanced": {
        "scalingModifiers": {"formula": str, "target": str},
        "horizontalPodAutoscalerConfig": {
            "behavior": {
                "scaleDown": {
                    "stabilizationWindowSeconds": int,
                    "policies": [{"type": str, "value": int, "periodSeconds": int}],
                }
            }
        },
    },
    "triggers": [
        {
            "type": str,
            "name": str,
            "metadata": {
                "url": str,
                "valueLocation": str,
                "targetValue": str,
                "authMode": str,
            },
            "authenticationRef": {"name": str},
        }
    ],
}


def shape(value: Any) -> Any:
    """The fields of a value and their types; lists have elements of one shape."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        first, *others = map(shape, value)
        assert all(each == first for each in others)
        return [first]
    return type(value)


def scaled() -> dict[str, Resource]:
    return {each["metadata"]["name"]: each for each in of_kind(render(*SCALED), "ScaledObject")}


def test_nothing_is_scaled_unless_someone_asks_for_it() -> None:
    assert not list(of_kind(render(), "ScaledObject", "TriggerAuthentication", "PodMonitor"))
    workers = [each for each in of_kind(render(), "Deployment") if "worker" in str(each)]
    assert all(each["spec"]["replicas"] >= 1 for each in workers)


def test_fields_are_those_of_keda() -> None:
    assert len(scaled()) == 2
    for each in scaled().values():
        assert each["apiVersion"] == "keda.sh/v1alpha1"
        assert shape(each["spec"]) == FIELDS


def test_each_worker_is_scaled_by_the_load_of_its_own_queues() -> None:
    resources = render(*SCALED)
    for name, each in scaled().items():
        deployment = named(resources, "Deployment", name)
        # KEDA says how many there are; a number here would undo it at each upgrade.
        assert "replicas" not in deployment["spec"]
        *_, worker = containers(deployment)
        queues = environment(resources, worker)["TINTYPE_QUEUES"].split(",")
        triggers = each["spec"]["triggers"]
        assert [trigger["name"] for trigger in triggers] == queues
        assert each["spec"]["advanced"]["scalingModifiers"]["formula"] == " + ".join(queues)
        for trigger, queue in zip(triggers, queues, strict=True):
            assert trigger["metadata"]["valueLocation"] == f"load.{queue}"


def test_the_api_tells_the_load_where_keda_asks(redis: Redis) -> None:
    service = named(render(*SCALED), "Service", "photos-api")["spec"]["ports"][0]["port"]
    stats = StatsReader(redis).read().model_dump(mode="json")
    for each in scaled().values():
        for trigger in each["spec"]["triggers"]:
            url = f"http://photos-api.archive.svc:{service}/v1/stats"
            assert trigger["metadata"]["url"] == url
            group, _, queue = trigger["metadata"]["valueLocation"].partition(".")
            assert stats[group][queue] == 0


def test_keda_shows_a_key_of_a_secret() -> None:
    resources = render(*SCALED)
    (authentication,) = of_kind(resources, "TriggerAuthentication")
    assert authentication["spec"] == {
        "secretTargetRef": [{"parameter": "token", "name": "tintype-metrics", "key": "key"}]
    }
    for each in scaled().values():
        for trigger in each["spec"]["triggers"]:
            assert trigger["metadata"]["authMode"] == "bearer"
            assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]


def test_fewer_workers_come_slowly() -> None:
    for each in scaled().values():
        down = each["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] >= 300
        assert each["spec"]["cooldownPeriod"] >= 300


def test_prometheus_asks_the_ports_that_there_are() -> None:
    resources = render(*EVERYTHING)
    (workers,) = of_kind(resources, "PodMonitor")
    (api,) = of_kind(resources, "ServiceMonitor")
    worker = list(containers(named(resources, "Deployment", "photos-worker-bulk")))[-1]
    assert [each["port"] for each in workers["spec"]["podMetricsEndpoints"]] == [
        port["name"] for port in worker["ports"]
    ]
    labels = named(resources, "Deployment", "photos-worker-bulk")["spec"]["template"]["metadata"]
    wanted = workers["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= labels["labels"].items()
    service = named(resources, "Service", "photos-api")
    assert [each["port"] for each in api["spec"]["endpoints"]] == [
        port["name"] for port in service["spec"]["ports"]
    ]
    assert api["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = api["spec"]["endpoints"]
    assert endpoint["authorization"] == {"credentials": {"name": "tintype-metrics", "key": "key"}}
