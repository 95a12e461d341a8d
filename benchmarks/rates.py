"""The figures that ``tintype plan`` and the simulation reckon with: measured, and committed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.full_size import full_size_model
from benchmarks.pipeline import picture
from cli.measuring import about, measure_network, measure_redis
from core.planning import STAGES, Network, Rates, Size, fit
from core.settings import Settings
from models.catalogue import BUNDLED

FILE = Path(__file__).parents[1] / "core" / "planning" / "rates.json"
ENGINES = ("openvino", "onnxruntime", "opencv")
FULL_SIZE = "zhang-eccv16"
"""What the full-size stand-in stands for: the same layers with random weights take as long."""


@click.command()
@click.option("--engine", "engines", multiple=True, default=ENGINES, show_default=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), default=FILE, show_default=True
)
def main(engines: tuple[str, ...], output: Path) -> None:
    """Measure every engine and network, some four minutes, and renew the committed file."""
    measured = about("python -m benchmarks.rates")
    redis = measure_redis(Settings(model=BUNDLED), _grey)
    networks = []
    with TemporaryDirectory() as folder:
        full = full_size_model(Path(folder)).folder
        for engine in engines:
            for model, name in ((BUNDLED, BUNDLED), (str(full), FULL_SIZE)):
                print(f"{name} with {engine}", flush=True)
                found = measure_network(Settings(model=model, engine=engine), _grey)
                networks.append(found.model_copy(update={"model": name}))
    rates = Rates(measured=measured, redis=redis, networks=tuple(networks))
    output.write_text(rates.written())
    report.write("rates", {"networks": [_row(each) for each in networks]}, _draw(networks))
    print(output)


def _grey(megapixels: float) -> bytes:
    return picture(megapixels, "grey")


def _row(network: Network) -> dict[str, Any]:
    found = fit(network)
    row = {"network": network.label, "error": found.error, "tested": found.tested}
    print(
        f"{network.label}: {found.seconds(0) * 1e3:.0f} ms and "
        f"{sum(line.slope for line in found.stages.values()) * 1e3:.1f} ms a megapixel; "
        f"{100 * (found.error or 0):+.0f} % at {found.tested} MP, which were not fitted",
        flush=True,
    )
    return row | {"stages": {stage: vars(found.stages[stage]) for stage in STAGES}}


def _draw(networks: list[Network]) -> Figure:
    figure = Figure(figsize=(9, 4.5))
    axis = figure.subplots()
    for index, network in enumerate(networks):
        found, colour = fit(network), f"C{index}"
        ends = [min(s.megapixels for s in network.sizes), max(s.megapixels for s in network.sizes)]
        axis.plot(ends, [found.seconds(x) for x in ends], color=colour, label=network.label)
        for fitted, marker in ((True, "o"), (False, "x")):
            part: list[Size] = [size for size in network.sizes if size.fitted is fitted]
            axis.plot([s.megapixels for s in part], [s.total for s in part], marker, color=colour)
    axis.set(xlabel="megapixels", ylabel="seconds a job on one core", ylim=(0, None))
    axis.set_title("dots are fitted, crosses are not")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
