"""The address of the API: free, ours, or somebody else's."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from cli.stack import servers
from core.errors import StackError

SECONDS = 5.0


def examine(subject: Subject) -> Iterator[Finding]:
    """Knock at the API's door."""
    answer = _get(f"{subject.api}/readyz")
    if answer is not None and answer[1].get("checks"):
        yield judge_readiness(subject.api, *answer)
        for name, text in answer[1].get("warnings", {}).items():
            yield warning(f"api {name}", text, "the API says so at /readyz")
    elif subject.running:
        advice = f"look into {subject.data}/logs/api.log, and start 'tintype up' again"
        yield problem("api", f"nobody answers at {subject.api}, and 'tintype up' said so", advice)
    else:
        yield _free(urlsplit(subject.api).port or 80)


def judge_readiness(api: str, status: int, body: dict[str, Any]) -> Finding:
    """Read the answer of ``/readyz``."""
    if status == 200:
        return ok("api", f"Tintype answers at {api} and is ready")
    detail = "; ".join(f"{name}: {text}" for name, text in body["checks"].items() if text != "ok")
    return problem("api", f"Tintype answers at {api}: {detail}", "mend what it names")


def _free(port: int) -> Finding:
    try:
        servers.free_port(port)
    except StackError:
        advice = "stop it, or run 'tintype up --port' with another number"
        return problem("api", f"something else has the port {port}", advice)
    return ok("api", f"no service runs; port {port} is free for one")


def _get(url: str) -> tuple[int, dict[str, Any]] | None:
    """Return the status and JSON object that a URL is answered with; None for anything else."""
    try:
        answer = urllib3.request("GET", url, timeout=SECONDS, retries=False)
        body = answer.json()
    except (HTTPError, ValueError):
        return None
    return (answer.status, body) if isinstance(body, dict) else None
