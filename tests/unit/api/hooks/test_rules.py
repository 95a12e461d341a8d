from pathlib import Path

import pytest

from api.hooks.rules import Rules
from core.errors import InvalidKey, InvalidSetting
from core.jobs import Priority
from core.objects import ObjectRef

ALL = """
[[rules]]
bucket = "scans"
prefix = "1936/"
suffixes = [".tif", "-front.JPG"]
priority = "low"

[rules.destination]
bucket = "colour"
prefix = "photos/"
key_template = "{stem}-{hash}"

[rules.options]
format = "png"
temperature = 1

[rules.webhook]
url = "https://example.org/hooks"
events = ["failed"]

[[rules]]
bucket = "scans"
destination = { bucket = "scans", prefix = "colour/" }
"""


def load(folder: Path, text: str) -> Rules:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return Rules.load(file, "tintype")


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InvalidSetting) as caught:
        load(folder, text)
    message = str(caught.value)
    assert message.startswith(f"TINTYPE_RULES: {folder / 'rules.toml'}: ")
    return message.partition(".toml: ")[2]


def test_a_rule_says_all_of_a_job(tmp_path: Path) -> None:
    rule = load(tmp_path, ALL).match("scans", "1936/box 2/a.TIF")
    assert rule is not None
    order = rule.order(ObjectRef(bucket="scans", key="1936/box 2/a.TIF"))
    assert order.destination is not None
    assert order.destination.bucket == "colour"
    assert order.destination.key.startswith("photos/a-")
    assert order.destination.key.endswith(".png")
    assert (order.options.format, order.options.temperature) == ("png", 1)
    assert order.priority is Priority.LOW
    assert order.webhook is not None
    assert order.webhook.events == ("failed",)


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "docs" / "bucket-events.md").read_text()
    example = next(part for part in text.split("```toml\n")[1:] if "[[rules]]" in part)
    rules = load(tmp_path, example.partition("```")[0])
    assert [rule.bucket for rule in rules.rules] == ["scans", "family"]
    assert rules.match("family", "a.jpg") is rules.rules[1]
    assert rules.match("family", "colour/a.jpg") is None


def test_without_a_destination_the_result_goes_where_results_go(tmp_path: Path) -> None:
    rule = load(tmp_path, '[[rules]]\nbucket = "scans"').match("scans", "a.jpg")
    assert rule is not None
    assert rule.order(ObjectRef(bucket="scans", key="a.jpg")).destination is None


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("1936/a.tif", 0),
        ("1936/a-front.jpg", 0),
        ("1936/a-back.jpg", 1),
        ("1937/a.tif", 1),
        ("a.bmp", 1),
        ("a.JPEG", 1),
        ("a.svg", None),
        ("a.csv", None),
        ("1936/", None),
        ("jpg", None),
        ("", None),
        ("colour/a.jpg", None),
        ("colorized/a.jpg", None),
    ],
)
def test_the_first_rule_that_matches_counts(tmp_path: Path, key: str, number: int | None) -> None:
    rules = load(tmp_path, ALL)
    assert rules.match("scans", key) == (None if number is None else rules.rules[number])
    assert rules.match("others", key) is None


def test_without_a_file_nothing_matches() -> None:
    assert Rules.load(None, "tintype").match("scans", "a.jpg") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = [", "Invalid"),
        ("", "rules: Field required"),
        ("[[rules]]\nprefix = 'a/'", "rule 1, bucket: Field required"),
        ("[[rules]]\nbucket = 'Scans'", "rule 1, bucket: a bucket name"),
        ("[[rules]]\nbucket = 'scans'\nprefix = '/a'", "rule 1, prefix: an object key"),
        ("[[rules]]\nbucket = 'scans'\nsuffixes = []", "rule 1, suffixes: "),
        ("[[rules]]\nbucket = 'scans'\nsuffixes = ['.csv']", "rule 1, suffixes.0: a suffix ends"),
        ("[[rules]]\nbucket = 'scans'\nsuffix = '.jpg'", "rule 1, suffix: "),
        ("[[rules]]\nbucket = 'scans'\noptions.quality = 0", "rule 1, options.quality: "),
        ("[[rules]]\nbucket = 'scans'\npriority = 'urgent'", "rule 1, priority: "),
        ("[[rules]]\nbucket = 'scans'\nwebhook.url = 'ftp://x'", "rule 1, webhook: a webhook's"),
        (
            "[[rules]]\nbucket = 'scans'\n[[rules]]\nbucket = 'more'\n"
            "destination = {bucket = 'colour', key_template = '{stem}.png'}",
            "rule 2, destination.key_template: results could share",
        ),
    ],
)
def test_what_cannot_work_names_file_rule_and_field(tmp_path: Path, text: str, said: str) -> None:
    assert refused(tmp_path, text).startswith(said)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "rules.toml"
    if content:
        file.write_bytes(content)
    with pytest.raises(InvalidSetting, match=r"TINTYPE_RULES: .*rules\.toml: "):
        Rules.load(file, "tintype")


