from datetime import UTC, datetime

import pytest

from core.formats import EXTENSIONS, OutputFormat, format_of
from core.jobs import Job, Options, State
from core.jobs.records import Fidelity, ModelRef
from core.objects import MAX_KEY_BYTES, ObjectRef
from worker.destination import default_destination, fingerprint, metadata_of

DIGEST = "a" * 64


def place(
    key: str = "albums/1936/harbour.tif",
    content: bytes = b"pixels",
    options: Options | None = None,
    digest: str = DIGEST,
    format: OutputFormat = "jpeg",
) -> ObjectRef:
    """Where the result of a job goes that names no destination."""
    job = Job(
        id="0198",
        state=State.RUNNING,
        attempt=1,
        source=ObjectRef(bucket="photos", key=key),
        destination=None,
        options=options or Options(),
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return default_destination(job, fingerprint(content, job.options, digest), EXTENSIONS[format])


def test_the_result_lies_in_the_same_bucket_in_the_same_folder_under_colorized() -> None:
    result = place("albums/1936/harbour.tif")
    assert result.bucket == "photos"
    prefix, fingerprint, suffix = result.key.rsplit(".", 2)
    assert prefix == "colorized/albums/1936/harbour"
    assert len(fingerprint) == 12
    assert suffix == "jpg"


def test_the_same_job_has_the_same_place() -> None:
    options = Options(temperature=0.4, format="jpeg", quality=80)
    assert place(options=options) == place(options=options.model_copy())


def test_each_content_has_its_own_place() -> None:
    assert place(content=b"pixels") != place(content=b"pixelz")


@pytest.mark.parametrize(
    "options",
    [
        Options(temperature=0.4),
        Options(vividness=0.4),
        Options(quality=80),
        Options(format="jpeg"),
        Options(pages="all"),
        Options(private_data="strip"),
        Options(proof="whole"),
    ],
)
def test_each_option_has_its_own_place(options: Options) -> None:
    assert place(options=options) != place()


def test_each_network_has_its_own_place() -> None:
    assert place(digest="b" * 64) != place()


def test_the_name_by_which_a_network_was_asked_for_does_not_matter() -> None:
    assert place(options=Options(model="tint-small")) == place()


def test_doing_it_again_does_not_change_the_place() -> None:
    assert place(options=Options(force=True)) == place()


def test_what_is_done_with_colour_does_not_change_the_place() -> None:
    assert place(options=Options(on_color="skip")) == place(options=Options(on_color="fail"))
    assert place(options=Options(on_color="skip")) == place()


def test_the_format_that_a_destination_asks_for_decides_what_is_the_same() -> None:
    source, plain, png = b"\xff\xd8\xff", Options(), Options(format="png")
    assert fingerprint(source, plain, DIGEST, "png") == fingerprint(source, png, DIGEST)
    assert fingerprint(source, plain, DIGEST, "png") != fingerprint(source, plain, DIGEST)
    assert fingerprint(source, plain, DIGEST, "jpeg") == fingerprint(source, plain, DIGEST)
    assert fingerprint(source, png, DIGEST, "jpeg") == fingerprint(source, png, DIGEST)


@pytest.mark.parametrize(
    ("format", "suffix"),
    [("jpeg", "jpg"), ("png", "png"), ("webp", "webp"), ("avif", "avif"), ("tiff", "tif")],
)
def test_the_suffix_is_that_of_the_result(format: OutputFormat, suffix: str) -> None:
    key = place("scan.bmp", format=format).key
    assert key.startswith("colorized/scan.")
    assert key.endswith(f".{suffix}")
    assert format_of(key) == format


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("harbour", "harbour"),
        ("a.b.jpg", "a.b"),
        (".jpg", ".jpg"),
        ("colorized/harbour.jpg", "colorized/harbour"),
        ("Ålesund/ä ö.jpg", "Ålesund/ä ö"),
        ("...a", ".."),
        ("b/..a", "b/."),
    ],
)
def test_odd_keys_stay_recognisable(key: str, stem: str) -> None:
    result = place(key).key
    assert result.rsplit(".", 2)[0] == f"colorized/{stem}"
    assert result != key


MOST = MAX_KEY_BYTES - len(".tintype/distribution")
"""What lies beside a result has to have a key, too."""


@pytest.mark.parametrize("letter", ["x", "ä", "字", "🖼"])
@pytest.mark.parametrize("offset", range(4))
def test_a_long_key_is_cut_between_letters_to_what_storage_takes(letter: str, offset: int) -> None:
    room = MAX_KEY_BYTES - offset
    key = "x" * offset + letter * (room // len(letter.encode()))
    result = place(key).key
    length = len(result.encode())
    assert MOST - 3 <= length <= MOST
    stem, _, suffix = result.rsplit(".", 2)
    assert suffix == "jpg"
    assert key.startswith(stem.removeprefix("colorized/"))


def test_a_long_key_cut_at_a_slash_is_still_a_key() -> None:
    result = place("x" + "/f" * 511).key
    assert MOST - 1 <= len(result) <= MOST
    assert "f/." in result


def test_an_object_says_what_was_measured_of_it() -> None:
    job = Job(
        id="0198",
        state=State.RUNNING,
        attempt=1,
        source=ObjectRef(bucket="photos", key="a.jpg"),
        destination=None,
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    model = ModelRef(name="tint-small", digest=DIGEST)
    measured = Fidelity(max_before=1, mean_before=0.1, max_after=2, mean_after=0.2)
    said = metadata_of(job, model, {"tintype-source-etag": "e"}, measured)
    assert said["tintype-fidelity-max-before"] == "1.0"
    assert said["tintype-fidelity-mean-after"] == "0.2"
    assert set(metadata_of(job, model, {})) == {"tintype-job", "tintype-model"}
