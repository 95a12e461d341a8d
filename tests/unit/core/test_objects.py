import pytest

from core.errors import InvalidBucket, InvalidKey
from core.objects import ObjectRef, check_bucket, check_key, content_disposition


@pytest.mark.parametrize("name", ["abc", "my-bucket", "a.b.c", "0abc9", "a" * 63])
def test_plain_bucket_names_are_accepted(name: str) -> None:
    assert check_bucket(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-dash",
        "dash-",
        "a..b",
        "192.168.0.1",
        "xn--photos",
        "photos-s3alias",
        "photos.mrap",
        "photos--use1-az4--x-s3",
        "a" * 40 + "--op-s3",
        "arn:aws:s3:us-east-1:123456789012:accesspoint/x",
        "host/path",
        "a\nb",
        "abc\n",
    ],
)
def test_other_bucket_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidBucket):
        check_bucket(name)


@pytest.mark.parametrize("key", ["a.jpg", "2019/08/ä ö.jpg", "a//b", "x" * 1024, "..a", "a..b/c"])
def test_plain_keys_are_accepted(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x" * 1025,
        "ä" * 513,
        "..",
        "../a",
        "a/../b",
        "a/..",
        "a/./b",
        "a\\..\\b",
        "/a",
        "a/",
        "a\x00b",
        "a\nb",
        "a\x7fb",
        "\ud800",
    ],
)
def test_keys_that_could_do_harm_are_refused(key: str) -> None:
    with pytest.raises(InvalidKey):
        check_key(key)


def test_a_download_is_named_for_the_last_part_of_its_key() -> None:
    header = content_disposition("attachment", 'scans/Опа "1931".jpg')
    assert header == "attachment; filename*=UTF-8''%D0%9E%D0%BF%D0%B0%20%221931%22.jpg"


def test_a_reference_checks_both_parts() -> None:
    assert str(ObjectRef(bucket="abc", key="x.jpg")) == "s3://abc/x.jpg"
    with pytest.raises(InvalidKey):
        ObjectRef(bucket="abc", key="../x.jpg")
    with pytest.raises(InvalidBucket):
        ObjectRef(bucket="ABC", key="x.jpg")
