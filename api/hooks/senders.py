"""Who may send bucket events: those who show the secret, and Amazon SNS for listed topics."""

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from werkzeug.datastructures import Authorization, Headers

from api.hooks.fetching import Fetch, fetch
from api.hooks.sns import SnsMessage, check_sns_url
from core.errors import HooksOff, InvalidEvent, InvalidSetting, SenderUnknown
from core.event_senders import parse_secrets, parse_topics
from core.settings import Settings

if TYPE_CHECKING:
    from api.hooks.certificates import Certificates

API_KEY = "X-Api-Key"


@dataclass(frozen=True)
class Senders:
    """Knows them."""

    secrets: Sequence[str] = ()
    topics: frozenset[str] = frozenset()
    certificates: "Certificates | None" = None
    """None without topics."""
    fetch: Fetch = fetch
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @classmethod
    def from_settings(cls, settings: Settings, fetch: Fetch = fetch) -> "Senders":
        """Take the secret and the topics.

        Raises:
            InvalidSetting: there are topics, and nothing to check signatures with.
        """
        topics = parse_topics(settings.sns_topics)
        return cls(
            secrets=parse_secrets(settings.hooks_secret),
            topics=topics,
            certificates=_certificates(fetch) if topics else None,
            fetch=fetch,
        )

    def check_secret(self, headers: Headers) -> bool:
        """Return whether a secret is shown; without one, only a signature can help.

        Raises:
            HooksOff: nobody can be known.
            SenderUnknown: the secret is wrong, or missing where nothing else can help.
        """
        if not self.secrets and not self.topics:
            raise HooksOff("bucket events are off: set TINTYPE_HOOKS_SECRET or TINTYPE_SNS_TOPICS")
        shown = [*_shown(headers)] if self.secrets else []
        if any(_equal(one, secret) for one in shown for secret in self.secrets):
            return True
        if shown or not self.topics:
            raise SenderUnknown("the secret of TINTYPE_HOOKS_SECRET was not shown")
        return False

    def check_signature(self, message: SnsMessage | None) -> None:
        """Let a message pass that SNS has signed for a listed topic.

        Raises:
            SenderUnknown: it is none.
            SnsUnreachable: SNS' certificate cannot be had.
        """
        if self.certificates is None or message is None or message.topic_arn not in self.topics:
            raise SenderUnknown(
                "this is not a signed message of a topic of TINTYPE_SNS_TOPICS, and the secret of "
                "TINTYPE_HOOKS_SECRET was not shown"
            )
        self.certificates.verify(message, self.now())

    def confirm(self, message: SnsMessage) -> None:
        """Confirm a subscription to a listed topic; the secret alone is not enough for that.

        Raises:
            InvalidEvent: the topic is not listed.
            SenderUnknown: the signature is wrong, or the URL is not one of SNS.
            SnsUnreachable: SNS cannot be reached, or does not take it.
        """
        if message.topic_arn not in self.topics:
            raise InvalidEvent(f"{message.topic_arn!r} is not in TINTYPE_SNS_TOPICS: not confirmed")
        self.check_signature(message)
        self.fetch(check_sns_url(message.subscribe_url))


def _shown(headers: Headers) -> Iterator[str]:
    """Yield what is shown as a secret: Bearer, the password of Basic, X-Api-Key."""
    if (header := headers.get("Authorization")) is not None:
        scheme, _, rest = header.partition(" ")
        # Werkzeug takes a token with "=" in it for parameters.
        yield rest.strip() if scheme.lower() == "bearer" else _password(header)
    if (key := headers.get(API_KEY)) is not None:
        yield key


def _password(header: str) -> str:
    """Return the password of Basic; empty if it is anything else."""
    try:
        given = Authorization.from_header(header)
    except ValueError:  # Not ASCII.
        return ""
    return (given and given.type == "basic" and given.password) or ""


def _equal(shown: str, secret: str) -> bool:
    """Compare in a time that tells nothing of the secret."""
    return hmac.compare_digest(shown.encode(), secret.encode())


def _certificates(fetch: Fetch) -> "Certificates":
    try:
        from api.hooks.certificates import Certificates
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            "TINTYPE_SNS_TOPICS needs a package that checks signatures; "
            "install it with: pip install 'tintype[sns]'"
        ) from error
    return Certificates(fetch)
