"""Each fault by itself, under 200 jobs."""

import pytest

from tests.faults.conftest import Suffer
from tests.faults.harm import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_every_job_ends_once_in_spite_of(suffer: Suffer, fault: Fault) -> None:
    suffer(fault)
