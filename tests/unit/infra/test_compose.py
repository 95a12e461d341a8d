import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from core.keys.serving import decide_keys
from core.settings import Settings
from tests.unit.infra.test_images import STAGES
from webhooks.sender import TRY_SECONDS

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(FILE)["services"]
LONG_RUNNING = sorted(name for name, service in SERVICES.items() if "restart" in service)
ONCE = sorted(set(SERVICES) - set(LONG_RUNNING))


def test_the_file_fits_the_compose_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.compose-spec", str(FILE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_services_are_the_ones_of_the_guide() -> None:
    assert [*("api", "grafana", "prometheus", "s3", "valkey", "webhooks", "worker")] == LONG_RUNNING
    assert ONCE == ["bucket"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_long_running_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert not check.get("disable")
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", ["api", "bucket", "worker"])
def test_our_services_wait_for_what_they_need(name: str) -> None:
    conditions = {
        other: needed["condition"] for other, needed in SERVICES[name]["depends_on"].items()
    }
    assert conditions["s3"] == "service_healthy"
    for other, condition in conditions.items():
        once = other in ONCE
        assert condition == ("service_completed_successfully" if once else "service_healthy")
    if name in LONG_RUNNING:
        assert set(conditions) == {"valkey", "s3", "bucket"}


@pytest.mark.parametrize(
    "image", [service["image"] for service in SERVICES.values() if "image" in service]
)
def test_an_image_has_a_version(image: str) -> None:
    tag = image.rpartition("/")[2].partition(":")[2]
    assert re.match(r"v?\d", tag), f"{image} has no version"


@pytest.mark.parametrize("name", [name for name in SERVICES if "build" in SERVICES[name]])
def test_a_build_names_a_stage_of_the_dockerfile(name: str) -> None:
    build = SERVICES[name]["build"]
    text = (ROOT / build["context"] / build["dockerfile"]).read_text()
    assert re.search(rf"^FROM \S+ AS {build['target']}$", text, re.MULTILINE)


def test_every_variable_of_ours_is_a_setting() -> None:
    variables = set(re.findall(r"TINTYPE_[A-Z0-9_]+", FILE.read_text()))
    assert "TINTYPE_REDIS_URL" in variables
    assert variables <= {f"TINTYPE_{name.upper()}" for name in Settings.model_fields}


def test_webhooks_are_sent_where_someone_asks_for_it_and_may_finish_a_try() -> None:
    webhooks = SERVICES["webhooks"]
    assert webhooks["profiles"] == ["webhooks"]
    assert webhooks["depends_on"] == {"valkey": {"condition": "service_healthy"}}
    assert int(webhooks["stop_grace_period"].removesuffix("s")) > TRY_SECONDS


@pytest.mark.parametrize("name", ["api", "bucket", "webhooks", "worker"])
def test_our_services_have_the_settings_of_one_place(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: dict[str, str] = SERVICES[name]["environment"]
    assert environment == SERVICES["worker"]["environment"]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value))
    settings = Settings.load()
    assert settings.redis_url.startswith("redis://valkey:")
    assert settings.s3_endpoint is not None
    assert settings.s3_endpoint.startswith("http://s3:")


@pytest.mark.parametrize("needed", ["off", "required"])
def test_the_api_needs_no_keys_as_long_as_it_is_published_on_loopback_alone(
    needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {} if needed == "off" else {"TINTYPE_KEYS": needed}
    for variable, value in SERVICES["api"]["environment"].items():
        default = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        monkeypatch.setenv(variable, chosen.get(variable, default))
    bind = STAGES["api"].all("CMD")[0][-1].strip('],"')
    assert bind == "0.0.0.0:8000"
    assert decide_keys(Settings.load(), bind) == needed
    assert Settings.load().hosts, "pages of any name could reach it"


def test_storage_and_our_services_share_their_keys() -> None:
    ours, theirs = SERVICES["api"]["environment"], SERVICES["s3"]["environment"]
    assert theirs["AWS_ACCESS_KEY_ID"] == ours["TINTYPE_S3_ACCESS_KEY"]
    assert theirs["AWS_SECRET_ACCESS_KEY"] == ours["TINTYPE_S3_SECRET_KEY"]


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_a_stopped_worker_has_the_time_to_drain() -> None:
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace >= Settings().drain_seconds + 10


def test_the_example_of_settings_has_settings_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.lstrip("#").partition("=") for line in lines if re.match(r"#?[A-Z_]+=", line)]
    assert len(pairs) > 5
    for name, _, value in pairs:
        assert name.removeprefix("TINTYPE_").lower() in Settings.model_fields
        monkeypatch.setenv(name, value)
    assert Settings.load().queues == "high,normal"


def test_the_example_changes_nothing_that_compose_says() -> None:
    text = FILE.read_text()
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert f"${{{name}:-{value}}}" in text


@pytest.mark.parametrize("name", ["api", "bucket", "webhooks", "worker"])
def test_our_services_have_no_rights_that_they_do_not_need(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
