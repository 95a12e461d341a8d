"""``python -m benchmarks.chroma PHOTOGRAPHS``: how well colour is told from toned prints.

PHOTOGRAPHS is a folder or a tar of colour photographs. Each is measured as it is and turned into
every kind of toned print in ``benchmarks.toning``. docs/colour-sources.md has the figures.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import click
import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.pipeline import SAMPLES, picture
from benchmarks.quality import rgb
from benchmarks.toning import RECIPES, WEAR, Rgb, grey_of, hand_tinted, jpeg, weakened
from worker.colour.chroma import COLOUR_CHROMA, residual_chroma
from worker.images import decode

THRESHOLDS = (2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 10, 15, 20)
ENDINGS = (".jpg", ".png")


@dataclass(frozen=True)
class Scan:
    """One measurement."""

    kind: str
    wear: str
    photograph: str
    chroma: float
    mean: float
    """Mean chroma of the whole, the plain measure to compare with."""


@click.command()
@click.argument("photographs", type=click.Path(exists=True, path_type=Path))
@click.option("--under", default="", help="Only those whose path begins so.")
@click.option("--every", type=click.IntRange(1), default=1, help="Only one in so many.")
@click.option("--toned", multiple=True, help="One that is a toned print to the eye; repeatable.")
def main(photographs: Path, under: str, every: int, toned: tuple[str, ...]) -> None:
    """Measure PHOTOGRAPHS and toned prints of them; write figures and a plot."""
    found = [each for each in read(photographs) if each[0].startswith(under)][::every]
    if not found:
        raise click.UsageError(f"{photographs} holds no .jpg or .png files there")
    scans: list[Scan] = []
    with click.progressbar(found, label="Measuring") as bar:
        for number, (name, data) in enumerate(bar):
            source = rgb(decode(data, 10**9).pixels)
            scans += measure(name, source, name in toned, np.random.default_rng(number))
    kinds = list(dict.fromkeys(scan.kind for scan in scans))
    table = {kind: figures([s for s in scans if s.kind == kind]) for kind in kinds}
    worn = {each: figures([s for s in scans if s.wear == each]) for each in WEAR}
    for name, row in (table | worn).items():
        print(f"{name:28} {row['scans']:6.0f} scans, {row['in_colour']:6.1%} in colour;", end=" ")
        print("  ".join(f"{value:5.2f}" for value in list(row.values())[2:]))
    colour = sorted((s for s in scans if s.kind == "colour"), key=lambda scan: scan.chroma)
    for scan in colour[:20]:
        print(f"{scan.chroma:5.2f} {scan.photograph}")
    judged = {"residual": errors(scans, "chroma"), "mean": errors(scans, "mean")}
    for how, rows in judged.items():
        for row in rows:
            print(how, *(f"{name} {value:.3f}" for name, value in row.items()))
    things = small_things()
    print("red thing in a grey scene:", things)
    times = cost()
    for name, ms in times.items():
        print(f"{name}: {ms:.2f} ms")
    result = {"threshold": COLOUR_CHROMA, "kinds": table, "wear": worn, "errors": judged}
    result |= {"ms": times, "red_thing": things, "colour": [asdict(scan) for scan in colour]}
    report.write("chroma", result, draw(scans, kinds))


def read(photographs: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the .jpg and .png files in a folder or a tar, in order."""
    if photographs.is_dir():
        for path in sorted(photographs.rglob("*")):
            if path.suffix.lower() in ENDINGS:
                yield path.relative_to(photographs).as_posix(), path.read_bytes()
        return
    with tarfile.open(photographs) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            file = archive.extractfile(member)
            if file and member.name.lower().endswith(ENDINGS):
                yield member.name, file.read()


