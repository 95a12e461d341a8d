"""Rendering the chart of infra/helm as ``helm template`` does."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.pages import ROOT

CHART = ROOT / "infra" / "helm" / "tintype"
SCALED = ("-f", str(ROOT / "infra" / "helm" / "examples" / "scaled.yaml"))
EVERYTHING = (*SCALED, "--set", "secrets.hooks.name=hooks")
"""Arguments with which all of the chart is made."""
EXAMPLES = sorted((ROOT / "infra" / "helm" / "examples").glob("*.yaml"))
Resource = Mapping[str, Any]


def helm_command() -> str:
    """Return helm's path; without it, skip the test, or fail in CI."""
    found = shutil.which("helm", path=f"{ROOT / 'build'}:{os.environ['PATH']}")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("helm is missing: make helm")
        pytest.skip("helm is missing: make helm")
    return found


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [helm_command(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@cache
def render(*arguments: str) -> Sequence[Resource]:
    """Return what a release named ``photos`` would make; ``arguments`` as for helm."""
    done = run_helm("template", "photos", str(CHART), "--namespace", "archive", *arguments)
    assert done.returncode == 0, done.stderr
    return [each for each in YAML(typ="safe").load_all(done.stdout) if each]


def of_kind(resources: Sequence[Resource], *kinds: str) -> Iterator[Resource]:
    return (each for each in resources if each["kind"] in kinds)


def named(resources: Sequence[Resource], kind: str, name: str) -> Resource:
    return next(each for each in of_kind(resources, kind) if each["metadata"]["name"] == name)


def deployments(*arguments: str) -> Mapping[str, Resource]:
    found = of_kind(render(*arguments), "Deployment")
    return {each["metadata"]["name"]: each for each in found}


def pod(deployment: Resource) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def containers(deployment: Resource) -> Iterator[Resource]:
    """Yield the containers of a Deployment's pods, those that run before others included."""
    spec = deployment["spec"]["template"]["spec"]
    yield from spec.get("initContainers", [])
    yield from spec["containers"]


def environment(resources: Sequence[Resource], container: Resource) -> Mapping[str, str]:
    """Return the variables of a container; those from Secrets as ``secret:name/key``."""
    variables: dict[str, str] = {}
    for source in container.get("envFrom", []):
        variables |= named(resources, "ConfigMap", source["configMapRef"]["name"])["data"]
    for each in container.get("env", []):
        secret = each.get("valueFrom", {}).get("secretKeyRef")
        place = f"secret:{secret['name']}/{secret['key']}" if secret else each["value"]
        variables[each["name"]] = place
    return variables
