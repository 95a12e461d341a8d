"""How far a server's clock is from ours."""

from cli.doctor.findings import Finding, ok, warning

MOST = 30.0
"""Seconds; signed requests and URLs go wrong at some minutes."""


def judge_clock(name: str, ahead: float) -> Finding:
    """Say whether two clocks agree; ``ahead`` in seconds, of the server's before this machine's."""
    if abs(ahead) <= MOST:
        return ok(name, "agrees with this machine's")
    way = "ahead of" if ahead > 0 else "behind"
    return warning(
        name, f"{abs(ahead):.0f} s {way} this machine's", "set both by a time server (NTP)"
    )
