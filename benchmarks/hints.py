"""``python -m benchmarks.hints``: how long hints and a reference take, and how they look.

docs/hints.md has the figures and the picture.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import thread_time
from typing import NamedTuple

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.pipeline import SAMPLES, picture
from benchmarks.quality import rgb
from models import Catalogue
from models.catalogue import BUNDLED
from worker.colour import Lightness, lightness
from worker.colour.compose import compose
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.colour.hints import Hint, apply_hints
from worker.colour.lightness import Plane
from worker.colour.pipeline import network_input
from worker.colour.reference import reference_weights
from worker.engines import Engine, load_engine
from worker.images import decode

HEIGHT = 300
PICTURES = {
    "grace-hopper.jpg": [Hint.point(0.85, 0.3, -5, -30), Hint.point(0.3, 0.85, 35, 20)],
    "astronaut.jpg": [Hint.point(0.25, 0.85, 20, -55), Hint.point(0.6, 0.1, -10, -20)],
    "coffee.jpg": [Hint.point(0.2, 0.6, -40, 25)],
}
COUNTS = (1, 5, 20, 100)
Rgb = NDArray[np.uint8]


class Known(NamedTuple):
    """A photograph and what the network says of it."""

    source: Lightness
    light: Plane
    """L* as the network saw it."""
    probabilities: Plane
    """Rebalanced as the manifest has it."""

    def coloured(self, palette: Plane, probabilities: Plane) -> Rgb:
        """Return it in the mean colours."""
        return rgb(compose(self.source, annealed_mean(probabilities, palette, 1.0)))


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/bench"),
    show_default=True,
)
def main(output: Path) -> None:
    """Measure on the samples with the bundled network and draw a sheet."""
    engine = load_engine("auto", Catalogue(Path()).get(BUNDLED))
    known = {name: know(name, engine) for name in PICTURES}
    for name, milliseconds in times(engine, known["astronaut.jpg"]).items():
        print(f"{name}: {milliseconds:.1f} ms")
    output.mkdir(parents=True, exist_ok=True)
    strips = [strip(engine, known[name], hints) for name, hints in PICTURES.items()]
    width = max(part.shape[1] for part in strips)
    padded = [
        np.pad(s, ((0, 8), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in strips
    ]
    Image.fromarray(np.vstack(padded)).save(output / "hints.jpg", quality=80)


def know(name: str, engine: Engine) -> Known:
    """Return a sample as the network knows it."""
    source = lightness(decode((SAMPLES / name).read_bytes(), 10**9).pixels)
    batch = network_input(source, engine.model.manifest.input_size)
    found = engine.predict(batch).probabilities[0]
    weights = np.exp(rebalancing_bias(engine.prior, engine.model.manifest.vividness))
    biased = found * weights[:, None, None]
    return Known(source, batch[0, 0] + 50, np.asarray(biased / biased.sum(axis=0), np.float32))


def times(engine: Engine, known: Known) -> dict[str, float]:
    """Return the milliseconds of hints anywhere and of a reference of 12 megapixels."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    calls: dict[str, Callable[[], object]] = {}
    for count in COUNTS:
        hints = [
            Hint.point(*rng.uniform(0.05, 0.95, 2), *rng.uniform(-50, 50, 2)) for _ in range(count)
        ]
        arguments = known.probabilities, engine.palette, known.light, hints
        calls[f"{count} hints"] = partial(apply_hints, *arguments)
    reference = np.asarray(decode(picture(12, "colour"), 10**9).pixels, np.uint8)
    calls["a reference"] = partial(reference_weights, reference, engine.palette, engine.prior)
    return {name: cpu_ms(call) for name, call in calls.items()}


def cpu_ms(call: Callable[[], object]) -> float:
    """Return the median milliseconds of a core that a call takes; other work matters less."""
    samples = []
    for _ in range(15):
        began = thread_time()
        call()
        samples.append((thread_time() - began) * 1e3)
    return median(samples)


def strip(engine: Engine, known: Known, hints: list[Hint]) -> Rgb:
    """Return a photograph without and with its hints, side by side; the first shows them."""
    bent = apply_hints(known.probabilities, engine.palette, known.light, hints)
    before, after = (known.coloured(engine.palette, each) for each in (known.probabilities, bent))
    height, width = before.shape[:2]
    for hint in hints:
        lab = np.array([[[60, hint.a, hint.b]]], np.float32)
        colour = [float(255 * c) for c in cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0]]
        corners = (
            (round(hint.left * width), round(hint.top * height)),
            (round(hint.right * width), round(hint.bottom * height)),
        )
        cv2.rectangle(before, *corners, colour, -1)
        cv2.rectangle(before, *corners, (255, 255, 255), max(1, height // 200))
    both = np.hstack((before, np.full((height, 8, 3), 255, np.uint8), after))
    size = round(both.shape[1] * HEIGHT / height), HEIGHT
    return np.asarray(cv2.resize(both, size, interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
