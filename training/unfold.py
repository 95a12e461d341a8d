"""Going on from an exported network: batch normalization, folded away there, is put back."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import TrainingError
from models import Model
from training.network import BATCH_NORM_EPS, DILATIONS, ConvNorm, TintSmall
from training.stem import from_model
from worker.engines.caffe import CaffeNet, read_caffe


def unfold(model: Model, samples: Iterable[Tensor]) -> TintSmall:
    """Return a network that says what the exported one says, ready to be trained.

    ``samples`` are batches of lightness - 50, (n, 1, h, w): the statistics of batch
    normalization are those of the layers' outputs on them.

    Raises:
        TrainingError: the model is not a tint-small.
        ModelNotInstalled, ModelCorrupt: its files are not as promised, or lack a layer.
    """
    network = TintSmall()
    try:
        network.stem.load_state_dict(from_model(model), strict=False)
        caffe = read_caffe(model)
        for name, module in _layers(network).items():
            _fill(module, caffe, name)
    except (RuntimeError, ValueError, TypeError) as error:
        raise TrainingError(f"{model.name} is no tint-small: {error}") from error
    _renormalize(network, samples)
    return network


def _layers(network: TintSmall) -> dict[str, nn.Module]:
    """Return the trained layers outside the stem by their names in the exported network."""
    blocks = enumerate(zip(network.blocks, DILATIONS, strict=True), 1)
    layers = {f"block{number}_dilation{hole}": block for number, (block, hole) in blocks}
    names = ("down", "squeeze", "excite", "up1", "skip1", "up2", "skip2", "refine")
    layers |= {name: network.get_submodule(name) for name in names}
    return layers | {"conv8_313": network.bins}


def _fill(module: nn.Module, caffe: CaffeNet, name: str) -> None:
    weight, bias = (torch.tensor(blob) for blob in caffe.blobs(name))
    if not isinstance(module, ConvNorm):
        module.load_state_dict({"weight": weight, "bias": bias.flatten()})
        return
    conv, norm = module
    conv.load_state_dict({"weight": weight})
    # With a variance of one, and almost no epsilon, normalization adds the bias and no more.
    norm.load_state_dict(
        {
            "weight": torch.ones_like(norm.weight),
            "bias": bias.flatten(),
            "running_mean": torch.zeros_like(norm.running_mean),
            "running_var": torch.full_like(norm.running_var, 1 - BATCH_NORM_EPS),
            "num_batches_tracked": norm.num_batches_tracked,
        }
    )


@torch.no_grad()
def _renormalize(network: TintSmall, samples: Iterable[Tensor]) -> None:
    """Set the statistics to those of the samples, and gain and bias so that nothing changes."""
    network.eval()
    norms = [module[1] for module in network.modules() if isinstance(module, ConvNorm)]
    moments: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...], _output: Any) -> None:
        values = inputs[0].transpose(0, 1).flatten(1)
        moments[norm].append(torch.stack((values.mean(1), values.square().mean(1))))

    hooks = [norm.register_forward_hook(partial(note)) for norm in norms]
    for batch in samples:
        network(batch)
    for hook in hooks:
        hook.remove()
    for norm, found in moments.items():
        mean, square = torch.stack(found).mean(0)
        variance = (square - mean.square()).clamp_min(BATCH_NORM_EPS)
        norm.bias += mean
        norm.weight.copy_((variance + BATCH_NORM_EPS).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
