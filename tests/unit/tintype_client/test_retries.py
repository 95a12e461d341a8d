import httpx
import pytest

from tintype_client import TintypeApiError, TintypeConnectionError
from tintype_client.retries import Retries

BUSY = TintypeApiError(503, "queue_unavailable", "away")


def cut(cause: Exception) -> TintypeConnectionError:
    error = TintypeConnectionError("cut")
    error.__cause__ = cause
    return error


def test_pauses_grow_to_a_limit_and_start_anew_when_it_worked() -> None:
    retries = Retries(patience=1000, longest_pause=2)
    pauses = [retries.pause(BUSY) for _ in range(8)]
    assert 0.1 < pauses[0] <= 0.25
    assert all(1 <= pause <= 2 for pause in pauses[4:])
    retries.worked()
    assert retries.pause(BUSY) <= 0.25


def test_the_api_is_not_asked_before_it_wants_to_be() -> None:
    busy = TintypeApiError(429, "queue_full", "full", retry_after=9)
    assert Retries(patience=60, longest_pause=2).pause(busy) >= 9
    with pytest.raises(TintypeApiError):
        Retries(patience=8, longest_pause=2).pause(busy)


@pytest.mark.parametrize(
    "error",
    [
        *(TintypeApiError(status, "", "") for status in (429, 502, 503, 504)),
        *map(cut, (httpx.ConnectError(""), httpx.ReadTimeout(""), httpx.RemoteProtocolError(""))),
    ],
)
def test_what_passes_is_tried_again(error: TintypeApiError) -> None:
    assert Retries(patience=10, longest_pause=1).pause(error) > 0
    with pytest.raises(type(error)):
        Retries(patience=0, longest_pause=1).pause(error)


@pytest.mark.parametrize(
    "error",
    [
        *(TintypeApiError(status, "", "") for status in (200, 400, 404, 409, 422, 500)),
        *map(cut, (httpx.UnsupportedProtocol(""), httpx.LocalProtocolError(""))),
    ],
)
def test_what_does_not_pass_is_raised_at_once(error: TintypeApiError) -> None:
    with pytest.raises(type(error)):
        Retries(patience=10, longest_pause=1).pause(error)
