"""A certificate authority for tests, and keys."""

import base64
import datetime
import ipaddress
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def write_key(path, key):
    path = pathlib.Path(path)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path


def write_public_key(path, key):
    path = pathlib.Path(path)
    path.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return path


def rsa_key():
    """A key that service account tokens are signed with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_jwt(key_file, header, claims):
    key = serialization.load_pem_private_key(pathlib.Path(key_file).read_bytes(), None)

    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = b".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return (signed + b"." + encoded(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))).decode()


class Authority:
    """Makes certificates into a folder; `ca` is its own, to be trusted."""

    def __init__(self, directory, name="test authority"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = self._builder(self._name, self._key, now - datetime.timedelta(days=1), now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
                              data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False)
        self._certificate = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.ca = self.directory / "ca.crt"
        self.ca.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, name, key, begin, end):
        return (x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))

    def issue(self, file_name, common_name, groups=(), hosts=(), hours=24):
        """(certificate, key): for a server when it has hosts, else for a client. `hours` below 0: expired that long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
        now = datetime.datetime.now(datetime.timezone.utc)
        end = now + datetime.timedelta(hours=hours)
        builder = self._builder(x509.Name(names), key, min(now, end) - datetime.timedelta(hours=1), end)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([self._host(host) for host in hosts]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self.directory / f"{file_name}.crt"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path, write_key(self.directory / f"{file_name}.key", key)

    @staticmethod
    def _host(host):
        try:
            return x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return x509.DNSName(host)
