"""All checks, one after the other."""

from collections.abc import Callable, Iterator

from cli.doctor import embedded, engines, keys, machine, networks, ports, redis, software, storage
from cli.doctor.findings import Finding, problem
from cli.doctor.subject import Subject

Check = Callable[[Subject], Iterator[Finding]]


def examine(subject: Subject) -> Iterator[Finding]:
    """Yield what each check finds, without secrets; one that breaks does not stop the others."""
    for name, check in _checks(subject).items():
        for finding in _whole(name, check, subject):
            yield finding.without(subject.secrets)


def _checks(subject: Subject) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "software": software.examine,
        "networks": networks.examine,
        "engines": engines.examine,
        "embedded servers": embedded.examine,
    }
    if subject.has_redis:
        checks |= {"redis": redis.examine, "keys": keys.examine}
    if subject.has_storage:
        checks["storage"] = storage.examine
    return checks | {"api": ports.examine, "machine": machine.examine}


def _whole(name: str, check: Check, subject: Subject) -> Iterator[Finding]:
    try:
        yield from check(subject)
    except Exception as error:
        # Whatever it is: who asks a doctor wants an answer about the rest, too.
        yield problem(name, f"the check itself failed: {error!r}", "please report this")
