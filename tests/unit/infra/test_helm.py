"""The chart as helm renders it: fit for Kubernetes, safe, and what our processes understand."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import click
import kubernetes_validate
import pytest

from cli.main import cli
from core.broker import HARD_LIMIT_MARGIN
from core.jobs import Priority
from core.settings import Settings
from tests.support.helm import (
    CHART,
    EXAMPLES,
    Resource,
    containers,
    environment,
    named,
    of_kind,
    render,
    run_helm,
)
from tests.support.pages import ROOT
from webhooks.sender import TRY_SECONDS

SCALED = ("-f", str(ROOT / "infra" / "helm" / "examples" / "scaled.yaml"))
EVERYTHING = (*SCALED, "--set", "secrets.hooks.name=hooks")
VARIANTS = [(), EVERYTHING, *(("-f", str(path)) for path in EXAMPLES)]
OTHERS = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PodMonitor"}
"""Kinds that Kubernetes itself does not have; test_helm_scaling.py looks at KEDA's."""
OLDEST, NEWEST = "1.30.0", "1.37.0"
UNITS = {"Mi": 2**20, "Gi": 2**30}


def deployments(*arguments: str) -> dict[str, Resource]:
    found = of_kind(render(*arguments), "Deployment")
    return {each["metadata"]["name"]: each for each in found}


def pod(deployment: Resource) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def memory(text: str) -> int:
    return int(text[:-2]) * UNITS[text[-2:]]


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


def test_pods_may_do_nothing_that_they_do_not_need() -> None:
    for name, deployment in deployments(*EVERYTHING).items():
        spec = pod(deployment)
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(deployment):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_pods_run_as_the_user_of_the_image() -> None:
    dockerfile = (ROOT / "infra" / "docker" / "Dockerfile").read_text()
    assert re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE) == [("10001", "10001")]
    # Celery takes a group without a name for root's.
    assert "groupadd --gid 10001 tintype" in dockerfile


def test_what_is_written_goes_to_volumes() -> None:
    resources = render(*EVERYTHING)
    for deployment in deployments(*EVERYTHING).values():
        for container in containers(deployment):
            places = {each["mountPath"] for each in container["volumeMounts"]}
            variables = environment(resources, container)
            assert variables["HOME"] in places
            assert variables["XDG_CACHE_HOME"].startswith("/tmp/")


def test_secrets_are_referred_to_and_never_made() -> None:
    resources = render(*EVERYTHING)
    assert not list(of_kind(resources, "Secret"))
    secret = re.compile(r"REDIS_URL|_KEY$|SECRET")
    seen = set()
    for deployment in deployments(*EVERYTHING).values():
        for container in containers(deployment):
            for name, value in environment(resources, container).items():
                assert bool(secret.search(name)) == value.startswith("secret:"), name
                seen.add(value)
    assert "secret:tintype-redis/url" in seen


def test_each_part_is_told_the_secrets_that_it_needs_and_no_others() -> None:
    resources = render(*EVERYTHING)

    def told(name: str) -> list[set[str]]:
        return [
            {each for each in environment(resources, one).values() if each.startswith("secret:")}
            for one in containers(deployments(*EVERYTHING)[name])
        ]

    redis, webhooks = "secret:tintype-redis/url", "secret:tintype-webhooks/secret"
    storage = {"secret:tintype-storage/access-key", "secret:tintype-storage/secret-key"}
    assert told("photos-webhooks") == [{redis, webhooks}]
    assert told("photos-worker-bulk") == [set(), {redis, *storage}]
    assert told("photos-api") == [{redis, *storage, webhooks, "secret:hooks/secret"}]


def test_storage_may_be_a_matter_of_the_service_account() -> None:
    made = deployments("--set", "secrets.storage.name=,serviceAccountName=photos")
    for deployment in made.values():
        assert pod(deployment)["serviceAccountName"] == "photos"
        for container in containers(deployment):
            assert not [each for each in container["env"] if "S3" in each["name"]]


def test_the_settings_are_read_by_our_own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = render(*EVERYTHING, "--set", "settings.TINTYPE_BUCKET=photographs")
    known = {f"TINTYPE_{name.upper()}" for name in Settings.model_fields}
    values = {"TINTYPE_REDIS_URL": "redis://redis:6379/0", "TINTYPE_HOOKS_SECRET": "x" * 16}
    for deployment in of_kind(resources, "Deployment"):
        for container in containers(deployment):
            with monkeypatch.context() as patch:
                for name, value in environment(resources, container).items():
                    assert name in known | {"HOME", "XDG_CACHE_HOME"}
                    patch.setenv(name, values.get(name, value))
                assert Settings.load().bucket == "photographs"


