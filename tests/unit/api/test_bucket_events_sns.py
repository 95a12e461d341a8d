"""Amazon SNS: handshake, signatures, and what becomes of odd messages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api.hooks.fetching import fetch
from api.hooks.senders import Senders
from api.services import EXTENSION
from core.jobs import JobStore
from tests.support.events import (
    TEST_EVENT,
    eventbridge_message,
    s3_message,
    seaweedfs_message,
    sns_message,
)
from tests.support.http_files import Files, serving
from tests.support.sns import (
    CERTIFICATE_URL,
    HOST,
    NOW,
    OTHER_KEY,
    TOPIC,
    certificate,
    confirmation,
    signed,
)
from tests.unit.api.conftest import BEARER, Hooked
from tests.unit.api.test_bucket_events import NOTHING, made, post, problem


class Sns:
    """An API that believes one topic, and a host that stands for SNS'."""

    def __init__(self, client: FlaskClient, files: Files) -> None:
        self.client, self.files = client, files
        services = client.application.extensions[EXTENSION]
        senders = Senders.from_settings(services.settings, self._fetch)
        senders = replace(senders, now=lambda: NOW)
        client.application.extensions[EXTENSION] = replace(services, senders=senders)
        self.asked: list[str] = []

    def _fetch(self, url: str) -> bytes:
        """Ask the local server, with what asks SNS."""
        self.asked.append(url)
        path = "confirm" if "Action=ConfirmSubscription" in url else "certificate"
        assert url.startswith(HOST)
        return fetch(f"{self.files.url}/{path}")

    def post(self, body: object) -> TestResponse:
        return post(self.client, body, {"x-amz-sns-message-type": "Notification"})


@pytest.fixture
def sns(hooked: Hooked) -> Iterator[Sns]:
    with serving(Files({"certificate": certificate(), "confirm": b"<Confirmed/>"})) as files:
        yield Sns(hooked(hooks_secret=None, sns_topics=TOPIC), files)


def test_a_subscription_is_confirmed_and_its_messages_need_no_secret(
    sns: Sns, jobs: JobStore
) -> None:
    answer = sns.post(signed(confirmation()))
    assert (answer.status_code, answer.json) == (200, NOTHING)
    assert len(sns.asked) == 2
    assert "Action=ConfirmSubscription" in sns.asked[1]
    (job_id,) = made(sns.post(signed(sns_message(TOPIC, s3_message("a b.jpg")), version="1")))
    assert jobs.get(job_id).source.key == "a b.jpg"
    assert made(sns.post(signed(sns_message(TOPIC, eventbridge_message("a+b.jpg")))))
    assert sns.post(signed(sns_message(TOPIC, TEST_EVENT))).json == NOTHING
    gone = signed(confirmation() | {"Type": "UnsubscribeConfirmation"})
    assert sns.post(gone).json == NOTHING
    assert sns.asked.count(CERTIFICATE_URL) == 1
    assert len(sns.asked) == 2


@pytest.mark.parametrize(
    "message",
    [
        s3_message("a.jpg"),
        sns_message(TOPIC, s3_message("a.jpg")) | {"Timestamp": "2026-11-25T04:00:00Z"},
        signed(sns_message(TOPIC, s3_message("a.jpg")), OTHER_KEY),
        signed(sns_message(TOPIC + "2", s3_message("a.jpg"))),
        signed(confirmation(TOPIC + "2")),
        signed(confirmation(), OTHER_KEY),
        signed(confirmation(), url="https://example.org/a.pem"),
        signed(confirmation(SubscribeURL="https://example.org/?Action=ConfirmSubscription")),
    ],
)
def test_without_a_signature_of_the_topic_nothing_happens(
    sns: Sns, jobs: JobStore, message: dict[str, Any]
) -> None:
    assert problem(sns.post(message)) == (401, "sender_unknown")
    assert jobs.list() == ([], None)
    assert not [url for url in sns.asked if url != CERTIFICATE_URL]


def test_the_secret_alone_confirms_no_subscription(sns: Sns, hooked: Hooked) -> None:
    both = Sns(hooked(sns_topics=TOPIC), sns.files)
    other = signed(confirmation(TOPIC + "2"))
    assert problem(post(both.client, other)) == (422, "invalid_event")
    forged = signed(confirmation(), OTHER_KEY)
    assert problem(post(both.client, forged)) == (401, "sender_unknown")
    assert both.asked == [CERTIFICATE_URL]
    raw = {**BEARER, "x-amz-sns-rawdelivery": "true"}
    assert made(post(both.client, s3_message("raw.jpg"), raw))


@pytest.mark.parametrize("missing", ["certificate", "confirm"])
def test_when_sns_is_away_it_is_to_come_again(sns: Sns, missing: str) -> None:
    del sns.files.contents[missing]
    answer = sns.post(signed(confirmation()))
    assert problem(answer) == (503, "sns_unreachable")
    assert int(answer.headers["Retry-After"]) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
GOOD: list[dict[str, Any]] = [
    s3_message("a.jpg", version="v1"),
    eventbridge_message("a.jpg"),
    seaweedfs_message("/buckets/scans/a.jpg", "rename"),
    sns_message(TOPIC, s3_message("a.jpg")) | {"Timestamp": "2026-11-25T04:00:00Z"},
    signed(confirmation()),
]


def paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a message something can be put in the place of something."""
    inner: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        inner = [*value.items()]
    elif isinstance(value, list):
        inner = [*enumerate(value)]
    return [path, *(found for name, each in inner for found in paths(each, (*path, name)))]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A good message in which one thing is anything."""
    message = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    path = draw(st.sampled_from(paths(message)))
    odd = draw(JSON | st.text(alphabet="%+/.\\\x00é20ff", max_size=12).map(lambda t: t + ".jpg"))
    if not path:
        return odd
    place = message
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = odd
    return message


def test_odd_messages_are_never_our_mistake(sns: Sns, hooked: Hooked) -> None:
    client = Sns(hooked(sns_topics=TOPIC), sns.files).client

    @hypothesis_settings(max_examples=300, deadline=None)
    @given(message=spoiled(), headers=st.sampled_from([BEARER, {}]))
    def run(message: Any, headers: dict[str, str]) -> None:
        answer = post(client, message, headers)
        assert answer.status_code in (200, 400, 401, 422), (message, answer.data)

    run()
