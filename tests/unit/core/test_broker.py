import ssl
from pathlib import Path

from core.broker import celery_settings, key_prefix
from core.settings import Settings


def test_one_server() -> None:
    found = celery_settings(Settings(redis_url="redis://u:p@a:1/2"))
    assert found["broker_url"] == "redis://u:p@a:1/2"
    assert "broker_use_ssl" not in found
    assert found["broker_transport_options"]["global_keyprefix"] == ""
    assert "master_name" not in found["broker_transport_options"]


def test_tls(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    found = celery_settings(Settings(broker_url="rediss://a/0", redis_ca=ca))
    assert found["broker_use_ssl"] == {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
        "ssl_ca_certs": str(ca),
    }


def test_sentinels() -> None:
    url = "rediss+sentinel://u:p%2F@a,[::1]:7/photos/3?sentinel_password=own"
    found = celery_settings(Settings(redis_url=url))
    assert found["broker_url"] == ("sentinel://u:p%2F@a:26379/3;sentinel://u:p%2F@[::1]:7/3")
    options = found["broker_transport_options"]
    assert options["master_name"] == "photos"
    assert options["sentinel_kwargs"]["password"] == "own"
    assert options["sentinel_kwargs"]["ssl"] is True
    assert found["broker_use_ssl"]["ssl_cert_reqs"] == ssl.CERT_REQUIRED


def test_installations_share_a_broker_under_names_of_their_own() -> None:
    settings = Settings(redis_namespace="photos")
    assert key_prefix(settings) == "photos:"
    assert celery_settings(settings)["broker_transport_options"]["global_keyprefix"] == "photos:"
