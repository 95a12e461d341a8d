import base64
import sys

import pytest
from werkzeug.datastructures import Headers

from api.hooks.fetching import MOST_BYTES, fetch
from api.hooks.senders import Senders
from core.errors import HooksOff, InvalidSetting, SenderUnknown, SnsUnreachable
from core.settings import Settings
from tests.support.http_files import Files, serving
from tests.support.receivers import receiving, status
from tests.support.sns import TOPIC

SECRET, OLD = "an-open-secret-1", "the-old-secret-0"


def senders(**settings: str) -> Senders:
    return Senders.from_settings(Settings.model_validate(settings))


def basic(password: str, user: str = "tintype") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": f"bearer {OLD}"},
        {"Authorization": basic(SECRET)},
        {"Authorization": basic(OLD, user="")},
        {"X-Api-Key": SECRET},
        {"X-Api-Key": SECRET, "Authorization": "Bearer of-a-gateway"},
    ],
)
def test_the_secret_is_known_however_it_is_shown(headers: dict[str, str]) -> None:
    assert senders(hooks_secret=f"{SECRET} {OLD}").check_secret(Headers(headers))


@pytest.mark.parametrize("secret", ["pass=word,is=this", "!#$%&'()*+,-./:;<=>?@[]", "a" * 15 + "="])
@pytest.mark.parametrize("show", ["Bearer", "Basic", "X-Api-Key"])
def test_a_secret_of_any_characters_is_known(secret: str, show: str) -> None:
    shown = {
        "Bearer": {"Authorization": f"Bearer {secret}"},
        "Basic": {"Authorization": basic(secret)},
        "X-Api-Key": {"X-Api-Key": secret},
    }
    assert senders(hooks_secret=secret).check_secret(Headers(shown[show]))


@pytest.mark.parametrize("topics", ["", TOPIC])
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": f"Bearer {SECRET[:-1]}"},
        {"Authorization": f"Bearer {SECRET} {OLD}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer é"},
        {"Authorization": SECRET},
        {"Authorization": ""},
        {"Authorization": basic("wrong", user=SECRET)},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic é"},
        {"Authorization": f"Digest password={SECRET}"},
        {"X-Api-Key": ""},
    ],
)
def test_a_wrong_secret_is_refused(headers: dict[str, str], topics: str) -> None:
    with pytest.raises(SenderUnknown):
        senders(hooks_secret=SECRET, sns_topics=topics).check_secret(Headers(headers))


def test_who_shows_nothing_is_refused_unless_a_signature_may_help() -> None:
    with pytest.raises(SenderUnknown):
        senders(hooks_secret=SECRET).check_secret(Headers())
    known = senders(hooks_secret=SECRET, sns_topics=TOPIC)
    assert not known.check_secret(Headers())
    with pytest.raises(SenderUnknown):
        known.check_signature(None)


def test_without_a_secret_none_is_right() -> None:
    headers = Headers({"Authorization": basic("")})
    with pytest.raises(HooksOff):
        senders().check_secret(headers)
    assert not senders(sns_topics=TOPIC).check_secret(headers)


def test_topics_without_the_extra_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "api.hooks.certificates", raising=False)
    with pytest.raises(InvalidSetting, match=r"tintype\[sns\]"):
        senders(sns_topics=TOPIC)
    assert senders(hooks_secret=SECRET).certificates is None


def test_what_sns_serves_is_fetched() -> None:
    with serving(Files({"a.pem": b"certificate"})) as files:
        assert fetch(f"{files.url}/a.pem") == b"certificate"


def test_an_answer_that_is_not_200_or_long_is_an_error() -> None:
    with serving(Files({"long": b"x" * (MOST_BYTES + 1)})) as files:
        for path in ("missing", "long"):
            with pytest.raises(SnsUnreachable):
                fetch(f"{files.url}/{path}")


def test_a_redirect_is_not_followed() -> None:
    with (
        serving(Files({"a.pem": b"certificate"})) as files,
        receiving(status(302, Location=f"{files.url}/a.pem")) as receiver,
    ):
        with pytest.raises(SnsUnreachable, match="302"):
            fetch(receiver.url)
        assert files.ranges == []


def test_a_host_that_is_away_or_cuts_off_is_an_error(closed_port: int) -> None:
    with pytest.raises(SnsUnreachable):
        fetch(f"http://127.0.0.1:{closed_port}/a.pem")
    cut = Files({"a.pem": b"certificate"}, announced=100)
    with serving(cut) as files, pytest.raises(SnsUnreachable):
        fetch(f"{files.url}/a.pem")
