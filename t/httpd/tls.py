"""Certificates of an authority of the tests' own, and connections that trust it and nobody else."""
import pathlib
import ssl
import subprocess

import place

KEY = ["-newkey", "rsa:2048", "-nodes"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Certificates and keys in a directory, all RSA: NAME.pem, NAME.key, and both in NAME.both."""

    def __init__(self, directory, name="authority"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.name = name
        openssl("req", "-x509", *KEY, "-days", 2, "-subj", f"/CN={name}", "-keyout", self.path(name, "key"),
                "-out", self.certificate, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name, suffix="pem"):
        return self.directory / f"{name}.{suffix}"

    @property
    def certificate(self):
        return self.path(self.name)

    def issue(self, name, *alternatives, days=2, key=KEY):
        """A certificate for a server, by its names ("DNS:a.example"), or without any for a client."""
        request, extensions = self.path(name, "csr"), self.path(name, "ext")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", self.path(name, "key"), "-out", request)
        extensions.write_text(f"basicConstraints=CA:FALSE\nextendedKeyUsage={'server' if alternatives else 'client'}Auth\n"
                              + (f"subjectAltName={','.join(alternatives)}\n" if alternatives else ""))
        openssl("x509", "-req", "-days", days, "-in", request, "-CA", self.certificate, "-CAkey", self.path(self.name, "key"),
                "-CAcreateserial", "-extfile", extensions, "-out", self.path(name))
        self.path(name, "both").write_bytes(self.path(name).read_bytes() + self.path(name, "key").read_bytes())
        place.give(self.directory)
        return self

    def connect(self, server_name, client=None, change=lambda context: None):
        """What phone.send() takes as wrap. client names a certificate of the phone's own, as (authority, name)."""
        context = ssl.create_default_context(cafile=self.certificate)
        if client:
            authority, name = client
            context.load_cert_chain(authority.path(name), authority.path(name, "key"))
        change(context)
        return lambda plain: context.wrap_socket(plain, server_hostname=server_name)