def test_what_is_run_are_commands_of_ours() -> None:
    for deployment in deployments(*EVERYTHING).values():
        for container in containers(deployment):
            probes = [container.get(each, {}) for each in ("startupProbe", "livenessProbe")]
            run = [each["exec"]["command"] for each in probes if "exec" in each]
            for name, *words in (container["args"], *run):
                assert name == "tintype"
                command: click.Command = cli
                context = click.Context(cli)
                while isinstance(command, click.Group):
                    found = command.get_command(context, words.pop(0))
                    assert found is not None
                    command = found
                command.make_context(command.name or "", words)


def test_a_worker_that_is_stopped_finishes_its_job_however_long_it_takes() -> None:
    for extra in ((), ("--set", "jobTimeout=600")):
        resources = render(*extra)
        for deployment in of_kind(resources, "Deployment"):
            for container in containers(deployment):
                if container["name"] == "worker":
                    variables = environment(resources, container)
                    drain = int(variables["TINTYPE_DRAIN_SECONDS"])
                    longest = int(variables["TINTYPE_JOB_TIMEOUT"]) + HARD_LIMIT_MARGIN
                    assert drain > longest
                    assert pod(deployment)["terminationGracePeriodSeconds"] >= drain + 10


def test_others_that_are_stopped_finish_too() -> None:
    made = deployments(*EVERYTHING)
    assert pod(made["photos-webhooks"])["terminationGracePeriodSeconds"] > TRY_SECONDS
    (api,) = containers(made["photos-api"])
    assert api["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    # Five seconds of that, and gunicorn's graceful_timeout.
    assert pod(made["photos-api"])["terminationGracePeriodSeconds"] > 5 + 8


def test_what_children_may_take_fits_into_the_pod() -> None:
    resources = render()
    for name in ("photos-worker-interactive", "photos-worker-bulk"):
        (worker,) = containers(named(resources, "Deployment", name))
        variables = environment(resources, worker)
        children = int(variables["TINTYPE_CONCURRENCY"])
        each = int(variables["TINTYPE_MAX_MEMORY"]) + memory("512Mi")
        limits = worker["resources"]["limits"]
        assert children * each + memory("512Mi") <= memory(limits["memory"])
        assert children * int(variables["TINTYPE_THREADS"]) == int(limits["cpu"])


def test_probes_of_workers_wait_for_the_network_and_forgive_redis() -> None:
    for name in ("photos-worker-interactive", "photos-worker-bulk"):
        (worker,) = containers(deployments()[name])
        start = worker["startupProbe"]
        assert start["exec"]["command"] == ["tintype", "alive"]
        assert start["periodSeconds"] * start["failureThreshold"] >= 300
        assert worker["livenessProbe"]["httpGet"] == {"path": "/metrics", "port": "metrics"}


def test_a_network_is_pulled_or_compared_before_a_worker_starts() -> None:
    assert "initContainers" not in pod(deployments()["photos-worker-bulk"])
    for pull, command in ((True, "pull"), (False, "verify")):
        chosen = f"model.name=zhang-eccv16,model.pull={str(pull).lower()},model.claim=shared"
        spec = pod(deployments("--set", chosen)["photos-worker-bulk"])
        (network,) = spec["initContainers"]
        assert network["args"] == ["tintype", "models", command, "zhang-eccv16"]
        mounts = {each["name"]: each for each in network["volumeMounts"]}
        assert mounts["models"]["readOnly"] is not pull
        (worker,) = spec["containers"]
        assert {"name": "models", "mountPath": "/models", "readOnly": True} in worker[
            "volumeMounts"
        ]
        volumes = {each["name"]: each for each in spec["volumes"]}
        assert volumes["models"]["persistentVolumeClaim"] == {"claimName": "shared"}


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
        ("image.api.digest=sha256:12", "pattern"),
        ("secrets.redis.name=", "minLength"),
    ],
)
def test_what_cannot_work_is_refused(values: str, complaint: str) -> None:
    done = run_helm("template", "photos", str(CHART), "--set", values)
    assert done.returncode != 0
    assert complaint in done.stderr