def rule(prefix: str, to: str, bucket: str = "scans") -> str:
    """A rule whose results go to a bucket, a prefix and what the template begins with."""
    place, start, template = to.split("|")
    destination = f"{{bucket = '{place}', prefix = '{start}', key_template = '{template}'}}"
    return f"[[rules]]\nbucket = '{bucket}'\nprefix = '{prefix}'\ndestination = {destination}\n"


@pytest.mark.parametrize(
    "text",
    [
        rule("", "scans||{path}"),
        rule("in/", "scans||{path}"),
        rule("in/", "scans|in/|{path}"),
        rule("in/1936/", "scans|in/|{path}"),
        rule("in/", "scans||in/{path}"),
        rule("in/", "scans|i|n/{path}"),
        rule("in/", "scans|in|{hash}"),
        rule("colorized/", "colour||{path}"),
        rule("colorized/1936/", "colour||{path}"),
        rule("uploads/", "colour||{path}", bucket="tintype"),
        # One's results are the other's sources, in a ring and in a row.
        rule("in/", "middle||{path}") + rule("", "scans|in/|{path}", bucket="middle"),
        rule("", "middle||{path}") + rule("", "colour||{path}", bucket="middle"),
    ],
)
def test_a_rule_whose_sources_are_all_results_stops_the_start(tmp_path: Path, text: str) -> None:
    assert "is left out" in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "sources", "results"),
    [
        (rule("", "scans|colour/|{path}"), ["a.jpg", "colou.jpg"], ["colour/a.jpg"]),
        (rule("", "scans||of-{path}"), ["a.jpg"], ["of-a.jpg"]),
        (rule("in/", "scans|in/colour/|{path}"), ["in/a.jpg"], ["in/colour/a.jpg"]),
        (rule("in/", "scans|out/|{path}"), ["in/a.jpg"], ["out/a.jpg"]),
        (rule("in/", "colour||{path}"), ["in/a.jpg"], []),
        (
            rule("a/", "scans|b/out/|{path}") + rule("b/", "scans|a/out/|{path}"),
            ["a/x.jpg", "b/x.jpg"],
            ["a/out/x.jpg", "b/out/x.jpg"],
        ),
    ],
)
def test_results_are_never_sources(
    tmp_path: Path, text: str, sources: list[str], results: list[str]
) -> None:
    rules = load(tmp_path, text)
    for key in sources:
        found = rules.match("scans", key)
        assert found is not None
        result = found.order(ObjectRef(bucket="scans", key=key)).destination
        assert result is not None
        assert rules.match(result.bucket, result.key) is None
    assert not any(rules.match("scans", key) for key in [*results, "colorized/a.jpg"])


def test_uploads_have_their_jobs_already(tmp_path: Path) -> None:
    rules = load(tmp_path, rule("", "colour||{path}", bucket="tintype"))
    assert rules.match("tintype", "a.jpg")
    assert rules.match("tintype", "uploads/0198c0de/a.jpg") is None


def test_a_result_whose_key_would_be_too_long_is_an_error(tmp_path: Path) -> None:
    source = ObjectRef(bucket="scans", key="a" * 1020 + ".jpg")
    found = load(tmp_path, rule("", "colour|photos/|{path}")).match(source.bucket, source.key)
    assert found is not None
    with pytest.raises(InvalidKey):
        found.order(source)
