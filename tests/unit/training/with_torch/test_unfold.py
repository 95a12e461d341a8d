from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from core.errors import ModelCorrupt, TrainingError
from models import Catalogue
from models.catalogue import BUNDLED
from models.manifest import open_folder
from tests.support.standin import write_standin
from training.commands import cli
from training.data import Crops, Phase, find_photos
from training.export import export_network
from training.network import TintSmall
from training.unfold import unfold
from worker.engines import load_engine

PHASE = Phase(64, 24, 8, 0.5, 0.5)


@pytest.fixture
def batches(photos: Path) -> list[torch.Tensor]:
    crops = Crops(find_photos(photos), PHASE, seed=0)
    return [torch.stack([crops[at + i][0] for i in range(8)]) for at in (0, 8, 16)]


@pytest.fixture
def network(batches: list[torch.Tensor]) -> TintSmall:
    return unfold(Catalogue(Path()).get(BUNDLED), batches)


def test_it_says_what_the_exported_network_says(
    network: TintSmall, batches: list[torch.Tensor]
) -> None:
    network.eval()
    engine = load_engine("opencv", Catalogue(Path()).get(BUNDLED))
    for batch in batches:
        with torch.no_grad():
            found = network(batch).softmax(dim=1).numpy()
        expected = engine.predict(batch.numpy()).probabilities
        assert np.abs(found - expected).max() < 2e-3


def test_in_training_it_says_nearly_the_same(
    network: TintSmall, batches: list[torch.Tensor]
) -> None:
    """Each batch is then normalized by its own statistics, which are near those of all."""
    whole = torch.cat(batches)
    with torch.no_grad():
        expected = network.eval()(whole).softmax(dim=1)
        found = network.train()(whole).softmax(dim=1)
    assert (found - expected).abs().mean() < 2e-4


def test_another_network_is_refused(tmp_path: Path, batches: list[torch.Tensor]) -> None:
    with pytest.raises(ModelCorrupt, match="has no layer 'conv1_1'"):
        unfold(open_folder(write_standin(tmp_path / "other")), batches)


def test_a_layer_of_another_size_is_refused(
    network: TintSmall, tmp_path: Path, batches: list[torch.Tensor]
) -> None:
    network.squeeze = torch.nn.Conv2d(256, 64, 1)
    network.excite = torch.nn.Conv2d(64, 256, 1)
    palette = np.load(Catalogue(Path()).get(BUNDLED).path("palette"))
    export_network(network, palette, tmp_path / "thin", "thin", "Thinner")
    with pytest.raises(TrainingError, match="thin is no tint-small"):
        unfold(open_folder(tmp_path / "thin"), batches)


def test_a_run_can_begin_with_the_bundled_network(photos: Path, tmp_path: Path) -> None:
    order = ["train", str(photos), "--crops", "16", "--checkpoint", str(tmp_path / "run.pt")]
    order += ["--recipe", "refine", "--start", BUNDLED]
    done = CliRunner().invoke(cli, order, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run.pt").exists()
