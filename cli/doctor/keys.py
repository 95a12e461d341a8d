"""Who may use the API."""

from collections.abc import Iterator

from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core.errors import QueueUnavailable
from core.keys import KeyStore
from core.keys.serving import CREATE
from core.servers import connect_state
from core.settings import Settings


def examine(subject: Subject) -> Iterator[Finding]:
    """Look whether somebody gets in, and whether anybody does."""
    try:
        with connect_state(subject.settings, patience=0.5) as redis:
            yield judge(subject.settings, KeyStore(redis).any_usable())
    except (QueueUnavailable, ValueError):
        return  # the check of Redis says it


def judge(settings: Settings, any_usable: bool) -> Finding:
    """Say what the settings of keys mean together."""
    if settings.keys == "required":
        if any_usable:
            return ok("keys", "required, and there are some")
        return problem("keys", "required, and there is none: nobody gets in", f"run {CREATE}")
    if settings.allow_anonymous:
        found = "not needed on any address (TINTYPE_ALLOW_ANONYMOUS): who reaches it may do all"
        return warning("keys", found, "set TINTYPE_KEYS=required, unless you trust them")
    if settings.keys == "off":
        return ok("keys", "off: the API listens on loopback alone")
    if any_usable:
        return ok("keys", "needed on all addresses but loopback, and there are some")
    advice = f"{CREATE}, before the API may listen elsewhere"
    return ok("keys", "needed on all addresses but loopback; there is none", advice)
