"""The examples of docs/client.md, run as written; the address comes from the environment."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Service
from tests.support.images import encoded, gradient

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "client.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
WEBHOOK = b'{"type": "test", "timestamp": "2026-11-25T01:00:00Z", "data": {}}'
SAID = [
    r"succeeded 451 300\n",
    r"(succeeded s3://tintype/colorized/\S+\n){3}\['.*\]\n",
    r"succeeded True\nsucceeded 1\.2\n",
    # Other tests have scans there, too.
    r"\d+ photographs\nfailed \d+ \{'unsupported_format': 1\}\n"
    r"scans/x\.jpg unsupported_format .*\n",
    r"snapshot .*\n(.*\n)*job\.succeeded succeeded None\n",
    r"204 400\n",
    r"422 invalid_request options\.quality: .*\n",
]
AFTER = {
    5: "import sys, time\n"
    "from webhooks.signature import Signer\n"
    f"body = {WEBHOOK!r}\n"
    "headers = Signer(SECRET).headers('msg_1', int(time.time()), body)\n"
    "print(receive(headers, body), receive(headers, body + b' '))\n"
}
"""What a test adds to an example that only defines something."""


@pytest.fixture(scope="module")
def scans(service: Service) -> None:
    """Photographs below the prefix that the examples name."""
    for number in range(3):
        service.put(f"scans/{number}.jpg", encoded(gradient(seed=number)))
    service.put("scans/x.jpg", b"no image")


@pytest.mark.usefixtures("scans")
@pytest.mark.parametrize("number", range(len(SAID)))
def test_an_example_says_what_it_should(service: Service, tmp_path: Path, number: int) -> None:
    assert len(BLOCKS) == len(SAID)
    (tmp_path / ".tintype").symlink_to(service.data)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKS[number] + AFTER.get(number, "")],
        cwd=tmp_path,
        env={"TINTYPE_API": service.url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(SAID[number], done.stdout), done.stdout
