"""API keys: who may use the service, and for what."""

from core.keys.records import ALL_SCOPES, ApiKey, KeyRequest, Scope
from core.keys.store import Found, KeyStore

__all__ = ["ALL_SCOPES", "ApiKey", "Found", "KeyRequest", "KeyStore", "Scope"]
