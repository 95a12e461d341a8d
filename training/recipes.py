"""The recipes that a run can name."""

from dataclasses import dataclass

from training.data import Phase


@dataclass(frozen=True)
class Recipe:
    """What decides the result of a run, beside the photographs and the weights of the bins."""

    phases: tuple[Phase, ...]
    rate: float = 2e-3
    weight_decay: float = 1e-2
    warmup: int = 200
    ema: float = 0.998
    stem_rate: float = 0.0
    """Rate of the stem's last layers, as a share of the others'; 0 freezes them."""
    mean_weight: float = 0.0
    """Share of the mean colour's error in the loss, beside the cross-entropy."""
    seed: int = 1

    @property
    def steps(self) -> int:
        """Number of optimizer steps of the whole run."""
        return sum(phase.steps for phase in self.phases)


def from_scratch(crops: int) -> Recipe:
    """Many small crops; the last 13 % show whole photographs, larger."""
    large = crops * 13 // 100
    return Recipe(
        (
            Phase(size=112, crops=crops - large, batch=32, large_share=0.65, min_area=0.15),
            Phase(size=192, crops=large, batch=16, large_share=0.9, min_area=0.5),
        )
    )


def refine(crops: int) -> Recipe:
    """Go on from a trained network with larger crops, and with the error of the mean colour."""
    large = crops * 36 // 100
    return Recipe(
        (
            Phase(size=144, crops=crops - large, batch=24, large_share=0.75, min_area=0.3),
            Phase(size=192, crops=large, batch=16, large_share=0.85, min_area=0.5),
        ),
        rate=1e-3,
        warmup=300,
        ema=0.999,
        stem_rate=0.2,
        mean_weight=0.5,
    )


RECIPES = {"from-scratch": from_scratch, "refine": refine}
