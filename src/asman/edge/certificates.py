"""A member's own certificates: one authority that partners pin, and a certificate of the node under it.

No public authority vouches for a member: partners exchange their authorities' certificates in person, in the
files of `asman link`. The authority lives as long as its member likes; the node's certificate is short-lived
and made anew from it while the node runs.

Source: RFC 5280 (profile), NIST P-256 as TLS 1.3 servers everywhere take it.
"""

import datetime
import hashlib
import ipaddress
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_YEARS: Final = 10
NODE_DAYS: Final = 30
#: Made anew when less than this is left.
RENEW_DAYS: Final = 20
#: Clocks of partners may be behind.
_EARLIER: Final = datetime.timedelta(hours=1)


class CertificateTextError(ValueError):
    """A text that is no certificate of an authority."""


def make_authority(member: str, now: datetime.datetime) -> tuple[bytes, bytes]:
    """Make a member's certificate authority: its certificate and its private key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{member} Asman authority"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, member),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + datetime.timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), _pem(key)


def make_node(
    authority: bytes, authority_key: bytes, member: str, hosts: tuple[str, ...], now: datetime.datetime
) -> tuple[bytes, bytes]:
    """Make a certificate for a node that is reached as one of `hosts`, and its key; as PEM.

    It serves and it asks: partners' nodes see it at both ends of a link.
    """
    issuer = x509.load_pem_x509_certificate(authority)
    signer = serialization.load_pem_private_key(authority_key, password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise CertificateTextError("the authority's key is of another kind; needed an elliptic curve")
    key = ec.generate_private_key(ec.SECP256R1())
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{member} node")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(min(now + datetime.timedelta(days=NODE_DAYS), issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM), _pem(key)


def is_due(certificate: bytes, hosts: tuple[str, ...], now: datetime.datetime) -> bool:
    """Tell whether a node's certificate should be made anew."""
    try:
        read = x509.load_pem_x509_certificate(certificate)
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return True
    late = read.not_valid_after_utc - now < datetime.timedelta(days=RENEW_DAYS)
    return late or set(names) != {_name(host) for host in hosts}


def authority_problem(pem: str, now: datetime.datetime) -> str:
    """What is wrong with a text as the certificate of a partner's authority; empty when nothing is."""
    try:
        (read,) = x509.load_pem_x509_certificates(pem.encode())
        basic = read.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not basic.ca:
            return "the certificate is not of an authority"
        read.verify_directly_issued_by(read)
    except x509.ExtensionNotFound:
        return "the certificate is not of an authority"
    except InvalidSignature:
        return "the certificate is not signed by itself"
    except (ValueError, TypeError):
        return "the certificate cannot be read"
    if now >= read.not_valid_after_utc:
        return "the certificate has expired"
    return ""


def fingerprint(pem: bytes) -> str:
    """SHA-256 of a certificate, 64 hexadecimal digits."""
    read = x509.load_pem_x509_certificate(pem)
    return hashlib.sha256(read.public_bytes(serialization.Encoding.DER)).hexdigest()


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
