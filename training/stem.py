"""Where the frozen first layers come from: an archive of Caffe blobs, or another model's files."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models import Model
from training.network import STEM
from worker.engines.caffe import read_caffe


def from_archive(path: Path) -> dict[str, Tensor]:
    """Read ``.npz`` keys ``<layer>.weight``, ``.bias``, ``.mean_sum``, ``.var_sum``, ``.scale``.

    Returns a state for ``training.network.Stem``.

    Raises:
        KeyError: the archive lacks a layer.
    """
    blobs = np.load(path)
    state: dict[str, Tensor] = {}
    for name, *_, norm in STEM:
        # Zhang's file calls the first layer by the name of its grey input.
        source = "bw_conv1_1" if name == "conv1_1" else name
        state[f"{name}.weight"] = torch.tensor(blobs[f"{source}.weight"])
        state[f"{name}.bias"] = torch.tensor(blobs[f"{source}.bias"])
        if norm:
            scale = blobs[f"{name}norm.scale"]
            state[f"{name}norm.running_mean"] = torch.tensor(blobs[f"{name}norm.mean_sum"] / scale)
            state[f"{name}norm.running_var"] = torch.tensor(blobs[f"{name}norm.var_sum"] / scale)
    return state


def from_model(model: Model) -> dict[str, Tensor]:
    """Read the layers from a network that has them, such as the bundled one.

    Returns a state for ``training.network.Stem``.

    Raises:
        ModelNotInstalled, ModelCorrupt: the model's files are not as promised, or lack a layer.
    """
    caffe = read_caffe(model)
    state: dict[str, Tensor] = {}
    for name, *_, norm in STEM:
        weight, bias = (torch.tensor(blob) for blob in caffe.blobs(name))
        state |= {f"{name}.weight": weight, f"{name}.bias": bias.flatten()}
        if norm:
            layer = f"{name}norm"
            mean, variance, scale = (torch.tensor(blob) for blob in caffe.blobs(layer))
            state[f"{layer}.running_mean"] = mean.flatten() / scale.item()
            state[f"{layer}.running_var"] = variance.flatten() / scale.item()
    return state
