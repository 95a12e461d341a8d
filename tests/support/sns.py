"""Amazon SNS as far as an endpoint sees it: a certificate, signatures, a host that answers."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE_URL = f"{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
SUBSCRIBE_URL = f"{HOST}/?Action=ConfirmSubscription&TopicArn=photos&Token=2336412f37"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:photos"
NOW = datetime(2026, 11, 25, 4, 0, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": (
        ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    ),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY,
    start: datetime = NOW - timedelta(days=30),
    end: datetime = NOW + timedelta(days=365),
) -> bytes:
    """A certificate in PEM that the key has signed itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def confirmation(topic: str = TOPIC, **more: Any) -> dict[str, Any]:
    """What SNS sends first to an endpoint that has been subscribed."""
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "TopicArn": topic,
        "Message": f"You have chosen to subscribe to the topic {topic}.\nVisit the SubscribeURL.",
        "SubscribeURL": SUBSCRIBE_URL,
        **more,
    }


def signed(
    message: dict[str, Any],
    key: rsa.RSAPrivateKey = KEY,
    version: str = "2",
    at: datetime | None = None,
    url: str = CERTIFICATE_URL,
) -> dict[str, Any]:
    """The message with its time and signature."""
    moment = (at or NOW).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {**message, "Timestamp": moment, "SignatureVersion": version, "SigningCertURL": url}
    names = [name for name in SIGNED[message["Type"]] if name in message]
    text = "".join(f"{name}\n{message[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = key.sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {**message, "Signature": base64.b64encode(signature).decode()}
