"""``tintype plan``: how many workers, how much memory, what traffic."""

import json
import math
from pathlib import Path
from typing import Any

import click

from cli.plan_text import as_json, as_text
from core.planning import Demand, Layout, Network, Plan, Rates, plan_for, time_with
from core.planning.plan import DAY
from core.settings import MOST_CHILDREN, Settings
from models import Catalogue

LONGEST_DAYS = 36_500
MOST_IMAGES = 10**12
MOST_BYTES = 10**12
BUSY = 0.8
"""A worker works for nearly all of its time; less means that others had its core."""


def _number(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number.")
    return value


@click.command()
@click.option("--images", type=click.IntRange(1, MOST_IMAGES), required=True, help="How many.")
@click.option(
    "--megapixels",
    type=click.FloatRange(0.01, 1000),
    callback=_number,
    default=12,
    show_default=True,
    help="Of one of them.",
)
@click.option(
    "--days",
    type=click.FloatRange(0, LONGEST_DAYS, min_open=True),
    callback=_number,
    help="In which they are to be done.",
)
@click.option(
    "--workers", type=click.IntRange(1, 100_000), help="Say how long so many take instead."
)
@click.option("--model", help="Name of the network; left out: the default one.")
@click.option(
    "--engine",
    type=click.Choice(["openvino", "onnxruntime", "opencv"]),
    help="Left out: the fastest that was measured.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=MOST_CHILDREN,
    show_default=True,
    help="Children of one worker, each with a core.",
)
@click.option(
    "--utilization",
    type=click.FloatRange(0.05, 1),
    callback=_number,
    default=0.8,
    show_default=True,
    help="Share of the time that workers are to be busy; the rest is for what comes amiss.",
)
@click.option(
    "--source-bytes", type=click.IntRange(1, MOST_BYTES), help="Of one source; left out: measured."
)
@click.option(
    "--result-bytes", type=click.IntRange(1, MOST_BYTES), help="Of one result; left out: measured."
)
@click.option(
    "--rate-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measured figures; left out: those that come with Tintype, of another machine than yours.",
)
@click.option(
    "--measure",
    is_flag=True,
    help="Measure on this machine first, a minute, and write the figures to --rate-file.",
)
@click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
def plan(
    images: int,
    megapixels: float,
    days: float | None,
    workers: int | None,
    model: str | None,
    engine: str | None,
    concurrency: int,
    utilization: float,
    source_bytes: int | None,
    result_bytes: int | None,
    rate_file: Path | None,
    measure: bool,
    json_: bool,
) -> None:
    """Say what it takes to colorize many images in some days: workers, memory, storage, Redis.

    It reckons with measured times of jobs, and says of which machine they are. Nothing is started
    but with --measure, which runs a service of its own for a minute.
    """
    if (days is None) == (workers is None):
        raise click.UsageError("give either --days or --workers.")
    settings = Settings.load()
    model = model or Catalogue.from_settings(settings).default().name
    if measure:
        rate_file = rate_file or Path("tintype-rates.json")
        _measure(settings, model, engine, rate_file)
    rates = Rates.read(rate_file)
    network = rates.networks[0] if measure else rates.network(model, engine)
    demand = Demand(images, megapixels, source_bytes, result_bytes)
    how = Layout(
        concurrency,
        utilization,
        settings.max_queued,
        settings.job_ttl,
        settings.batch_window,
    )
    if workers is not None:
        found = time_with(demand, workers, network, rates.redis, how)
    else:
        found = plan_for(demand, (days or 0) * DAY, network, rates.redis, how)
    _print(found, rates, network, settings, json_)


def _print(found: Plan, rates: Rates, network: Network, settings: Settings, json_: bool) -> None:
    warnings = _warnings(found, network, settings)
    if json_:
        content: dict[str, Any] = as_json(found) | {"network": network.label, "warnings": warnings}
        click.echo(json.dumps(content | {"measured": rates.measured.model_dump()}, indent=2))
        return
    click.echo(as_text(found, rates.measured, network.label))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def _warnings(found: Plan, network: Network, settings: Settings) -> list[str]:
    """Return what may make the figures wrong, or the service impossible."""
    warnings = []
    fit, share = found.fit, found.redis.peak_core_share
    if found.extrapolated:
        warnings.append(
            f"{found.demand.megapixels:g} MP are outside of what was measured, {fit.smallest:g} to "
            f"{fit.largest:g} MP"
        )
    if found.demand.megapixels * 1e6 > settings.max_pixels:
        warnings.append(
            f"TINTYPE_MAX_PIXELS refuses images of more than {settings.max_pixels:,} pixels"
        )
    if share > 0.7:
        warnings.append(
            f"Redis would need {100 * share:.0f} % of its one core; see docs/capacity.md"
        )
    if network.processor_share < BUSY:
        warnings.append(
            f"a worker had {100 * network.processor_share:.0f} % of a core when it was measured: "
            "the machine did other things, and jobs are faster on an idle one"
        )
    return warnings


def _measure(settings: Settings, model: str, engine: str | None, path: Path) -> None:
    # Late: it loads the whole service.
    from cli.measuring import measure_here

    chosen = settings.model_copy(update={"model": model} | ({"engine": engine} if engine else {}))
    rates = measure_here(chosen, lambda text: click.echo(text, err=True))
    try:
        path.write_text(rates.written())
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"the figures are in {path}", err=True)
