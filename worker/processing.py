"""One image from bytes to bytes: what a job and the command line have in common."""

from dataclasses import dataclass, replace
from time import perf_counter

from core.jobs.records import Options, OutputFormat, Timings
from worker.colour import colorize
from worker.engines import Engine
from worker.images import EXTENSIONS, decode, encode


@dataclass(frozen=True)
class Processed:
    """A colour image file, and how it came to be."""

    data: bytes
    format: OutputFormat
    width: int
    height: int
    timings: Timings

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
    """
    began = perf_counter()
    photo = decode(data, max_pixels)
    decoded = perf_counter()
    manifest = engine.model.manifest
    colouring = colorize(
        photo.pixels,
        engine,
        manifest.input_size,
        options.temperature or manifest.temperature,
        manifest.vividness if options.vividness is None else options.vividness,
    )
    coloured = perf_counter()
    format = options.format or fallback_format or photo.format
    result = encode(replace(photo, pixels=colouring.rgb), format, options.quality)
    timings = Timings(
        decode_ms=(decoded - began) * 1e3,
        infer_ms=colouring.infer_ms,
        compose_ms=colouring.compose_ms,
        encode_ms=(perf_counter() - coloured) * 1e3,
    )
    return Processed(result, format, photo.width, photo.height, timings)
