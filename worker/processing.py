"""One image from bytes to bytes: what a job and the command line have in common."""

from dataclasses import dataclass, replace
from time import perf_counter

from core.errors import AlreadyColor
from core.formats import EXTENSIONS, OutputFormat
from core.jobs.options import Options
from core.jobs.records import Timings
from worker.colour import COLOUR_CHROMA, Decoding, colorize, lightness, residual_chroma
from worker.colour.lightness import Pixels
from worker.engines import Engine
from worker.images import Photo, decode, encode


@dataclass(frozen=True)
class Processed:
    """A colour image file, and how it came to be."""

    data: bytes
    format: OutputFormat
    width: int
    height: int
    timings: Timings
    chroma: float | None = None
    """Of the source, see ``residual_chroma``; None if ``on_color`` did not have it measured."""

    @property
    def content_type(self) -> str:
        """Return the media type, RFC 9110's word for it."""
        return f"image/{self.format}"

    @property
    def extension(self) -> str:
        """Return the usual ending of a file's name, without the dot."""
        return EXTENSIONS[self.format]


def process(
    data: bytes,
    engine: Engine,
    options: Options,
    max_pixels: int,
    fallback_format: OutputFormat | None = None,
) -> Processed:
    """Decode, colorize and encode one image.

    The result's format is ``options.format``, else ``fallback_format``, else the source's.

    Raises:
        EmptyObject, UnsupportedFormat, BrokenImage, ImageTooLarge: see ``worker.images``.
        AlreadyColor: it is in colour, and ``options.on_color`` is not ``recolor``.
    """
    photo, chroma, timings = _coloured(data, engine, options, max_pixels)
    began = perf_counter()
    format = options.format or fallback_format or photo.format
    result = encode(photo, format, options.quality)
    encode_ms = (perf_counter() - began) * 1e3
    timings = timings.model_copy(update={"encode_ms": encode_ms})
    return Processed(result, format, photo.width, photo.height, timings, chroma)


def _coloured(
    data: bytes, engine: Engine, options: Options, max_pixels: int
) -> tuple[Photo, float | None, Timings]:
    """Decode and colorize; of the source, nothing but its metadata is left."""
    began = perf_counter()
    photo = decode(data, max_pixels)
    chroma = None if options.on_color == "recolor" else _check_colour(photo)
    source = lightness(photo.pixels, photo.space)
    decoded = perf_counter()
    manifest = engine.model.manifest
    colouring = colorize(
        source,
        engine,
        manifest.input_size,
        Decoding(
            options.temperature or manifest.temperature,
            manifest.vividness if options.vividness is None else options.vividness,
        ),
        out=_reusable(photo.pixels),
    )
    timings = Timings(
        decode_ms=(decoded - began) * 1e3,
        infer_ms=colouring.infer_ms,
        compose_ms=colouring.compose_ms,
    )
    return replace(photo, pixels=colouring.rgb), chroma, timings


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
