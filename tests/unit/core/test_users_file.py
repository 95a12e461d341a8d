"""The users that operators load, and the page that lists what they may do."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
USERS = ROOT / "infra" / "redis" / "users.acl"
PAGE = ROOT / "docs" / "redis.md"


def test_the_page_lists_the_commands_of_the_file() -> None:
    lines = re.findall(r"^user (tintype-\w+) .* -@all (.*)$", USERS.read_text(), re.MULTILINE)
    users = {name: commands.replace("+", "").split() for name, commands in lines}
    assert len(users) == 4
    rows = re.findall(r"^\| `(tintype-\w+)` \| ([^`]*) \|$", PAGE.read_text(), re.MULTILINE)
    assert {name: row.replace("\\", "").split() for name, row in rows} == users


def test_no_user_may_do_all_or_has_a_password_yet() -> None:
    for line in USERS.read_text().splitlines():
        assert "+@" not in line
        assert "allkeys" not in line
        assert re.search(r" #\S+-SHA256 | off ", line)
