"""Certificates of Amazon SNS, fetched once, and the signatures that are checked with them.

The chain of a certificate is not followed: what makes it SNS' is the TLS connection to the host
that ``check_sns_url`` lets pass. Needs the extra ``sns``.
"""

from datetime import datetime
from threading import Lock

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificate

from api.hooks.fetching import Fetch, fetch
from api.hooks.sns import SnsMessage, check_sns_url
from core.errors import SenderUnknown, SnsUnreachable

MOST_KEPT = 16
PATIENCE = 5.0
"""Seconds to wait while another request fetches: strangers cannot make us ask more than once."""
HASHES: dict[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


class Certificates:
    """Checks signatures; keeps the certificates that it needed lately."""

    def __init__(self, fetch: Fetch = fetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, Certificate] = {}
        self._fetching = Lock()

    def verify(self, message: SnsMessage, now: datetime) -> None:
        """Let a message pass that SNS has signed not long ago.

        Raises:
            SenderUnknown: the message is old, its certificate is not SNS' or not valid now, or the
                signature is not of this text.
            SnsUnreachable: the certificate cannot be had.
        """
        message.check_age(now)
        key = self._key(check_sns_url(message.signing_cert_url, ".pem"), now)
        try:
            key.verify(
                message.signature,
                message.signed_text,
                PKCS1v15(),
                HASHES[message.signature_version](),
            )
        except InvalidSignature as error:
            raise SenderUnknown("the signature is not of this message") from error

    def _key(self, url: str, now: datetime) -> RSAPublicKey:
        certificate = self._kept.get(url)
        if certificate is None or not _is_valid(certificate, now):
            certificate = self._fetched(url, now)
        key = certificate.public_key()
        if not _is_valid(certificate, now) or not isinstance(key, RSAPublicKey):
            raise SenderUnknown("the certificate of Amazon SNS is not valid now, or not RSA")
        return key

    def _fetched(self, url: str, now: datetime) -> Certificate:
        if not self._fetching.acquire(timeout=PATIENCE):
            raise SnsUnreachable("another request is waiting for Amazon SNS already; try again")
        try:
            kept = self._kept.get(url)
            if kept is not None and _is_valid(kept, now):
                return kept
            certificate = load_pem_x509_certificate(self._fetch(url))
        except ValueError as error:
            raise SenderUnknown("what Amazon SNS sent is not a certificate") from error
        finally:
            self._fetching.release()
        self._keep(url, certificate)
        return certificate

    def _keep(self, url: str, certificate: Certificate) -> None:
        kept = {**self._kept, url: certificate}
        self._kept = dict([*kept.items()][-MOST_KEPT:])


def _is_valid(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
