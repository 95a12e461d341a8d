"""What is examined: the settings, and what ``tintype up`` runs in this folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from core.settings import Settings

STACK = "stack.json"
PARTS = {"endpoint", "access_key", "secret_key", "bucket"}


@dataclass(frozen=True)
class Subject:
    """The service as its parts would see it."""

    settings: Settings
    data: Path
    api: str
    """Address at which the API is, or would be."""
    running: bool = False
    """Whether ``tintype up`` says that it runs on this data."""

    @property
    def has_redis(self) -> bool:
        """Whether there is a Redis to ask; else ``tintype up`` would start its own."""
        return "redis_url" in self.settings.model_fields_set

    @property
    def has_storage(self) -> bool:
        """Whether there is storage to ask; AWS is known by its credentials or its bucket."""
        return bool({"s3_endpoint", "s3_access_key", "bucket"} & self.settings.model_fields_set)

    @property
    def secrets(self) -> frozenset[str]:
        """Every word that nobody may see."""
        values = [getattr(self.settings, name) for name in Settings.model_fields]
        words = [v.get_secret_value() for v in values if isinstance(v, SecretStr)]
        found = {*words, *(part for word in words for part in word.split())}
        urls = (self.settings.redis_url, self.settings.broker_url or "")
        return frozenset(found.union(*map(_passwords, urls)) - {""})


def find_subject(data: Path, port: int, settings: Settings) -> Subject:
    """Return what is to be examined; servers that the settings name win over the stack's."""
    stack = _read(data / STACK)
    if not stack:
        return Subject(settings, data, f"http://127.0.0.1:{port}")
    changes: dict[str, Any] = {}
    if "redis_url" not in settings.model_fields_set:
        changes["redis_url"] = stack["redis"]
    if "s3_endpoint" not in settings.model_fields_set:
        changes |= _storage(stack["s3"])
    return Subject(settings.model_copy(update=changes), data, stack["api"], running=True)


def _passwords(url: str) -> set[str]:
    """Return what a URL may have for a password; all of it if it cannot be read."""
    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return {url}
    return {password, unquote(password), *(value for _, value in parse_qsl(parts.query))}


def _storage(s3: dict[str, Any]) -> dict[str, Any]:
    """Return settings of the stack's storage; its keys may be left to boto3."""
    secret = s3["secret_key"]
    changes = {"s3_endpoint": s3["endpoint"], "bucket": s3["bucket"]}
    changes |= {"s3_access_key": s3["access_key"]}
    return changes | {"s3_secret_key": SecretStr(secret) if secret else None}


def _read(path: Path) -> dict[str, Any]:
    """Return what ``tintype up`` has written; nothing if it is not there or not whole."""
    try:
        content = json.loads(path.read_text())
        whole = {"api", "redis"} <= content.keys() and content["s3"].keys() >= PARTS
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return dict(content) if whole else {}
