"""What Celery logs goes where our own lines go."""

import logging
import sys
from typing import Any

from celery import Celery
from celery.signals import setup_logging

QUIET = ("celery.app.trace", "celery.worker.strategy", "celery.utils.functional")
"""They tell of each message; the one line that a job has is ours."""


def log_as_we_do(app: Celery) -> None:
    """Have Celery leave the loggers alone, and log what it would print."""

    def keep_ours(**_: Any) -> None:
        # At its end it speaks there, past all loggers; our parent says the same.
        sys.__stdout__ = None  # type: ignore[misc]
        app.log.redirect_stdouts("WARNING")  # type: ignore[arg-type]

    setup_logging.connect(keep_ours, weak=False)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
