"""How a photograph is to be colorized."""

import json
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from core.formats import OutputFormat
from core.jobs.base import Record
from core.objects import ObjectRef

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MOST_HINTS = 100
OnColor = Literal["recolor", "skip", "fail"]
PagesOption = Literal["first", "all"]
Proof = Literal["sample", "whole"]
PrivateData = Literal["keep", "strip"]


class Hint(Record):
    """A colour that something in the picture has."""

    model_config = ConfigDict(strict=True)

    # A job's record has lists where these have tuples.
    at: Annotated[tuple[Share, Share] | None, Field(strict=False)] = None
    """x and y of a point, as shares of the upright picture's width and height."""
    box: Annotated[tuple[Share, Share, Share, Share] | None, Field(strict=False)] = None
    """Left, top, right and bottom of a box, as such shares."""
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    """sRGB, as ``#rrggbb``; its lightness does not matter."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.at is None) == (self.box is None):
            raise ValueError("a hint has either at or box")
        if self.box and not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise ValueError("a box is left, top, right and bottom")
        return self


class Options(Record):
    """How to colorize; what is left out takes the model's or the source's value."""

    model_config = ConfigDict(strict=True)

    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    temperature: Annotated[float, Field(ge=0.01, le=1)] | None = None
    """Of the annealed mean: 1 is the mean of all likely colours, towards 0 the likeliest alone."""
    vividness: Annotated[float, Field(ge=0, le=1)] | None = None
    """How much rare colours are favoured: 0 not at all, 1 as much as common ones."""
    format: OutputFormat | None = None
    """Of the result. Left out: the destination's suffix, else the source's format."""
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    """For JPEG, WebP and AVIF; left out: 92."""
    pages: PagesOption = "first"
    """Of a TIFF with several pages: the first alone, or all, each colorized, as a TIFF."""
    private_data: PrivateData = "keep"
    """Whether the result says where and by which camera of whom the photograph was taken."""
    proof: Proof = "sample"
    """Whether lightness is compared on a part of a large photograph's rows, or on all."""
    force: bool = False
    """Do it again, though the same source, options and model have a result already."""
    on_color: OnColor = "recolor"
    """What to do with a photograph that is in colour already: skip it, fail, or recolour it."""
    saturation: Annotated[float, Field(ge=0, le=2)] | None = None
    """Times which the chroma is taken, at the same hue; left out: 1."""
    detail: Literal[224, 320, 448] | None = None
    """Side of a square with as many pixels as the network sees, in the picture's proportions.

    Left out: a square of the model's own size, whatever the proportions.
    """
    upsample: Literal["bicubic", "guided"] | None = None
    """How colour comes to full size; ``guided`` follows edges of the picture. Left out: bicubic."""
    hints: Annotated[tuple[Hint, ...], Field(max_length=MOST_HINTS, strict=False)] = ()
    """Colours that some things have."""
    reference: ObjectRef | None = None
    """A picture whose colours are favoured."""
    variants: Annotated[int, Field(ge=1, le=5)] | None = None
    """How many different colourings to make at most, the result the likeliest; left out: 1."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """Of the variants; left out: 0."""
    ambiguity: bool = False
    """Whether to measure how unsure the network is, and draw a map of it."""
    keep_distribution: bool = False
    """Whether to keep what the network said, for ``redecode``."""

    @property
    def more_than_a_result(self) -> bool:
        """Whether something is to be left beside the result."""
        return (self.variants or 1) > 1 or self.ambiguity or self.keep_distribution

    @model_validator(mode="after")
    def _pages_are_for_tiff_alone(self) -> Self:
        if self.pages == "all" and self.format not in (None, "tiff"):
            raise ValueError("all pages are kept in a TIFF only; leave out format, or pages")
        if self.pages == "all" and self.more_than_a_result:
            raise ValueError(
                "variants, ambiguity and distributions are of one page; leave out pages"
            )
        return self

    def canonical(self, format: OutputFormat | None) -> str:
        """Return all that changes pixels or bytes of a result in this format, as JSON.

        Options that come with a later version leave it as it is.
        """
        decided = self.model_copy(update={"format": format})
        kept = decided.model_dump(
            mode="json", exclude={"model", "force", "on_color"}, exclude_defaults=True
        )
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    def changed_by(self, other: "Options") -> "Options":
        """Return these options with those that were given in ``other``.

        Raises:
            pydantic.ValidationError: they do not go together.
        """
        given = other.model_dump(include=other.model_fields_set)
        return Options.model_validate(self.model_dump() | given)
