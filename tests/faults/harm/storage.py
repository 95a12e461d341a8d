"""Harm to S3, and on the way to it."""

import time
from typing import Any

from tests.faults.fleet import Fleet
from tests.faults.harm.registry import Harm, fault
from tests.faults.load import Load
from tests.faults.proxy import Weather


@fault("S3 down for 20 s", longest=60.0)
def s3_down(fleet: Fleet, _load: Load) -> None:
    """Connections are refused."""
    time.sleep(1)
    fleet.s3_server.kill()
    fleet.s3_server.wait()
    time.sleep(20)
    fleet.s3_server.start()
    fleet.s3_server.wait_ready(30)


def _weather(seconds: float, **weather: Any) -> Harm:
    def harm(fleet: Fleet, _load: Load) -> None:
        with fleet.s3_proxy.bad(Weather(**weather)):
            time.sleep(seconds)

    return harm


fault("S3 slow, 0.2 to 5 s")(_weather(15, slow=(0.2, 5)))
fault("S3 answers 503 half of the time", longest=90.0)(_weather(15, busy=0.5))
fault("connections to S3 cut in mid-body", longest=90.0)(_weather(15, cuts=0.5))


@fault("disk full when results are stored", load={"order": {"options": {"format": "png"}}})
def disk_full(fleet: Fleet, _load: Load) -> None:
    """Files may not grow over one kilobyte for a while; results are larger."""
    command = fleet.s3_server.command
    _restart_s3(fleet, ["sh", "-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh", *command])
    time.sleep(10)
    _restart_s3(fleet, list(command))


def _restart_s3(fleet: Fleet, command: list[str]) -> None:
    fleet.s3_server.kill()
    fleet.s3_server.wait()
    fleet.s3_server.command = command
    fleet.s3_server.start()
    fleet.s3_server.wait_ready(30)
