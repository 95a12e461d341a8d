import pytest

from core.errors import ModelCorrupt
from models.catalogue import BUNDLED, NETWORKS
from models.prototxt import parse


def test_fields_strings_numbers_and_words() -> None:
    text = """
    name: "net" # a comment with { and "
    layer { name: 'one' type: "Convolution", convolution_param: { pad: 1; eps: 1e-5 } }
    layer {
      bottom: "a" bottom: "b"
      pool: AVE global: true value: -2.5
    }
    """
    assert parse(text) == {
        "name": ["net"],
        "layer": [
            {
                "name": ["one"],
                "type": ["Convolution"],
                "convolution_param": [{"pad": [1.0], "eps": [1e-5]}],
            },
            {"bottom": ["a", "b"], "pool": ["AVE"], "global": ["true"], "value": [-2.5]},
        ],
    }


def test_nothing_is_an_empty_message() -> None:
    assert parse(" # only a comment") == {}


def test_the_bundled_network_can_be_read() -> None:
    message = parse((NETWORKS / BUNDLED / "network.prototxt").read_text())
    names = [layer["name"] for layer in message["layer"] if isinstance(layer, dict)]
    assert names[0] == ["data_l"]
    assert names[-1] == ["class8_ab"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name:", 1),
        ("name", 1),
        ("layer {\n name: 1", 2),
        ("layer { { } }", 1),
        ("}", 1),
        ("\n\nname: @", 3),
        ('name: "open', 1),
        ("name: 3x", 1),
        (": 3", 1),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(ModelCorrupt, match=f"at line {line}"):
        parse(text)


def test_a_long_wrong_number_is_refused_at_once() -> None:
    with pytest.raises(ModelCorrupt):
        parse("a: " + "1" * 1_000_000 + "x")


def test_deep_nesting_is_no_crash() -> None:
    with pytest.raises(ModelCorrupt, match="deep"):
        parse("a {" * 100_000)
