"""A bucket tells of a photograph, and its colours appear where the rule says."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from cli.stack import Stack, StackOptions
from core.jobs import Job, State
from core.objects import ObjectRef
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.events import s3_message

SECRET = "an-open-secret-1"
RULES = """
[[rules]]
bucket = "tintype"
prefix = "scans/"
destination = { bucket = "tintype", prefix = "scans/colour/", key_template = "{stem}-{hash}" }
options = { format = "png" }
"""
PHOTO = Path(__file__).parents[2] / "samples" / "cat.jpg"


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[Service]:
    """A service of its own: the settings go from here to all of its processes."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    settings = Settings(
        hooks_secret=SecretStr(SECRET), rules=rules, downloads_dir=tmp_path / "downloads"
    )
    with running(Stack(StackOptions(tmp_path / "stack"), settings)) as service:
        yield service


def tell(service: Service, ref: ObjectRef, etag: str) -> dict[str, Any]:
    message = s3_message(ref.key, bucket=ref.bucket, etag=etag)
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = service.request("POST", "/v1/hooks/s3", json=message, headers=headers)
    assert answer.status == 200, answer.data
    return dict(answer.json())


def test_what_arrives_is_colorized_and_what_comes_of_it_is_not(hooked: Service) -> None:
    source = hooked.put("scans/the+cat 1936.jpg", PHOTO.read_bytes())
    etag = hooked.storage.fetch(source, 10**7).etag
    answer = tell(hooked, source, etag)
    assert (answer["ignored"], answer["refused"]) == (0, [])
    (job_id,) = answer["jobs"]
    submitted = Job.model_validate_json(hooked.request("GET", f"/v1/jobs/{job_id}").data)
    job = hooked.ended(submitted)
    assert job.state is State.SUCCEEDED, job.error
    assert job.source == source
    assert job.destination is not None
    assert job.destination.key.startswith("scans/colour/the+cat 1936-")
    result = hooked.storage.fetch(job.destination, 10**7)
    image = Image.open(io.BytesIO(result.data))
    assert image.format == "PNG"
    assert np.ptp(np.asarray(image).astype(int), axis=2).mean() > 5, "the result is grey"
    assert tell(hooked, source, etag)["jobs"] == [job_id]
    assert tell(hooked, job.destination, result.etag) == {"jobs": [], "ignored": 1, "refused": []}
    jobs = hooked.request("GET", "/v1/jobs").json()["jobs"]
    assert [each["id"] for each in jobs] == [job_id]
