from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.settings import Settings
from models import Catalogue
from models.manifest import open_folder
from tests.support.standin import palette
from training.export import export_network
from training.network import TintSmall
from training.stem import from_model
from worker.engines import load_engine


@pytest.fixture(scope="module")
def network() -> TintSmall:
    """A network with statistics and biases that no layer could ignore unseen."""
    torch.manual_seed(0)
    network = TintSmall()
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.1)
    with torch.no_grad():
        # The file holds float16; what is compared is the layers, not the rounding.
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network


@pytest.fixture(scope="module")
def folder(network: TintSmall, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "mine"
    export_network(network, palette(), folder, "mine", 'A "quoted" title')
    return folder


@pytest.mark.parametrize("size", [224, 112])
def test_pytorch_and_opencv_agree(network: TintSmall, folder: Path, size: int) -> None:
    lightness = np.random.default_rng(0).uniform(-50, 50, (1, 1, size, size)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(lightness)).softmax(dim=1).numpy()
    prediction = load_engine("opencv", open_folder(folder)).predict(lightness)
    assert prediction.probabilities.shape == (1, 313, size // 4, size // 4)
    assert np.abs(prediction.probabilities - expected).max() < 1e-3
    mean = np.einsum("nqhw,qc->nchw", prediction.probabilities, palette().astype(np.float32))
    assert np.abs(prediction.ab - mean).max() < 1e-2


def test_the_folder_is_a_model_with_a_manifest(folder: Path) -> None:
    model = open_folder(folder)
    model.verify()
    assert model.name == "mine"
    assert model.manifest.title == 'A "quoted" title'
    assert sum(file.bytes for _, file in model.files) < 14 * 2**20


def test_the_stem_can_be_read_back(network: TintSmall, folder: Path) -> None:
    state = from_model(open_folder(folder))
    for name, values in state.items():
        original = network.stem.state_dict()[name]
        assert torch.allclose(values, original, atol=1e-3), name


def test_the_bundled_network_lends_its_stem() -> None:
    state = from_model(Catalogue.from_settings(Settings()).get("tint-small"))
    missing, unexpected = TintSmall().stem.load_state_dict(state, strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing)
    assert not unexpected
