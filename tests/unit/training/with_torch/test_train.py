import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from core.errors import TrainingError
from models.manifest import open_folder
from tests.support.standin import palette
from training.bins import SoftEncoder
from training.commands import cli
from training.data import Crops, Phase, compress, damage, find_photos, scratch
from training.export import load_average
from training.network import STEM
from training.recipes import Recipe
from training.stem import from_archive
from training.train import Trainer

RECIPE = Recipe((Phase(32, 8, 4, 0.5, 0.3), Phase(48, 4, 2, 0.5, 0.5)), warmup=2)


def _trainer(recipe: Recipe = RECIPE) -> Trainer:
    torch.manual_seed(0)
    return Trainer(recipe, SoftEncoder(palette()), np.ones(313, np.float32))


def test_a_resumed_run_ends_as_one_that_was_never_stopped(photos: Path, tmp_path: Path) -> None:
    found = find_photos(photos)
    straight = _trainer()
    straight.run(found, tmp_path / "straight.pt", every=100)

    class Stopped(Exception):
        pass

    stopped = _trainer()
    save = stopped.save

    def save_and_stop(path: Path) -> None:
        save(path)
        raise Stopped

    stopped.save = save_and_stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        stopped.run(found, tmp_path / "stopped.pt", every=3)
    resumed = _trainer()
    resumed.resume(tmp_path / "stopped.pt")
    assert resumed.step == 3
    resumed.run(found, tmp_path / "stopped.pt")
    assert resumed.step == straight.step == RECIPE.steps == 4
    for name, values in straight.average.state_dict().items():
        assert torch.allclose(values, resumed.average.state_dict()[name], atol=1e-5), name


def test_training_lowers_the_loss_and_leaves_the_stem(photos: Path, tmp_path: Path) -> None:
    recipe = Recipe((Phase(32, 80, 4, 0.5, 1.0),), warmup=2)
    trainer = _trainer(recipe)
    stem = {name: values.clone() for name, values in trainer.network.stem.state_dict().items()}
    crops = Crops(find_photos(photos), recipe.phases[0], seed=5)
    items = [crops[index] for index in range(8)]
    lightness, ab = (torch.stack(part) for part in zip(*items, strict=True))
    before = trainer.loss(lightness, ab).item()
    trainer.run(find_photos(photos), tmp_path / "run.pt")
    assert trainer.loss(lightness, ab).item() < before - 0.5
    for name, values in trainer.network.stem.state_dict().items():
        assert torch.equal(values, stem[name]), name


def test_refining_moves_the_last_layers_of_the_stem_and_no_others(
    photos: Path, tmp_path: Path
) -> None:
    trainer = _trainer(replace(RECIPE, stem_rate=0.2, mean_weight=0.5))
    stem = {name: values.clone() for name, values in trainer.network.stem.state_dict().items()}
    trainer.run(find_photos(photos), tmp_path / "run.pt")
    for name, values in trainer.network.stem.state_dict().items():
        moved = name.startswith("conv3") and "norm" not in name
        assert torch.equal(values, stem[name]) != moved, name


def test_the_error_of_the_mean_colour_counts_once_it_has_a_weight(photos: Path) -> None:
    plain, weighted = _trainer(), _trainer(replace(RECIPE, mean_weight=0.5))
    lightness, ab = Crops(find_photos(photos), RECIPE.phases[0], seed=5)[0]
    with torch.no_grad():
        with torch.autocast("cpu", torch.bfloat16):
            logits = plain.network(lightness[None])
        mean = torch.einsum(
            "nkhw,kc->nhwc", logits.float().softmax(1), torch.tensor(palette()).float()
        )
        error = (mean[0] - ab.float()).square().mean()
        extra = weighted.loss(lightness[None], ab[None]) - plain.loss(lightness[None], ab[None])
    assert extra.item() == pytest.approx(0.5 * math.log(error.item() + 4), rel=1e-4)


@pytest.mark.parametrize("seed", range(40))
def test_damage_keeps_to_lightness(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.uniform(0, 100, (32, 32)).astype(np.float32)
    after = damage(before, rng)
    assert after.dtype == np.float32
    assert after.shape == (32, 32)
    assert after.min() >= 0
    assert after.max() <= 100


def test_scratches_and_compression_leave_most_of_the_picture() -> None:
    rng = np.random.default_rng(1)
    smooth = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32), (64, 1))
    scratched = scratch(smooth, rng)
    assert 0 < (scratched != smooth).mean() < 0.2
    blocky = compress(smooth, 15)
    assert 0 < np.abs(blocky - smooth).max() < 0.1


