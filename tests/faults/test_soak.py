"""Faults picked at random, one after another, for as long as TINTYPE_SOAK_SECONDS says."""

import os
import random
import time

import pytest

from tests.faults.conftest import SEED as CHOSEN
from tests.faults.conftest import Suffer
from tests.faults.harm import FAULTS

SECONDS = float(os.environ.get("TINTYPE_SOAK_SECONDS", "60"))
SEED = int(os.environ.get("TINTYPE_SOAK_SEED", "0")) or random.getrandbits(32)


def test_no_job_is_lost_doubled_or_stuck(suffer: Suffer, request: pytest.FixtureRequest) -> None:
    request.node.user_properties.append((CHOSEN, SEED))
    print(f"TINTYPE_SOAK_SEED={SEED}")
    choose = random.Random(SEED)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        fault = choose.choice(list(FAULTS.values()))
        print(f"{time.strftime('%H:%M:%S')} {fault.name}", flush=True)
        suffer(fault)
