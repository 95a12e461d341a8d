"""Nobody is told that OpenVINO is in use."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import ROOT

pytest.importorskip("openvino")
LOADED = """
import sys
import worker.engines.openvino
print(sys.modules["openvino_telemetry"])
"""


def test_the_engine_tells_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr
    # Telemetry would have left the id by which it knows this machine.
    assert list(tmp_path.iterdir()) == []
