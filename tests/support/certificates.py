"""A certificate for proxies of tests."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Certificate:
    """Files with a certificate for 127.0.0.1, with its key, and with both."""

    certificate: Path
    key: Path
    both: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
        now, day = datetime.now(UTC), timedelta(days=1)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
        made = cls(folder / "certificate.pem", folder / "key.pem", folder / "both.pem")
        pem = serialization.Encoding.PEM
        made.certificate.write_bytes(certificate.public_bytes(pem))
        made.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        made.both.write_bytes(made.certificate.read_bytes() + made.key.read_bytes())
        return made
