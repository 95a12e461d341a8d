import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidKey, InvalidKeyTemplate
from core.formats import OutputFormat
from core.key_templates import check_key_template, fixed_start, result_key
from core.objects import ObjectRef

KEY = "scans/1936/harbour.tif"


def result(
    template: str,
    key: str = KEY,
    prefix: str = "colour/",
    below: str = "scans/",
    format: OutputFormat | None = None,
) -> str:
    return result_key(template, prefix, ObjectRef(bucket="photos", key=key), below, format)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{path}", "colour/1936/harbour.tif"),
        ("{key}", "colour/scans/1936/harbour.tif"),
        ("{folder}{name}", "colour/1936/harbour.tif"),
        ("{folder}colour of {name}", "colour/1936/colour of harbour.tif"),
        ("{path}.png", "colour/1936/harbour.tif.png"),
        ("{stem}-{hash}.png", "colour/harbour-1093d31e83b20370.png"),
        ("{{{path}}}", "colour/{1936/harbour.tif}"),
    ],
)
def test_placeholders_are_filled(template: str, expected: str) -> None:
    assert result(check_key_template(template)) == expected


@pytest.mark.parametrize(
    ("below", "path"),
    [
        ("", KEY),
        ("scans", KEY),
        ("scans/", "1936/harbour.tif"),
        ("scans/1936/harb", "harbour.tif"),
        (KEY, "harbour.tif"),
    ],
)
def test_a_path_is_what_follows_the_last_slash_of_the_prefix(below: str, path: str) -> None:
    assert result("{path}", below=below, prefix="") == path


@pytest.mark.parametrize("keys", [("scans/a.jpg", "scansa.jpg"), ("scans/a.jpg", "scans//a.jpg")])
@pytest.mark.parametrize("below", ["", "scans", "scans/"])
def test_sources_with_other_slashes_have_other_keys(keys: tuple[str, str], below: str) -> None:
    one, two = keys
    if two.startswith(below):
        assert result("{path}", key=one, below=below) != result("{path}", key=two, below=below)


PARTS = st.sampled_from(["a", ".", "/", ".jpg", ".JPG", ".jpeg", ".png", ".tif", ".bmp"])
KEYS = st.lists(PARTS, max_size=6).map(lambda parts: "x/" + "".join(parts))
TEMPLATES = st.sampled_from(
    ["{path}", "{key}", "{folder}{name}", "{folder}-{name}.png", "{path}.bmp", "{name} of {key}"]
)
FORMATS: list[OutputFormat | None] = [None, "jpeg", "png"]


@given(
    keys=st.sets(KEYS, min_size=20, max_size=40),
    template=TEMPLATES,
    format=st.sampled_from(FORMATS),
)
@settings(max_examples=500, deadline=None)
def test_no_two_keys_share_a_result(
    keys: set[str], template: str, format: OutputFormat | None
) -> None:
    sources = [key for key in keys if not key.endswith("/") and not {".", ".."} & {*key.split("/")}]
    results = {result(template, key=key, below="x/", format=format) for key in sources}
    assert len(results) == len(sources)


@pytest.mark.parametrize(
    ("key", "format", "expected"),
    [
        ("a.jpg", None, "a.jpg"),
        ("a.JPEG", "jpeg", "a.JPEG"),
        ("a.tif", "png", "a.tif.png"),
        ("a.bmp", None, "a.bmp.png"),
        ("a.bmp", "jpeg", "a.bmp.jpg"),
        ("a", None, "a"),
        ("a", "tiff", "a.tif.tif"),
        ("a.tif", "tiff", "a.tif"),
        ("a.jpg.png", "png", "a.jpg.png.png"),
        ("a.bmp.png", None, "a.bmp.png.png"),
        ("a.jpg.png", None, "a.jpg.png"),
    ],
)
def test_the_ending_says_the_format_of_the_result(
    key: str, format: OutputFormat | None, expected: str
) -> None:
    assert result("{path}", key=key, prefix="", below="", format=format) == expected


def test_equal_keys_of_two_buckets_have_two_hashes() -> None:
    keys = {
        result_key("{hash}", "", ObjectRef(bucket=bucket, key="a.jpg"), "", "png")
        for bucket in ("one", "two")
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{name}",
        "{stem}.png",
        "{folder}{stem}.png",
        "{name}-{folder}x",
        "fixed.png",
        "{path",
        "{path!r}",
        "{path:>10}",
        "{path.__class__}",
        "{path[0]}",
        "{}",
        "{0}",
        "{date}{path}",
        "{path}" * 200,
    ],
)
def test_templates_that_could_lose_a_result_or_reach_elsewhere_are_refused(template: str) -> None:
    with pytest.raises(InvalidKeyTemplate):
        check_key_template(template)


@pytest.mark.parametrize("template", ["../{path}", "/{path}", "a/../{path}", "\n{path}"])
def test_templates_that_leave_their_folder_are_refused(template: str) -> None:
    with pytest.raises(InvalidKey):
        check_key_template(template)


def test_what_all_keys_begin_with() -> None:
    assert fixed_start("colour/{path}") == "colour/"
    assert fixed_start("{path}") == ""
    assert fixed_start("a}}b{{/{path}") == "a}b{/"
