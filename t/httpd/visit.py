"""What `devupdatectl doctor` talks to in its tests besides httpd: a name server, a time server, a TLS server; and its findings."""
import collections
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import place

Visit = collections.namedtuple("Visit", "code findings out err")
Finding = collections.namedtuple("Finding", "check level id text advice")


class _Datagrams:
    """Answers datagrams on a port of its own until it is stopped; answer() says with what, None is silence."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.where = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not question:
                return
            answer = self.answer(question)
            if answer is not None:
                self.socket.sendto(answer, client)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.socket.close()

    def answer(self, question):
        raise NotImplementedError


class NameServer(_Datagrams):
    """A records by name: {"a.example": ["127.0.0.1"]}. A name with an empty list exists, but has no address; others do
    not. is_silent: no answer at all."""

    def __init__(self):
        self.names, self.is_silent = {}, False
        super().__init__()

    def answer(self, question):
        if self.is_silent:
            return None
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        asked = question[12:at + 5]
        kind = struct.unpack(">H", question[at + 1:at + 3])[0]
        addresses = self.names.get(".".join(labels).lower())
        found = addresses if addresses and kind == 1 else []
        head = question[:2] + struct.pack(">HHHHH", 0x8180 | (3 if addresses is None else 0), 1, len(found), 0, 0)
        return head + asked + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
                                       for address in found)


class TimeServer(_Datagrams):
    """SNTP; ahead are seconds, stratum 0 is a server that does not know the time, and a stranger's answer is not to the
    question."""

    def __init__(self):
        self.ahead, self.stratum, self.is_stranger, self.is_silent = 0, 2, False, False
        super().__init__()

    def answer(self, question):
        if self.is_silent:
            return None
        stamp = int((time.time() + self.ahead + 2208988800) * (1 << 32))
        origin = bytes(8) if self.is_stranger else question[40:48]
        return (struct.pack(">BBBb", 0x24, self.stratum, 4, -20) + bytes(12) + struct.pack(">Q", stamp) + origin
                + struct.pack(">QQ", stamp, stamp))


class TlsServer:
    """Shakes hands with whoever comes, and closes."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as client:
                    client.recv(1)
            except (OSError, ssl.SSLError):
                pass

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def doctor(*arguments, as_httpd=False, env=None):
    """The findings of one visit; with the rights of httpd's children, or of whoever runs the tests."""
    command = ["runuser", "-u", place.ACCOUNT, "--"] if as_httpd and place.AS_ROOT else []
    command += [os.environ["CTL"], "--json", *map(str, arguments)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=120, check=False, env={**os.environ, **(env or {})})
    document = json.loads(done.stdout)
    findings = [Finding(**finding) for finding in document["findings"]]
    is_bad = any(finding.level == "problem" for finding in findings)
    assert (done.returncode, "DU1019" in done.stderr) == (int(is_bad), is_bad), done
    return Visit(done.returncode, findings, done.stdout, done.stderr)
