"""Where figures come from: the machine, and what else it did."""

import os
from datetime import UTC, datetime

from core.cores import cores
from core.machine import processor, versions
from core.planning.rates import Measured


def about(command: str) -> Measured:
    """Describe this machine; ``command`` is what measures."""
    return Measured(
        date=datetime.now(UTC).date().isoformat(),
        command=command,
        processor=processor(),
        cores=cores(),
        load=round(os.getloadavg()[0], 2),
        versions=versions(),
    )
