from typing import Any

import pytest

from core.errors import KeysNeeded
from core.keys.serving import decide_keys, is_loopback
from core.settings import Settings

LOCAL = ["127.0.0.1:8000", "127.8.0.1:80", "localhost:8000", "[::1]:8000", "127.0.0.1", "[::1]"]
OPEN = ["0.0.0.0:8000", "192.168.1.5:80", "[::]:8000", ":8000", "unix:/run/api", "fd://3", ""]


@pytest.mark.parametrize("bind", LOCAL)
def test_loopback_is_known(bind: str) -> None:
    assert is_loopback(bind)
    assert decide_keys(Settings(), bind) == "off"


@pytest.mark.parametrize("bind", OPEN)
def test_everything_else_can_be_reached(bind: str) -> None:
    assert not is_loopback(bind)
    assert decide_keys(Settings(), bind) == "required"


@pytest.mark.parametrize(
    ("settings", "local", "open"),
    [
        ({"keys": "required"}, "required", "required"),
        ({"keys": "required", "allow_anonymous": True}, "required", "required"),
        ({"keys": "off"}, "off", None),
        ({"keys": "off", "allow_anonymous": True}, "off", "off"),
        ({"allow_anonymous": True}, "off", "off"),
    ],
)
def test_settings_decide(settings: dict[str, Any], local: str, open: str | None) -> None:
    chosen = Settings(**settings)
    assert decide_keys(chosen, "127.0.0.1:1") == local
    if open:
        assert decide_keys(chosen, "0.0.0.0:1") == open
    else:
        with pytest.raises(KeysNeeded, match=r"tintype keys create.*TINTYPE_ALLOW_ANONYMOUS=1"):
            decide_keys(chosen, "0.0.0.0:1")
