"""Every engine on both networks, by batch and threads, beside opencv in the same run."""

from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage.color import deltaE_ciede2000

from benchmarks import report
from benchmarks.full_size import full_size_model
from models import Catalogue, Model
from models.catalogue import BUNDLED
from worker.colour import Decoding, colorize, lightness
from worker.engines import Engine
from worker.engines.agreement import sample_input
from worker.engines.caffe import read_caffe
from worker.engines.load import ENGINES
from worker.engines.openvino import OpenVINOEngine
from worker.images import decode

BATCHES, THREADS = (1, 2, 4, 8), (1, 2)
SAMPLES = Path(__file__).parents[1] / "samples"


@click.command()
@click.option("--rounds", default=7, show_default=True)
def main(rounds: int) -> None:
    """Time one forward pass of every engine; compare what the engines say."""
    with TemporaryDirectory() as folder:
        models = {
            "full size": full_size_model(Path(folder)),
            BUNDLED: Catalogue(Path(folder)).get(BUNDLED),
        }
        speed = [row for name, model in models.items() for row in _speed(name, model, rounds)]
        agreement = _agreement(models[BUNDLED])
    report.write("engines", {"speed": speed, "agreement": agreement}, _draw(speed))


def load_all(model: Model, threads: int) -> dict[str, Engine]:
    """Return every engine; OpenVINO also with float32 where it would take bfloat16."""
    engines = {name: backend.load(read_caffe(model), threads) for name, backend in ENGINES.items()}
    if engines["openvino"].precision != "f32":
        engines["openvino f32"] = OpenVINOEngine(read_caffe(model), threads, "f32")
    return engines


def _speed(name: str, model: Model, rounds: int) -> list[dict[str, Any]]:
    rows = []
    for threads in THREADS:
        cv2.setNumThreads(threads)
        engines = load_all(model, threads)
        for batch in BATCHES:
            picture = np.repeat(sample_input(224), batch, axis=0)
            calls = {key: partial(engine.predict, picture) for key, engine in engines.items()}
            times = report.interleaved(calls, rounds)
            for key, ms in times.items():
                each = ms / batch
                ratio = times["opencv"] / ms
                rows.append(
                    {"network": name, "engine": key, "threads": threads, "batch": batch}
                    | {"ms_per_image": each, "times_opencv": ratio}
                )
                print(
                    f"{name:10} {threads} threads, batch {batch}: {key:13} {each:7.1f} ms an "
                    f"image, {ratio:5.2f} times opencv",
                    flush=True,
                )
    return rows


def _agreement(model: Model) -> list[dict[str, Any]]:
    """Compare final pictures of the samples with opencv's: CIEDE2000."""
    engines = load_all(model, 0)
    reference = engines.pop("opencv")
    sources = [lightness(decode(p.read_bytes(), 10**8).pixels) for p in SAMPLES.glob("*.jpg")]
    rows = []
    for name, engine in engines.items():
        differences = []
        for source in sources:
            found, expected = (_lab(source, used) for used in (engine, reference))
            differences.append(deltaE_ciede2000(found, expected))
        mean = float(np.mean([difference.mean() for difference in differences]))
        worst = float(max(difference.max() for difference in differences))
        rows.append(
            {"engine": name, "precision": engine.precision, "mean_delta_e": mean, "worst": worst}
        )
        print(f"{name}: mean CIEDE2000 {mean:.4f}, worst pixel {worst:.2f}")
    return rows


def _lab(source: Any, engine: Engine) -> Any:
    rgb = colorize(source, engine, how=Decoding(vividness=engine.model.manifest.vividness)).rgb
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _draw(rows: list[dict[str, Any]]) -> Figure:
    networks = list(dict.fromkeys(row["network"] for row in rows))
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    figure = Figure(figsize=(11, 4))
    for axis, network in zip(figure.subplots(1, len(networks)), networks, strict=True):
        for engine, threads in product(engines, THREADS):
            part = [
                row
                for row in rows
                if (row["network"], row["engine"], row["threads"]) == (network, engine, threads)
            ]
            style = "-" if threads > 1 else "--"
            color = f"C{engines.index(engine)}"
            x, y = [row["batch"] for row in part], [row["ms_per_image"] for row in part]
            axis.plot(x, y, style, color=color, marker="o", label=f"{engine}, {threads}")
        axis.set(title=network, xlabel="batch", ylabel="ms an image", yscale="log", xscale="log")
        axis.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
        axis.grid(visible=True, which="both", alpha=0.3)
    axis.legend(title="engine, threads", fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


if __name__ == "__main__":
    main()
