from pathlib import Path

from redis.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from core.redis_client import Tls, connect
from core.redis_slot import SlotConnection, SlotSSLConnection

FILES = Tls(Path("ca.pem"), Path("own.pem"), Path("own.key"))
OPTIONS = {"ssl_ca_certs": "ca.pem", "ssl_certfile": "own.pem", "ssl_keyfile": "own.key"}


def test_tls_holds_for_the_primary_and_for_sentinels() -> None:
    url = "rediss+sentinel://u:p@a,b/photos/2?sentinel_password=own"
    pool = connect(url, tls=FILES).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.connection_class is SentinelManagedSSLConnection
    login = {"username": "u", "password": "p", "db": 2}
    assert OPTIONS.items() | login.items() <= pool.connection_kwargs.items()
    for sentinel in pool.sentinel_manager.sentinels:
        kwargs = sentinel.connection_pool.connection_kwargs
        assert (OPTIONS | {"password": "own"}).items() <= kwargs.items()
        assert "u" not in kwargs.values()


def test_a_cluster_is_talked_to_as_its_url_says() -> None:
    plain = connect("redis+cluster://:p@a", tls=FILES).connection_pool
    assert plain.connection_class is SlotConnection
    assert not OPTIONS.items() & plain.connection_kwargs.items()
    secure = connect("rediss+cluster://:p@a", tls=FILES).connection_pool
    assert secure.connection_class is SlotSSLConnection
    assert OPTIONS.items() <= secure.connection_kwargs.items()
