"""``python -m training``: train a small colorization network on a folder of photographs."""

import argparse
from pathlib import Path

import numpy as np

from training.data import Phase
from training.train import Recipe, Trainer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--stem", type=Path)
    parser.add_argument("--palette", type=Path)
    parser.add_argument("--prior", type=Path)
    parser.add_argument("--crops", type=int, default=220_000)
    parser.add_argument("--checkpoint", type=Path, default=Path("tint-small.pt"))
    parser.add_argument("--rebalance", type=float, default=0.0)
    args = parser.parse_args()
    phases = (
        Phase(112, int(args.crops * 0.87), 32, 0.65, 0.15),
        Phase(192, int(args.crops * 0.13), 16, 0.9, 0.5),
    )
    trainer = Trainer(
        Recipe(phases, rebalance=args.rebalance), np.load(args.palette), np.load(args.prior)
    )
    if args.checkpoint.exists():
        trainer.resume(args.checkpoint)
    else:
        trainer.start_from(args.stem)
    trainer.run(args.photos, args.checkpoint)


main()
