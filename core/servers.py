"""The two Redis of an installation: the one that has its state, and Celery's broker."""

from redis import Redis

from core import namespace
from core.redis_client import Tls, connect
from core.settings import Settings


def connect_state(settings: Settings, patience: float = 2, timeout: float = 2) -> Redis:
    """Return a client of the state, and have this process use the installation's keys.

    ``patience`` and ``timeout``: as for ``connect``.
    """
    namespace.use(settings.redis_namespace)
    return connect(settings.redis_url, patience, timeout, tls(settings))


def connect_broker(settings: Settings, patience: float = 2, timeout: float = 2) -> Redis:
    """Return a client of the broker.

    Raises:
        InvalidSetting: the settings name none.
    """
    return connect(settings.broker, patience, timeout, tls(settings))


def tls(settings: Settings) -> Tls:
    """Return the files that TLS to both of them takes."""
    return Tls(settings.redis_ca, settings.redis_cert, settings.redis_cert_key)
