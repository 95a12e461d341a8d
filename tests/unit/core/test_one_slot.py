"""No script names a key of its own making: all are in the slot of the one that it was given."""

import re
from pathlib import Path

import pytest
from redis.crc import key_slot

from core import namespace
from core.namespace import key, prefix

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted(ROOT.glob("core/**/lua/*.lua"))
CALL = re.compile(r"redis\.call\(\s*'(\w+)'\s*(?:,\s*([^,)]+))?")
OURS = re.compile(
    r"(\w*key|index)\(|(from == '\w+' and )?[A-Z_]+( or [A-Z_]+)?$|[a-z_]+$|ARGV\[1\] \.\. ':"
)
"""Made by key(), a constant or a local that was, or begun with the prefix."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_keys_are_made_in_one_place(script: Path) -> None:
    for command, first in CALL.findall(script.read_text()):
        assert command == "TIME" or OURS.match(first.strip()), f"{command} {first}"


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 40


def test_all_keys_of_an_installation_are_in_one_slot() -> None:
    for name in ("tintype", "photos", "photos-2"):
        namespace.use(name)
        names = (prefix(), key(""), key("job", "1"), key("limits", "{LIMITER/a}/-1"))
        assert len({key_slot(each.encode()) for each in names}) == 1, name