def test_a_run_can_begin_with_the_weights_of_another(photos: Path, tmp_path: Path) -> None:
    first = _trainer()
    first.run(find_photos(photos), tmp_path / "first.pt")
    second = Trainer(RECIPE, SoftEncoder(palette()), np.ones(313, np.float32))
    second.start_with(load_average(tmp_path / "first.pt"))
    assert second.step == 0
    expected = first.average.module.state_dict()
    for trained in (second.network, second.average.module):
        for name, values in trained.state_dict().items():
            assert torch.equal(values, expected[name]), name


def test_a_checkpoint_of_another_recipe_is_refused(photos: Path, tmp_path: Path) -> None:
    _trainer().save(tmp_path / "run.pt")
    with pytest.raises(TrainingError, match="another recipe"):
        _trainer(Recipe((Phase(32, 8, 4, 0.5, 0.3),))).resume(tmp_path / "run.pt")
    assert find_photos(photos).large


def test_a_crop_depends_on_its_number_alone(photos: Path) -> None:
    found, phase = find_photos(photos), RECIPE.phases[0]
    whole, rest = Crops(found, phase, seed=1), Crops(found, phase, seed=1, start=5)
    assert len(rest) == 3
    for first, second in zip(whole[6], rest[1], strict=True):
        assert torch.equal(first, second)
    lightness, ab = whole[6]
    assert lightness.shape == (1, 32, 32)
    assert lightness.abs().max() <= 50
    assert ab.shape == (8, 8, 2)


def test_photographs_are_sorted_by_size_and_other_files_left_out(photos: Path) -> None:
    found = find_photos(photos)
    assert [path.name for path in found.large] == ["1.png", "3.png", "5.png"]
    assert [path.name for path in found.small] == ["0.png", "2.png", "4.png"]


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no photographs"):
        find_photos(tmp_path)


def test_an_archive_of_caffe_blobs_becomes_a_stem(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    blobs: dict[str, Any] = {}
    for name, inputs, outputs, _, norm in STEM:
        source = "bw_conv1_1" if name == "conv1_1" else name
        blobs[f"{source}.weight"] = rng.normal(size=(outputs, inputs, 3, 3)).astype(np.float32)
        blobs[f"{source}.bias"] = rng.normal(size=outputs).astype(np.float32)
        if norm:
            blobs[f"{name}norm.mean_sum"] = np.full(outputs, 20, np.float32)
            blobs[f"{name}norm.var_sum"] = np.full(outputs, 30, np.float32)
            blobs[f"{name}norm.scale"] = np.full(1, 10, np.float32)
    np.savez(tmp_path / "blobs.npz", **blobs)
    trainer = _trainer()
    trainer.load_stem(from_archive(tmp_path / "blobs.npz"))
    stem = trainer.network.stem.state_dict()
    assert torch.equal(stem["conv1_1.weight"], torch.tensor(blobs["bw_conv1_1.weight"]))
    assert stem["conv2_2norm.running_mean"].tolist() == [2.0] * 128
    assert stem["conv2_2norm.running_var"].tolist() == [3.0] * 128


def test_the_commands_make_a_model_from_a_folder(photos: Path, tmp_path: Path) -> None:
    checkpoint, output = tmp_path / "run.pt", tmp_path / "mine"
    order = ["train", str(photos), "--crops", "40", "--checkpoint", str(checkpoint)]
    trained = CliRunner().invoke(cli, [*order, "--rebalance", "0.5"], catch_exceptions=False)
    assert trained.exit_code == 0, trained.output
    other = CliRunner().invoke(cli, order)
    assert isinstance(other.exception, TrainingError)
    again = CliRunner().invoke(cli, [*order, "--rebalance", "0.5"], catch_exceptions=False)
    assert "going on from step" in again.output
    refined = tmp_path / "refined.pt"
    order = ["train", str(photos), "--crops", "16", "--checkpoint", str(refined)]
    order += ["--recipe", "refine", "--start", str(checkpoint)]
    assert CliRunner().invoke(cli, order, catch_exceptions=False).exit_code == 0
    exported = CliRunner().invoke(cli, ["export", str(checkpoint), str(output)])
    assert exported.exit_code == 0, exported.output
    open_folder(output).verify()
