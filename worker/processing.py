"""One image from bytes to bytes: what a job and the command line have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from time import perf_counter

from core.errors import AlreadyColor, UnsupportedFormat
from core.formats import EXTENSIONS, OutputFormat
from core.jobs.options import Options
from core.jobs.records import Fidelity, Timings
from core.tracing import span
from worker.colour import (
    COLOUR_CHROMA,
    Decoding,
    Difference,
    Sample,
    lightness,
    render,
    residual_chroma,
    sample,
)
from worker.colour.lightness import Pixels
from worker.control import Beside, decoding, distribution, favoured
from worker.engines import Engine
from worker.extras import NO_EXTRAS, Extras, Subject, make_extras
from worker.images import (
    Photo,
    Provenance,
    TiffWriter,
    decode,
    describe,
    encode,
    format_like,
    order_of,
    page_at,
    page_offsets,
    reader,
    without_private,
)
from worker.kept import belonging

NOTHING = Beside()
LOSSLESS: tuple[OutputFormat, ...] = ("png", "tiff")


@dataclass(frozen=True)
class Processed:
    """A colour image file, and how it came to be."""

    data: bytes
    format: OutputFormat
    width: int
    height: int
    timings: Timings
    fidelity: Fidelity
    chroma: float | None = None
    """Of the source, see ``residual_chroma``; None if ``on_color`` did not have it measured."""
    extras: Extras = NO_EXTRAS

    @property
    def content_type(self) -> str:
        """Return the media type, RFC 9110's word for it."""
        return f"image/{self.format}"

    @property
    def extension(self) -> str:
        """Return the usual ending of a file's name, without the dot."""
        return EXTENSIONS[self.format]


@dataclass(frozen=True)
class Work:
    """How every page of a source is colorized."""

    engine: Engine
    options: Options
    max_pixels: int
    format: OutputFormat
    source_digest: str
    how: Decoding
    kept: bytes | None


@dataclass(frozen=True)
class Page:
    """What is known of a page that has been colorized."""

    width: int
    height: int
    before: Difference
    """Of lightness, before encoding."""
    timings: Timings
    chroma: float | None


@dataclass(frozen=True)
class Coloured:
    """A page's picture, and what is left of its source to compare it with."""

    photo: Photo
    sample: Sample
    page: Page
    subject: Subject | None
    """For what is wanted beside the result."""


def process(
    data: bytes,
    engine: Engine,
    options: Options,
    max_pixels: int,
    fallback_format: OutputFormat | None = None,
    beside: Beside = NOTHING,
) -> Processed:
    """Decode, colorize and encode one image, or all pages of a TIFF one after the other.

    The result's format is ``options.format``, else ``fallback_format``, else the source's.

    Raises:
        DistributionMismatch: what was kept is not of this source.
        EmptyObject, UnsupportedFormat, BrokenImage, ImageTooLarge: see ``worker.images``.
        AlreadyColor: it is in colour, and ``options.on_color`` is not ``recolor``.
    """
    format = options.format or fallback_format or format_like(data)
    how = decoding(options, engine, favoured(beside.reference, engine, max_pixels))
    digest = sha256(data).hexdigest()
    work = Work(engine, options, max_pixels, format, digest, how, beside.distribution)
    offsets = page_offsets(data, max_pixels) if options.pages == "all" else []
    if len(offsets) > 1:
        return _all_pages(data, offsets, work)
    coloured = _coloured(data, work)
    began = perf_counter()
    with span("encode"):
        photo = _signed(coloured, work)
        result = encode(photo, format, options.quality)
        after = _after(coloured, result, format)
    page = _encoded(coloured.page, began)
    done = _finished(result, format, [page], after)
    if coloured.subject is None:
        return done
    return replace(done, extras=_extras(photo, coloured.subject, work))


def _extras(photo: Photo, subject: Subject, work: Work) -> Extras:
    """Make what is wanted beside a result, of whose metadata other colourings have all."""

    def encoded(pixels: Pixels) -> bytes:
        return encode(replace(photo, pixels=pixels), work.format, work.options.quality)

    return make_extras(subject, work.options, encoded)


def _all_pages(data: bytes, offsets: Sequence[int], work: Work) -> Processed:
    """Colorize page by page; of each, no more than its compressed pixels is kept."""
    if work.format != "tiff":
        raise UnsupportedFormat(
            f"the source has {len(offsets)} pages, which {work.format} cannot hold; "
            "name a destination that ends in .tif, or ask for the first page"
        )
    writer = TiffWriter(order_of(data))
    pages = []
    for offset in offsets:
        coloured = _coloured(page_at(data, offset), work)
        began = perf_counter()
        with span("encode"):
            writer.add(_signed(coloured, work))
        pages.append(_encoded(coloured.page, began))
        del coloured
    return _finished(writer.getvalue(), "tiff", pages, None)


