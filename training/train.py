"""The training loop: cross-entropy on soft-encoded bins, moving average, checkpoints, resume."""

import itertools
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from core.errors import TrainingError
from training.bins import SoftEncoder
from training.data import Crops, Photos
from training.network import TintSmall
from training.recipes import Recipe

MEAN_ERROR_FLOOR = 4.0


class Trainer:
    """Holds network, average, optimizer and the position in the recipe."""

    def __init__(
        self, recipe: Recipe, encoder: SoftEncoder, bin_weights: NDArray[np.float32]
    ) -> None:
        """Start a run; ``bin_weights`` is the loss weight of each of the encoder's bins."""
        self.recipe = recipe
        self.encoder = encoder
        self.bin_weights = torch.from_numpy(bin_weights)
        self.palette = torch.from_numpy(encoder.palette)
        self.network = TintSmall().to(memory_format=torch.channels_last)
        self.average = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True
        )
        self.trained = self.network.new_parameters()
        groups = [{"params": self.trained, "share": 1.0}]
        stem = self.network.tuned_parameters()
        if recipe.stem_rate:
            groups.append({"params": stem, "share": recipe.stem_rate})
            self.trained = [*self.trained, *stem]
        else:
            for parameter in stem:
                parameter.requires_grad_(False)
        self.optimizer = torch.optim.AdamW(groups, recipe.rate, weight_decay=recipe.weight_decay)
        self.step = 0

    def load_stem(self, state: Mapping[str, Tensor]) -> None:
        """Set the first layers; see ``training.stem``."""
        for network in (self.network, self.average.module):
            # Only the counters of the frozen statistics are missing from the state.
            network.stem.load_state_dict(state, strict=False)

    def start_with(self, network: TintSmall) -> None:
        """Begin with the weights of another run or model, and with a schedule of one's own."""
        for mine in (self.network, self.average.module):
            mine.load_state_dict(network.state_dict())

    def save(self, path: Path) -> None:
        """Write a checkpoint; a crash while writing leaves the previous one."""
        state = {
            "recipe": repr(self.recipe),
            "bin_weights": self.bin_weights,
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint.

        Raises:
            TrainingError: it is of another recipe.
        """
        state = torch.load(path, weights_only=True)
        same = torch.equal(state["bin_weights"], self.bin_weights)
        if state["recipe"] != repr(self.recipe) or not same:
            raise TrainingError(f"{path} is of another recipe; name another --checkpoint")
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def loss(self, lightness: Tensor, ab: Tensor) -> Tensor:
        """Cross-entropy on soft-encoded ab, plus the recipe's share of the mean's error."""
        bins, weights = (torch.from_numpy(part) for part in self.encoder.encode(ab.numpy()))
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(lightness.contiguous(memory_format=torch.channels_last))
        log_p = logits.float().log_softmax(dim=1)
        picked = log_p.gather(1, bins.permute(0, 3, 1, 2))
        cross_entropy = -(picked * weights.permute(0, 3, 1, 2)).sum(dim=1)
        likeliest = bins.gather(-1, weights.argmax(-1, keepdim=True)).squeeze(-1)
        total = (cross_entropy * self.bin_weights[likeliest]).mean()
        if self.recipe.mean_weight:
            total = total + self.recipe.mean_weight * self._mean_error(log_p, ab)
        return total

    def _mean_error(self, log_p: Tensor, ab: Tensor) -> Tensor:
        """Logarithm of each crop's squared error at temperature 1, as PSNR counts it."""
        mean = torch.einsum("nkhw,kc->nhwc", log_p.exp(), self.palette)
        squared = (mean - ab.float()).square().mean(dim=(1, 2, 3))
        return (squared + MEAN_ERROR_FLOOR).log().mean()

    def run(self, photos: Photos, checkpoint: Path, every: int = 200) -> None:
        """Train to the end of the recipe, saving every ``every`` steps and at the end."""
        self.network.train()
        began, first, recent = time.monotonic(), self.step, 0.0
        for lightness, ab in self._batches(photos):
            for group in self.optimizer.param_groups:
                group["lr"] = self._rate() * group["share"]
            loss = self.loss(lightness, ab)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
            self.optimizer.step()
            self.average.update_parameters(self.network)
            self.step += 1
            recent = loss.item() if not recent else 0.98 * recent + 0.02 * loss.item()
            if self.step % every == 0 or self.step == self.recipe.steps:
                self.save(checkpoint)
                pace = (time.monotonic() - began) / (self.step - first)
                left = pace * (self.recipe.steps - self.step) / 60
                print(
                    f"step {self.step}/{self.recipe.steps}  loss {recent:.3f}  "
                    f"{pace * 1e3:.0f} ms a step  {left:.0f} min left",
                    flush=True,
                )

    def _rate(self) -> float:
        """Cosine schedule after a linear warm-up."""
        progress = self.step / self.recipe.steps
        warm = min(1.0, (self.step + 1) / self.recipe.warmup)
        return self.recipe.rate * warm * (0.5 * (1 + math.cos(math.pi * progress)) + 1e-3)

    def _batches(self, photos: Photos) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what the recipe has left, phase after phase."""
        done = self.step
        for phase in self.recipe.phases:
            steps = phase.steps
            skipped = min(done, steps)
            done -= skipped
            if skipped == steps:
                continue
            crops = Crops(photos, phase, self.recipe.seed, skipped * phase.batch)
            loader = DataLoader(crops, phase.batch, num_workers=1, prefetch_factor=8)
            yield from itertools.islice(loader, steps - skipped)
