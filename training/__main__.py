"""``python -m training``."""

import sys

from core.errors import TintypeError


def main() -> None:
    """Run the command line; without PyTorch, say what to install."""
    try:
        from training.commands import cli
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        sys.exit("training needs PyTorch; install it with: pip install 'torch>=2.8,<3'")
    try:
        cli(prog_name="python -m training")
    except TintypeError as error:
        sys.exit(f"{error.code}: {error}")


if __name__ == "__main__":
    main()