def _finished(
    result: bytes, format: OutputFormat, pages: Sequence[Page], after: Difference | None
) -> Processed:
    """Return what there is to say; ``after`` is None if encoding changed nothing."""
    before = _together(pages)
    after = after or before
    chromas = [page.chroma for page in pages if page.chroma is not None]
    return Processed(
        result,
        format,
        pages[0].width,
        pages[0].height,
        reduce(_sum, (page.timings for page in pages)),
        Fidelity(
            max_before=before.max,
            mean_before=before.mean,
            max_after=after.max,
            mean_after=after.mean,
        ),
        max(chromas, default=None),
    )


def _coloured(data: bytes, work: Work) -> Coloured:
    """Decode and colorize; of the source, nothing but its metadata and a sample is left."""
    options = work.options
    began = perf_counter()
    with span("decode"):
        photo = decode(data, work.max_pixels)
        chroma = None if options.on_color == "recolor" else _check_colour(photo)
        source = lightness(photo.pixels, photo.space)
    decoded = perf_counter()
    with span("infer"):
        of = belonging(work.source_digest, work.engine, options.detail)
        said = distribution(source, work.engine, of, work.kept)
    predicted = perf_counter()
    with span("compose"):
        rgb = render(source, said, work.how, _reusable(photo.pixels), options.upsample or "bicubic")
        kept = sample(source, options.proof == "whole")
        before = kept.difference(lambda rows: rgb[rows])
    timings = Timings(
        decode_ms=(decoded - began) * 1e3,
        infer_ms=(predicted - decoded) * 1e3,
        compose_ms=(perf_counter() - predicted) * 1e3,
    )
    photo = replace(photo, pixels=rgb, space=None)
    page = Page(photo.width, photo.height, before, timings, chroma)
    subject = None
    if options.more_than_a_result:
        subject = Subject(source, said, work.how, of, work.kept)
    return Coloured(photo, kept, page, subject)


def _signed(coloured: Coloured, work: Work) -> Photo:
    """Return a result that says how it came to be."""
    photo, before = coloured.photo, coloured.page.before
    if work.options.private_data == "strip":
        photo = without_private(photo)
    model = work.engine.model
    provenance = Provenance(
        model=model.name,
        model_digest=model.digest,
        options=work.options.canonical(work.format),
        source_digest=work.source_digest,
        fidelity=f"max {before.max:.3f}, mean {before.mean:.3f}",
    )
    return describe(photo, provenance)


def _after(coloured: Coloured, result: bytes, format: OutputFormat) -> Difference | None:
    """Return how far the lightness of a file is from the source's; None if as before encoding."""
    photo, kept = coloured.photo, coloured.sample
    if format in LOSSLESS:
        return None
    return kept.difference(reader(result, kept.strips, (photo.height, photo.width)))


def _encoded(page: Page, began: float) -> Page:
    encode_ms = (perf_counter() - began) * 1e3
    return replace(page, timings=page.timings.model_copy(update={"encode_ms": encode_ms}))


def _together(pages: Sequence[Page]) -> Difference:
    weights = [page.width * page.height for page in pages]
    total = sum(page.before.mean * weight for page, weight in zip(pages, weights, strict=True))
    return Difference(max(page.before.max for page in pages), total / sum(weights))


def _sum(one: Timings, other: Timings) -> Timings:
    mine, theirs = one.model_dump(exclude_none=True), other.model_dump(exclude_none=True)
    return Timings(**{name: mine[name] + theirs[name] for name in mine})


def _check_colour(photo: Photo) -> float:
    """Return the chroma of a photograph that is not in colour."""
    chroma = round(residual_chroma(photo.pixels), 2)
    if chroma < COLOUR_CHROMA:
        return chroma
    raise AlreadyColor(
        f"the photograph is in colour: its chroma is {chroma:.2f}, and from {COLOUR_CHROMA:.2f} on "
        "it counts as that; submit it with on_color=recolor to colorize it anyway",
        chroma,
        photo.width,
        photo.height,
    )


def _reusable(pixels: Pixels) -> Pixels | None:
    """Return the memory of colour pixels, whose lightness is known by now, for the result."""
    fits = pixels.ndim == 3 and pixels.flags.writeable and pixels.flags.c_contiguous
    return pixels if fits else None
