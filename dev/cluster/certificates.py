"""The cluster's own certificate authority, and what it signs."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 3650


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for, as Kubernetes reads it: CN is the user, O the group."""

    user: str
    group: str | None = None
    server_names: tuple[str, ...] = ()
    """Set for a server: the names and addresses it is reached at."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key on disk."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> "Pair":
        """The files of a pair, under the names that kwokctl and Kubernetes' own tools use."""
        return cls(folder / f"{name}.crt", folder / f"{name}.key")

    def exists(self) -> bool:
        """Whether both files are there."""
        return self.certificate.exists() and self.key.exists()


def ensure_authority(pki: Path) -> None:
    """Make the cluster's CA once: everything the cluster trusts comes from it."""
    pair = Pair.of(pki, "ca")
    if pair.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(Subject("myapp-dev-ca"))
    builder = _builder(name, name, key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    _write(pair, key, builder.sign(key, hashes.SHA256()))


def ensure(pki: Path, folder: Path, name: str, subject: Subject) -> Pair:
    """Write a pair signed by the CA in `pki`, unless it is there already."""
    pair = Pair.of(folder, name)
    if pair.exists():
        return pair
    authority = Pair.of(pki, "ca")
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes()).subject
    signer = serialization.load_pem_private_key(authority.key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = _builder(_name(subject), issuer, key.public_key())
    if subject.server_names:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        names = x509.SubjectAlternativeName([_general_name(name) for name in subject.server_names])
        builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    _write(pair, key, builder.sign(signer, hashes.SHA256()))
    return pair


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A clock that is set back a little must not make the cluster refuse its own certificates.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
    )


def _name(subject: Subject) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COMMON_NAME, subject.user)]
    if subject.group:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.group))
    return x509.Name(names)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(pair: Pair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    pair.key.parent.mkdir(parents=True, exist_ok=True)
    pair.key.touch(mode=0o600)
    # kwokctl hands the administrator's key to the API server for signing tokens, which reads this older format.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
