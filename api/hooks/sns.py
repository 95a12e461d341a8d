"""Messages of Amazon SNS to an HTTPS endpoint, and whether SNS has signed them.

Fields and the text that is signed: "Verifying the signatures of Amazon SNS messages" and "Parsing
message formats" in the SNS developer guide. Version 1 signs with SHA-1, version 2 with SHA-256,
both RSA with PKCS #1 v1.5.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from api.hooks.arrivals import misread
from core.errors import SenderUnknown

NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
KINDS = (NOTIFICATION, CONFIRMATION, "UnsubscribeConfirmation")
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
"""By kind; the third is signed as the second."""
OLDEST = timedelta(hours=24)
"""As long as the events of a message are remembered: one recorded and sent again makes no job."""
CLOCKS_DIFFER = timedelta(minutes=15)
# Of a region: sns.s3.amazonaws.com and sns.s3-us-west-2.amazonaws.com are somebody's bucket "sns".
_HOST = re.compile(r"sns\.[a-z]+(-[a-z]+)+-[0-9]+\.amazonaws\.com(\.cn)?")


class SnsMessage(BaseModel):
    """A message of SNS, its signature not checked yet."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    subject: str | None = None
    token: str = ""
    subscribe_url: Annotated[str, Field(alias="SubscribeURL")] = ""
    signing_cert_url: Annotated[str, Field(alias="SigningCertURL")] = ""
    signature_version: Literal["1", "2"] = "1"
    signature: Base64Bytes = b""

    @classmethod
    def of(cls, body: dict[str, Any]) -> "SnsMessage | None":
        """Read a message; None if the body is of another sender, raw delivery included.

        Raises:
            InvalidEvent: fields are missing or wrong.
        """
        if body.get("Type") not in KINDS or "TopicArn" not in body:
            return None
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise misread(error) from error

    @property
    def signed_text(self) -> bytes:
        """Return what SNS has signed: names and values, a line each, without what is missing."""
        values = self.model_dump(by_alias=True)
        names = SIGNED.get(self.type, SIGNED[CONFIRMATION])
        lines = [f"{name}\n{values[name]}\n" for name in names if values[name] is not None]
        return "".join(lines).encode()

    def check_age(self, now: datetime) -> None:
        """Let a message pass that may still be on its way.

        Raises:
            SenderUnknown: it is older than any that SNS still tries to deliver.
        """
        try:
            sent = datetime.fromisoformat(self.timestamp)
            fresh = now - OLDEST <= sent <= now + CLOCKS_DIFFER
        except (ValueError, TypeError) as error:
            raise SenderUnknown("the message's Timestamp is not a moment") from error
        if not fresh:
            raise SenderUnknown("the message is not of the last 24 hours")


def check_sns_url(text: str, ending: str = "") -> str:
    """Return a URL that leads to Amazon SNS and nowhere else.

    With an ``ending`` it is that of a file: a query could ask SNS to answer with texts of a caller.

    Raises:
        SenderUnknown: it is not https, its host is not ``sns.<region>.amazonaws.com`` (``.cn`` in
            China), it names a port or a user, or its path ends otherwise.
    """
    url = _parse(text)
    plain = url.scheme == "https" and url.auth is None and url.port is None
    fits = not ending or ((url.path or "").endswith(ending) and url.query is None)
    if not plain or not fits or not _HOST.fullmatch(url.host or ""):
        raise SenderUnknown("the message names a URL that is not one of Amazon SNS")
    return text


def _parse(text: str) -> Url:
    if len(text) > 2048 or not text.isascii() or not text.isprintable() or set(text) & set("\\ #"):
        return Url()
    try:
        return parse_url(text)
    except LocationParseError:
        return Url()
