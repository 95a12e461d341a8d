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
    """Go on from a trained network with large crops, at half the rate."""
    phase = Phase(size=192, crops=crops, batch=16, large_share=0.8, min_area=0.35)
    return Recipe((phase,), rate=1e-3, warmup=300, ema=0.999)


RECIPES = {"from-scratch": from_scratch, "refine": refine}
