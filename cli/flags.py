"""Flags that several commands have."""

import math
from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from cli.service import object_url
from core.formats import OutputFormat
from core.jobs.options import Hint
from tintype_client.job_calls import split_url

C = TypeVar("C", bound=Callable[..., Any])


def _not_nan(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number.")
    return value


def colour_flags(command: C) -> C:
    """Add the flags that say how to colorize."""
    return _with(
        command,
        click.option(
            "--temperature",
            type=click.FloatRange(0.01, 1),
            callback=_not_nan,
            help="1 is the mean of all likely colours, towards 0 the likeliest alone; left out: "
            "the network's own.",
        ),
        click.option(
            "--vividness",
            type=click.FloatRange(0, 1),
            callback=_not_nan,
            help="Favours rare colours: 0 not at all, 1 as much as common ones; left out: the "
            "network's own.",
        ),
        click.option("--format", type=click.Choice(get_args(OutputFormat)), help="Of the results."),
        click.option("--quality", type=click.IntRange(1, 100), help="For JPEG, WebP and AVIF."),
        click.option(
            "--pages",
            type=click.Choice(["first", "all"]),
            help="Of a TIFF with several: the first, or all of them as a TIFF; left out: first.",
        ),
        click.option(
            "--private-data",
            type=click.Choice(["keep", "strip"]),
            help="Places, serial numbers, the owner's name and maker notes; left out: keep.",
        ),
        click.option(
            "--proof",
            type=click.Choice(["sample", "whole"]),
            help="Whether lightness is compared on a part of a large photograph, or on all of it; "
            "left out: sample.",
        ),
        click.option(
            "--on-color",
            type=click.Choice(["recolor", "skip", "fail"]),
            help="For photographs that are in colour already; sepia and other tones are not "
            "colour; left out: recolor.",
        ),
    )


def control_flags(command: C) -> C:
    """Add the flags that say more of how to colorize."""
    return _with(
        command,
        click.option(
            "--saturation",
            type=click.FloatRange(0, 2),
            callback=_not_nan,
            help="Times which the colour is taken at the same hue; left out: 1.",
        ),
        click.option(
            "--detail",
            type=click.Choice([224, 320, 448]),
            help="Size at which the network sees the picture, in its proportions; left out: a "
            "square of the network's own size.",
        ),
        click.option(
            "--upsample",
            type=click.Choice(["bicubic", "guided"]),
            help="How colour comes to full size; guided follows edges; left out: bicubic.",
        ),
        click.option(
            "--hint",
            "hints",
            multiple=True,
            callback=_hints,
            metavar="PLACE=#RRGGBB",
            help="A colour that something has, where PLACE is X,Y or LEFT,TOP,RIGHT,BOTTOM in "
            "shares of the picture, 0 to 1; repeatable.",
        ),
        click.option(
            "--variants",
            type=click.IntRange(1, 5),
            help="How many different colourings to make at most.",
        ),
        click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of the variants."),
        click.option(
            "--ambiguity", is_flag=True, help="Measure how unsure the network is, and map it."
        ),
        click.option(
            "--keep-distribution",
            is_flag=True,
            help="Keep what the network said, to decode it again in another way.",
        ),
    )


def order_flags(command: C) -> C:
    """Add the flags of what is asked of a service; see ``as_options``."""
    return _with(
        command,
        click.option("--model", help="Name of a network that the service has."),
        colour_flags,
        control_flags,
        click.option(
            "--reference",
            callback=_reference,
            metavar="s3://BUCKET/KEY",
            help="A picture in storage whose colours are favoured.",
        ),
        click.option(
            "--force", is_flag=True, help="Do it again, though there is a result already."
        ),
        click.option(
            "--priority", type=click.Choice(["high", "normal", "low"]), help="Of the jobs."
        ),
        api_flag,
    )


def api_flag(command: C) -> C:
    """Add the flags that say where the service is, and with which key to use it."""
    return _with(
        command,
        click.option(
            "--token",
            metavar="KEY",
            help="API key; better in the environment, as TINTYPE_TOKEN: other users of this "
            "machine see the command line.",
        ),
        click.option(
            "--api",
            metavar="URL",
            envvar="TINTYPE_API",
            show_envvar=True,
            help="Of the service; left out: that of 'tintype up' in this folder, else port 8000 "
            "of this machine.",
        ),
    )


def as_options(flags: dict[str, Any]) -> dict[str, Any]:
    """Return the flags of how to colorize that were given, as a job's options."""
    # Not by equality: a vividness of 0 is one that was given.
    return {
        name: value
        for name, value in flags.items()
        if value is not None and value is not False and value != ()
    }


def _hints(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[dict[str, Any], ...]:
    """Read hints as the API takes them."""
    return tuple(_hint(value) for value in values)


def _hint(text: str) -> dict[str, Any]:
    place, _, color = text.partition("=")
    try:
        numbers = [float(number) for number in place.split(",")]
        name = {2: "at", 4: "box"}[len(numbers)]
        return Hint.model_validate({name: numbers, "color": color}).model_dump(exclude_none=True)
    except (ValueError, KeyError) as error:
        raise click.BadParameter(
            f"{text!r} is not a hint; write X,Y=#RRGGBB or LEFT,TOP,RIGHT,BOTTOM=#RRGGBB with "
            "shares from 0 to 1."
        ) from error


def _reference(ctx: Any, param: Any, value: str | None) -> dict[str, str] | None:
    url = object_url(ctx, param, value)
    return dict(zip(("bucket", "key"), split_url(url), strict=True)) if url else None


def _with(command: C, *decorators: Callable[[C], C]) -> C:
    """Apply decorators so that help shows their flags in this order."""
    for decorate in reversed(decorators):
        command = decorate(command)
    return command
