"""From a job's options to what the pipeline is asked for."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.jobs import Options
from core.jobs.options import Hint as AskedHint
from core.metrics.totals import PENDING
from worker.colour import (
    Decoding,
    Distribution,
    Hint,
    Lightness,
    predict,
    reference_weights,
)
from worker.colour.decode import Array
from worker.engines import Engine
from worker.images import decode
from worker.kept import Belonging, read_kept


@dataclass(frozen=True)
class Beside:
    """What a job looks at beside its source."""

    reference: bytes | None = None
    """The file of a picture whose colours are favoured."""
    distribution: bytes | None = None
    """What the network said of the source in an earlier job."""

    @property
    def files(self) -> tuple[bytes, ...]:
        """All of it."""
        # Told apart by where they stand: none is a valid file of the other kind.
        return (self.reference or b"", self.distribution or b"")


def decoding(options: Options, engine: Engine, reference: Array | None) -> Decoding:
    """Return how a distribution is to be decoded; ``reference`` is what ``favoured`` returns."""
    manifest = engine.model.manifest
    return Decoding(
        temperature=options.temperature or manifest.temperature,
        vividness=manifest.vividness if options.vividness is None else options.vividness,
        saturation=1 if options.saturation is None else options.saturation,
        bias=reference,
        hints=tuple(_placed(hint) for hint in options.hints),
    )


def favoured(reference: bytes | None, engine: Engine, max_pixels: int) -> Array | None:
    """Return what speaks for each bin by a reference, (bins,); None without one.

    Raises:
        The errors of ``worker.images.decode``: the reference is no picture.
    """
    if reference is None:
        return None
    return reference_weights(decode(reference, max_pixels).pixels, engine.palette, engine.prior)


def distribution(
    source: Lightness, engine: Engine, of: Belonging, kept: bytes | None
) -> Distribution:
    """Return what the network says of a source, or what it has said: ``kept``.

    Raises:
        DistributionMismatch: see ``read_kept``.
    """
    if kept is not None:
        return read_kept(kept, engine, of)
    PENDING.add({"inferences": 1, "inference_batches": 1})
    if of.detail is None:
        return predict(source, engine, engine.model.manifest.input_size)
    return predict(source, engine, of.detail, "area")


def _placed(hint: AskedHint) -> Hint:
    """Return a hint with its ab (CIELAB, D65) in the place that it was given for."""
    levels = bytes.fromhex(hint.color.removeprefix("#"))
    rgb = np.frombuffer(levels, np.uint8).astype(np.float32).reshape(1, 1, 3) / 255
    _, a, b = (float(each) for each in cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0])
    if hint.at:
        return Hint.point(*hint.at, a, b)
    assert hint.box, "a hint has a point or a box"
    return Hint(*hint.box, a, b)
