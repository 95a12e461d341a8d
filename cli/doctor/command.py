"""The command ``tintype doctor``."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from cli.doctor.examination import examine
from cli.doctor.findings import Finding, State
from cli.doctor.subject import find_subject
from cli.progress_views import printable
from core.settings import Settings

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "red"}


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".tintype"),
    show_default=True,
    help="Folder of 'tintype up'.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="Of the API, where 'tintype up' does not run.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def doctor(data: Path, port: int, as_json: bool) -> None:
    """Look at all that Tintype needs, and say what to do about what is amiss.

    It looks at the servers that TINTYPE_ variables name, else at those of the 'tintype up' that
    runs in this folder. In the storage it writes one small object and deletes it again. The exit
    code is 1 if there is a problem; warnings leave it at 0.
    """
    subject = find_subject(data, port, Settings.load())
    findings = []
    for finding in examine(subject):
        findings.append(finding)
        if not as_json:
            _say(finding)
    if as_json:
        click.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        click.echo(_sum(findings))
    sys.exit(any(finding.state is State.PROBLEM for finding in findings))


def _say(finding: Finding) -> None:
    state = click.style(f"{finding.state:8}", fg=COLOURS[finding.state])
    click.echo(f"{state} {finding.name:22} {printable(finding.found)}")
    if finding.advice:
        click.echo(f"{'':31} -> {printable(finding.advice)}")


def _sum(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.state for finding in findings)
    return f"{counts[State.PROBLEM]} problems, {counts[State.WARNING]} warnings"