def measure(name: str, source: Rgb, toned: bool, rng: np.random.Generator) -> Iterator[Scan]:
    """Measure a photograph, weaker versions of it, and every toned print of it."""

    def scan(kind: str, wear: str, pixels: Rgb) -> Scan:
        return Scan(kind, wear, name, residual_chroma(pixels), mean_chroma(pixels))

    if toned:
        yield scan("toned to the eye", "", source)
        return
    yield scan("colour", "", source)
    yield scan("colour, JPEG 60", "", jpeg(source, 60))
    for share in (0.5, 0.25):
        yield scan(f"colour, chroma × {share}", "", jpeg(weakened(source, share), 80))
    yield scan("hand-tinted", "", jpeg(hand_tinted(source, rng), 80))
    grey = grey_of(source)
    for kind, recipe in RECIPES.items():
        print_ = recipe(grey, rng)
        for wear, scanned in WEAR.items():
            yield scan(kind, wear, scanned(print_, rng))


def figures(scans: list[Scan]) -> dict[str, float]:
    """Return how many count as in colour, and how the chroma is distributed."""
    chroma = np.array([scan.chroma for scan in scans])
    row = {"scans": len(scans), "in_colour": float((chroma >= COLOUR_CHROMA).mean())}
    return row | {f"p{p}": float(np.percentile(chroma, p)) for p in (1, 5, 50, 95, 99)}


def mean_chroma(pixels: Rgb) -> float:
    """Return the mean of sqrt(a^2 + b^2) in CIELAB."""
    lab = cv2.cvtColor(pixels / np.float32(255), cv2.COLOR_RGB2LAB)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def errors(scans: list[Scan], field: str) -> list[dict[str, float]]:
    """Return for several thresholds the shares of either kind that are taken for the other."""
    colour = np.array([getattr(scan, field) for scan in scans if scan.kind == "colour"])
    toned = np.array([getattr(scan, field) for scan in scans if scan.kind in RECIPES])
    return [
        {
            "threshold": threshold,
            "colour_missed": float((colour < threshold).mean()),
            "toned_taken_for_colour": float((toned >= threshold).mean()),
        }
        for threshold in THRESHOLDS
    ]


def small_things() -> dict[str, float]:
    """Return the chroma of a grey scene with a red thing in it, by its share of the area."""
    scene = decode((SAMPLES / "cameraman.jpg").read_bytes(), 10**9).pixels
    side, found = 4000, {}
    for share in (0.001, 0.002, 0.003, 0.005, 0.01):
        scan = rgb(np.asarray(cv2.resize(scene, (side, side)), np.uint8))
        here = slice(round(0.55 * side), round(0.55 * side) + round(share**0.5 * side))
        scan[here, here] = 0.4 * scan[here, here] + 0.6 * np.array([180, 20, 30])
        found[f"{share:.1%}"] = residual_chroma(scan)
    return found


def cost() -> dict[str, float]:
    """Return the milliseconds that measuring takes at 1, 12 and 50 megapixels."""
    cv2.setNumThreads(1)
    times = {}
    for megapixels in (1, 12, 50):
        pixels = decode(picture(megapixels, "colour"), 10**9).pixels
        for bits, scan in ((8, pixels), (16, pixels.astype(np.uint16) * np.uint16(257))):
            samples = []
            for _ in range(20):
                began = perf_counter()
                residual_chroma(scan)
                samples.append((perf_counter() - began) * 1e3)
            times[f"{megapixels} MP, {bits} bits"] = float(np.median(samples))
    return times


def draw(scans: list[Scan], kinds: list[str]) -> Figure:
    """Draw the distribution of each kind and the threshold."""
    figure = Figure(figsize=(8, 0.32 * len(kinds) + 1))
    axis = figure.subplots()
    values = [[max(0.05, s.chroma) for s in scans if s.kind == kind] for kind in kinds]
    axis.boxplot(values, orientation="horizontal", whis=(1, 99), tick_labels=kinds, sym="")
    axis.axvline(COLOUR_CHROMA, color="C3", label="threshold")
    axis.set(xscale="log", xlabel="residual chroma; whiskers: 1st and 99th percentile")
    axis.invert_yaxis()
    axis.grid(visible=True, axis="x", alpha=0.3)
    axis.legend()
    return figure


if __name__ == "__main__":
    main()
