"""All but the network, from 1 to 100 megapixels, beside the classic script; time and memory."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.classic import classic
from benchmarks.memory import Peak
from worker.colour import lightness, sample
from worker.colour.compose import compose
from worker.colour.pipeline import network_input
from worker.images import Photo, Provenance, decode, describe, encode, reader

MEGAPIXELS = (1, 4, 12, 24, 50, 100)
QUALITY = 92
MADE = Provenance("benchmark", "0" * 64, "{}", "0" * 64)
SAMPLES = Path(__file__).parents[1] / "samples"


@click.command()
@click.option("--megapixels", default=",".join(map(str, MEGAPIXELS)), show_default=True)
@click.option("--threads", default=2, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--child", hidden=True, help="Measure one case and print it: KIND:MEGAPIXELS.")
def main(megapixels: str, threads: int, rounds: int, child: str | None) -> None:
    """Measure every size in a process of its own."""
    cv2.setNumThreads(threads)
    if child:
        kind, _, count = child.partition(":")
        print(json.dumps(_measure(kind, float(count), rounds)))
        return
    from benchmarks import report

    rows = []
    for kind in ("grey", "colour"):
        for size in megapixels.split(","):
            command = [sys.executable, "-m", "benchmarks.pipeline", "--threads", str(threads)]
            command += ["--rounds", str(rounds), "--child", f"{kind}:{size}"]
            row = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            rows.append(row)
            print(
                f"{kind:6} {size:>5} MP: {row['ours_ms']:6.0f} ms, "
                f"{row['ours_ms'] / row['codec_ms']:.2f} times imdecode + imencode "
                f"(classic {row['classic_ms'] / row['codec_ms']:.2f}); "
                f"{row['ours_peak']:5.1f} bytes a pixel (classic {row['classic_peak']:.1f}); "
                f"{row['total_mb']:.0f} MB in all",
                flush=True,
            )
    report.write("pipeline", {"threads": threads, "rows": rows}, _draw(rows))


def picture(megapixels: float, kind: str) -> bytes:
    """Return a JPEG of a sample photograph, enlarged, with grain as a scan has it."""
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    image = cv2.imread(str(SAMPLES / "coffee.jpg"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    rng = np.random.default_rng(0)
    if kind == "colour":
        tints = rng.normal(0, 30, (6, 8, 3)).astype(np.float32)
        size = image.shape[1], image.shape[0]
        wide = cv2.resize(tints, size, interpolation=cv2.INTER_CUBIC)
        image = np.clip(image[..., None] + wide, 0, 255).astype(np.uint8)
    large = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = np.asarray(rng.normal(0, 3, large.shape), np.int8)
    noisy = cv2.add(large, grain, dtype=cv2.CV_8U)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _ab() -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    # A mean chroma of 11, as tint-small gives photographs.
    coarse = rng.normal(0, 9, (8, 8, 2)).astype(np.float32)
    ab = cv2.resize(coarse, (56, 56), interpolation=cv2.INTER_CUBIC).transpose(2, 0, 1)
    return np.ascontiguousarray(ab, np.float32)


def _measure(kind: str, megapixels: float, rounds: int) -> dict[str, Any]:
    data, ab = picture(megapixels, kind), _ab()
    stages: dict[str, list[float]] = {}

    def ours() -> bytes:
        marks = [perf_counter()]
        pixels = decode(data, 10**9).pixels
        marks.append(perf_counter())
        source = lightness(pixels)
        network_input(source, 224)
        marks.append(perf_counter())
        rgb = compose(source, ab, pixels if pixels.ndim == 3 else None)
        marks.append(perf_counter())
        kept = sample(source)
        del source, pixels
        kept.difference(lambda rows: rgb[rows])
        marks.append(perf_counter())
        photo = describe(Photo(rgb, None, "jpeg"), MADE)
        result = encode(photo, "jpeg", QUALITY)
        marks.append(perf_counter())
        kept.difference(reader(result, kept.strips, (photo.height, photo.width)))
        marks.append(perf_counter())
        names = (
            "decode",
            "lightness and network input",
            "compose",
            "proof before",
            "encode",
            "proof after",
        )
        for name, first, last in zip(names, marks, marks[1:], strict=False):
            stages.setdefault(name, []).append((last - first) * 1e3)
        return result

    def theirs() -> bytes:
        return classic(data, lambda _: ab, QUALITY)

    def codec() -> bytes:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

    row: dict[str, Any] = {"kind": kind, "megapixels": megapixels}
    calls: dict[str, Callable[[], bytes]] = {"codec": codec, "ours": ours, "classic": theirs}
    pixels = megapixels * 1e6
    for name, call in calls.items():
        with Peak() as peak:
            call()
        row[f"{name}_peak"] = peak.extra / pixels
        if name == "ours":
            row["total_mb"] = peak.total / 1e6
    from benchmarks.report import interleaved

    stages.clear()
    times = interleaved(calls, rounds)
    row |= {f"{name}_ms": ms for name, ms in times.items()}
    row["stages_ms"] = {name: float(np.median(values)) for name, values in stages.items()}
    return row


def _draw(rows: list[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(11, 4))
    time, memory = figure.subplots(1, 2)
    labels = {"ours": "Tintype", "classic": "classic script", "codec": "imdecode + imencode"}
    for index, (name, label) in enumerate(labels.items()):
        for kind, style in (("grey", "-"), ("colour", "--")):
            part = [row for row in rows if row["kind"] == kind]
            x = [row["megapixels"] for row in part]
            style_ = {"linestyle": style, "color": f"C{index}", "marker": "o"}
            time.plot(x, [row[f"{name}_ms"] for row in part], label=f"{label}, {kind}", **style_)
            memory.plot(x, [row[f"{name}_peak"] for row in part], **style_)
    time.set(xlabel="megapixels", ylabel="ms", xscale="log", yscale="log", title="time")
    memory.set(xlabel="megapixels", ylabel="bytes a pixel", xscale="log", yscale="log")
    memory.set_title("peak memory")
    for axis in (time, memory):
        axis.grid(visible=True, which="both", alpha=0.3)
    time.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
