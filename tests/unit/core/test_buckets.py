import pytest

from core.buckets import Access, Right
from core.errors import BucketForbidden, InvalidSetting
from core.objects import ObjectRef
from core.settings import Settings

RULES = "photos:read, photos/colorized/:write, archive, scans/1936/"


def ref(text: str) -> ObjectRef:
    bucket, _, key = text.partition("/")
    return ObjectRef(bucket=bucket, key=key)


@pytest.mark.parametrize(
    ("place", "rights"),
    [
        ("photos/a.jpg", {Right.READ}),
        ("photos/colorized/a.jpg", {Right.READ, Right.WRITE}),
        ("photos/colorized", {Right.READ}),
        ("archive/any/thing.jpg", {Right.READ, Right.WRITE}),
        ("scans/1936/a.jpg", {Right.READ, Right.WRITE}),
        ("scans/1937/a.jpg", set()),
        ("scans/19360/a.jpg", set()),
        ("photos2/a.jpg", set()),
        ("other/colorized/a.jpg", set()),
    ],
)
def test_a_rule_is_for_one_bucket_and_its_prefix(place: str, rights: set[Right]) -> None:
    access = Access.parse(RULES)
    assert {right for right in Right if access.allows(ref(place), right)} == rights


def test_without_rules_everything_may_be_used() -> None:
    for right in Right:
        assert Access.parse("").allows(ref("anything/at-all"), right)


def test_the_bucket_for_uploads_needs_no_rule() -> None:
    access = Settings(buckets="photos:read", bucket="uploads").access
    assert access.allows(ref("uploads/a.jpg"), Right.WRITE)
    assert not access.allows(ref("others/a.jpg"), Right.READ)


def test_an_order_needs_a_place_for_its_result() -> None:
    access = Access.parse(RULES)
    access.check_job([ref("photos/a.jpg")], None)
    access.check_job([ref("photos/a.jpg")], ref("archive/a.jpg"))
    for source, destination in (
        ("photos/a.jpg", "photos/b.jpg"),
        ("scans/1936/a.jpg", None),
        ("other/a.jpg", "archive/a.jpg"),
    ):
        with pytest.raises(BucketForbidden):
            access.check_job([ref(source)], ref(destination) if destination else None)


@pytest.mark.parametrize("text", ["photos:delete", "Photos", "a", "photos:", "photos/x:y", ":read"])
def test_rules_that_cannot_work_stop_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TINTYPE_BUCKETS", text)
    with pytest.raises(InvalidSetting, match="TINTYPE_BUCKETS"):
        Settings.load()


@pytest.mark.parametrize(
    ("rules", "asked", "read", "write"),
    [
        ("", "", {"a/1", "a/x/1", "b/1"}, {"a/1", "a/x/1", "b/1"}),
        ("", "aaa/x/:read", {"a/x/1"}, set()),
        ("aaa", "", {"a/1", "a/x/1"}, {"a/1", "a/x/1"}),
        ("aaa/x/", "aaa:read", {"a/x/1"}, set()),
        ("aaa:read", "aaa/x/", {"a/x/1"}, set()),
        ("aaa:read, bbb", "bbb:read, aaa/x/", {"a/x/1", "b/1"}, set()),
        ("aaa:read", "aaa:write", set(), set()),
        ("aaa", "bbb", set(), set()),
        ("aaa/x/", "aaa/y/", set(), set()),
    ],
)
def test_a_key_is_held_to_its_own_rules_and_to_those_of_the_service(
    rules: str, asked: str, read: set[str], write: set[str]
) -> None:
    narrowed = Access.parse(rules).narrowed(asked)
    places = {"a/1": "aaa/1", "a/x/1": "aaa/x/1", "b/1": "bbb/1"}
    for right, wanted in ((Right.READ, read), (Right.WRITE, write)):
        found = {name for name, place in places.items() if narrowed.allows(ref(place), right)}
        assert found == wanted
        prefixes = {"a/1": ("aaa", ""), "a/x/1": ("aaa", "x/"), "b/1": ("bbb", "")}
        for name, (bucket, prefix) in prefixes.items():
            if name not in wanted:
                with pytest.raises(BucketForbidden):
                    narrowed.check_prefix(bucket, prefix, right)
