"""What a job can leave beside its result: other colourings, doubts, what the network said."""

from collections.abc import Callable
from dataclasses import dataclass

from core.jobs import Options
from worker.colour import (
    Decoding,
    Distribution,
    Lightness,
    ambiguity,
    compose,
    heat_map,
    light_of,
    variants,
)
from worker.colour.lightness import Pixels
from worker.images.codecs import imencode
from worker.kept import Belonging, write_kept

Encode = Callable[[Pixels], bytes]
"""Writes a picture of the source's size as a result is written."""


@dataclass(frozen=True)
class OtherColouring:
    """A file, and how likely its colours are."""

    data: bytes
    likelihood: float
    """See ``worker.colour.Variant``."""


@dataclass(frozen=True)
class Extras:
    """Files beside a result; empty as far as nobody asked for them."""

    variants: tuple[OtherColouring, ...] = ()
    ambiguity: float | None = None
    """0 to 1."""
    ambiguity_map: bytes | None = None
    """PNG."""
    distribution: bytes | None = None
    """See ``worker.kept``."""


NO_EXTRAS = Extras()


@dataclass(frozen=True)
class Subject:
    """What they are made of."""

    source: Lightness
    said: Distribution
    how: Decoding
    belonging: Belonging
    kept: bytes | None
    """What it was said in, if the network did not say it anew: it is kept as it is."""


def make_extras(subject: Subject, options: Options, encode: Encode) -> Extras:
    """Make what the options ask for; pictures one after the other."""
    height, width = subject.source.shape
    return Extras(
        tuple(_others(subject, options, encode)) if (options.variants or 1) > 1 else (),
        ambiguity(subject.said) if options.ambiguity else None,
        imencode(".png", heat_map(subject.said, height, width)) if options.ambiguity else None,
        _distribution(subject) if options.keep_distribution else None,
    )


def _distribution(subject: Subject) -> bytes:
    return subject.kept or write_kept(subject.said, subject.belonging)


def _others(subject: Subject, options: Options, encode: Encode) -> list[OtherColouring]:
    """Return the colourings after the likeliest, which is the result itself."""
    source, said, how = subject.source, subject.said, subject.how
    light = light_of(source, said) if how.hints else None
    found = variants(said, options.variants or 1, options.seed or 0, how, light)[1:]
    upsample = options.upsample or "bicubic"
    return [
        OtherColouring(encode(compose(source, each.ab, None, upsample)), each.log_likelihood)
        for each in found
    ]
