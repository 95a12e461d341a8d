"""What runs in the chart's pods: safe, and what our own processes understand."""

import re
from pathlib import Path

import click
import pytest

from cli.main import cli
from core.broker import HARD_LIMIT_MARGIN
from core.settings import Settings
from tests.support.helm import (
    EVERYTHING,
    containers,
    deployments,
    environment,
    named,
    of_kind,
    pod,
    render,
)
from tests.support.pages import ROOT
from webhooks.sender import TRY_SECONDS

UNITS = {"Mi": 2**20, "Gi": 2**30}


def memory(text: str) -> int:
    return int(text[:-2]) * UNITS[text[-2:]]


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


def test_the_api_is_told_of_rules_proxies_and_shared_networks(tmp_path: Path) -> None:
    rules = '[[rules]]\nbucket = "scans"\nprefix = "in/"\n'
    (tmp_path / "rules.toml").write_text(rules)
    files = ("--set-file", f"rules={tmp_path / 'rules.toml'}")
    chosen = ("--set", "api.forwardedAllowIps=10.0.0.1,model.claim=shared")
    resources = render(*files, *chosen)
    deployment = named(resources, "Deployment", "photos-api")
    (api,) = containers(deployment)
    variables = environment(resources, api)
    assert variables["FORWARDED_ALLOW_IPS"] == "10.0.0.1"
    mounts = {each["name"]: each["mountPath"] for each in api["volumeMounts"]}
    volumes = {each["name"]: each for each in pod(deployment)["volumes"]}
    made = named(resources, "ConfigMap", volumes["rules"]["configMap"]["name"])["data"]
    (name,) = made
    assert variables["TINTYPE_RULES"] == f"{mounts['rules']}/{name}"
    assert made[name] == rules
    assert mounts["models"] == "/models"
    assert volumes["models"]["persistentVolumeClaim"] == {"claimName": "shared"}


def test_redis_may_want_certificates_and_celery_a_redis_of_its_own() -> None:
    tls = "secrets.redisTls.name=certificates,secrets.redisTls.cert=tls.crt"
    chosen = f"{tls},secrets.redisTls.certKey=tls.key,secrets.redis.brokerKey=broker"
    resources = render(*EVERYTHING, "--set-string", chosen)
    for deployment in of_kind(resources, "Deployment"):
        volumes = {each["name"]: each for each in pod(deployment)["volumes"]}
        assert volumes["redis-tls"]["secret"] == {"secretName": "certificates"}
        *_, container = containers(deployment)
        variables = environment(resources, container)
        assert variables["TINTYPE_BROKER_URL"] == "secret:tintype-redis/broker"
        (place,) = (e["mountPath"] for e in container["volumeMounts"] if e["name"] == "redis-tls")
        assert {name: value for name, value in variables.items() if place in value} == {
            "TINTYPE_REDIS_CA": f"{place}/ca.crt",
            "TINTYPE_REDIS_CERT": f"{place}/tls.crt",
            "TINTYPE_REDIS_CERT_KEY": f"{place}/tls.key",
        }
