"""Commands of ``python -m training``; docs/models/tint-small.md shows them in use."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.settings import Settings
from models import Catalogue, Model
from models.catalogue import BUNDLED, NETWORKS
from training.bins import SoftEncoder, prior_of, rebalancing_weights
from training.data import Crops, Phase, Photos, find_photos
from training.export import export_network, load_average
from training.recipes import RECIPES
from training.stem import from_archive, from_model
from training.train import Trainer
from training.unfold import unfold

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PALETTE = NETWORKS / BUNDLED / "palette.npy"
PRIOR_CROPS = 4000
STATISTICS_CROPS = 400


@click.group()
def cli() -> None:
    """Train a small colorization network on a folder of photographs, then export it."""


@cli.command()
@click.argument("photos", type=FOLDER)
@click.option("--crops", default=170_000, show_default=True, help="How many the network sees.")
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("tint-small.pt"),
    show_default=True,
    help="Written every 200 steps; where it exists, training goes on from it.",
)
@click.option(
    "--recipe",
    type=click.Choice(list(RECIPES)),
    default="from-scratch",
    show_default=True,
    help="See training/recipes.py.",
)
@click.option(
    "--start",
    help="What to begin with, for the recipe refine: the checkpoint of a finished run, or the "
    "name or folder of an exported network such as tint-small.",
)
@click.option(
    "--stem",
    type=FILE,
    help="Archive (.npz) with trained layers conv1_1 to conv3_3; these stay frozen. Left out: "
    "those of the bundled network.",
)
@click.option("--palette", type=FILE, default=PALETTE, help="Bins (.npy); left out: Zhang's 313.")
@click.option("--prior", type=FILE, help="Prior over the bins (.npy); left out: that of PHOTOS.")
@click.option(
    "--rebalance",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Weight of rare colours in the loss: 1 is the paper's, 0 none.",
)
def train(
    photos: Path,
    crops: int,
    checkpoint: Path,
    recipe: str,
    start: str | None,
    stem: Path | None,
    palette: Path,
    prior: Path | None,
    rebalance: float,
) -> None:
    """Train on every photograph below PHOTOS, or go on with a run that was stopped."""
    found = find_photos(photos)
    plan = RECIPES[recipe](crops)
    encoder = SoftEncoder(np.load(palette))
    weights = np.ones(encoder.size, np.float32)
    if rebalance:
        distribution = (
            np.load(prior)
            if prior
            else _prior(found, replace(plan.phases[0], crops=PRIOR_CROPS), encoder)
        )
        weights = rebalancing_weights(distribution, rebalance)
    trainer = Trainer(plan, encoder, weights)
    if checkpoint.exists():
        trainer.resume(checkpoint)
        click.echo(f"going on from step {trainer.step} of {plan.steps}")
    elif start and Path(start).is_file():
        trainer.start_with(load_average(Path(start)))
    elif start:
        model = Catalogue.from_settings(Settings.load()).find(start)
        trainer.start_with(unfold(model, _samples(found, plan.phases[0])))
    else:
        trainer.load_stem(from_archive(stem) if stem else from_model(_bundled()))
    trainer.run(found, checkpoint)


@cli.command()
@click.argument("checkpoint", type=FILE)
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@click.option("--palette", type=FILE, default=PALETTE, help="The one used in training.")
@click.option("--title", default="Trained with python -m training", help="What it is.")
@click.option(
    "--vividness",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Its default at decoding.",
)
def export(checkpoint: Path, output: Path, palette: Path, title: str, vividness: float) -> None:
    """Write the moving average of CHECKPOINT to the folder OUTPUT, named for the folder."""
    name = output.resolve().name
    export_network(load_average(checkpoint), np.load(palette), output, name, title, vividness)
    click.echo(f"{output} is a model; try it: tintype colorize PHOTOS -o OUT --model {output}")


@cli.command()
@click.argument("photos", type=FOLDER)
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--crops", default=20_000, show_default=True, help="How many are counted.")
@click.option("--palette", type=FILE, default=PALETTE, help="Bins (.npy); left out: Zhang's 313.")
def prior(photos: Path, output: Path, crops: int, palette: Path) -> None:
    """Count how often each colour occurs in PHOTOS; write the distribution to OUTPUT (.npy)."""
    phase = replace(RECIPES["from-scratch"](crops).phases[0], crops=crops)
    np.save(output, _prior(find_photos(photos), phase, SoftEncoder(np.load(palette))))


def _samples(photos: Photos, phase: Phase) -> Iterator[Tensor]:
    """Yield lightness on which the statistics of a network's layers are taken."""
    crops = Crops(photos, replace(phase, crops=STATISTICS_CROPS), seed=0)
    for first in range(0, len(crops), phase.batch):
        numbers = range(first, min(first + phase.batch, len(crops)))
        yield torch.stack([crops[number][0] for number in numbers])


def _bundled() -> Model:
    return Catalogue.from_settings(Settings.load()).get(BUNDLED)


def _prior(photos: Photos, phase: Phase, encoder: SoftEncoder) -> NDArray[np.float32]:
    crops = Crops(photos, phase, seed=0)
    return prior_of((crops[index][1].numpy() for index in range(len(crops))), encoder)
