"""By what the senders of bucket events are known: secrets that they show, topics of Amazon SNS."""

import re
from collections.abc import Sequence

from pydantic import SecretStr

FEWEST_CHARACTERS = 16
_SECRET = re.compile(rf"[\x21-\x7e]{{{FEWEST_CHARACTERS},}}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")


def parse_secrets(secret: SecretStr | None) -> Sequence[str]:
    """Return the secrets of a text in which spaces separate them; each of them is good.

    Raises:
        ValueError: one is short or has odd characters; the message does not show it.
    """
    words = secret.get_secret_value().split() if secret else []
    if secret and not (words and all(map(_SECRET.fullmatch, words))):
        raise ValueError(f"a secret has at least {FEWEST_CHARACTERS} visible ASCII characters")
    return words


def check_secrets(secret: SecretStr) -> SecretStr:
    """Return the secrets if ``parse_secrets`` can read them."""
    parse_secrets(secret)
    return secret


def parse_topics(text: str) -> frozenset[str]:
    """Return the ARNs of Amazon SNS topics, which commas separate.

    Raises:
        ValueError: one is not the ARN of a topic.
    """
    topics = frozenset(part.strip() for part in text.split(",") if part.strip())
    for topic in topics:
        if not _TOPIC.fullmatch(topic):
            raise ValueError(
                f"{topic!r} is not the ARN of a topic, such as "
                "arn:aws:sns:eu-central-1:123456789012:photos"
            )
    return topics


def check_topics(text: str) -> str:
    """Return the text if ``parse_topics`` can read it."""
    parse_topics(text)
    return text
