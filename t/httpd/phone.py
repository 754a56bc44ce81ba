"""What a phone does: requests as exact bytes on a socket, so that nothing between test and server repairs them."""
import base64
import collections
import contextlib
import http.client
import io
import socket
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

CHECK = "/RequestHandler/ucdevice.upx"
CHECK_EXTERNAL = "/RequestHandlerExt/ucdevice.upx"
ROOTS = ["/RequestHandler/Files", "/DeviceUpdateFiles_Int"]
ROOTS_EXTERNAL = ["/RequestHandlerExt/Files", "/DeviceUpdateFiles_Ext"]

PHONE = {"DeviceType": "UCPhone", "MacAddress": "00-04-F2-00-01-76", "SerialNumber": "07823-A345",
         "Vendor": "POLYCOM", "Model": "CX600", "Revision": "A", "Locale": "ENU", "UserID": "alice@contoso.com"}
INSTALLED = "4.0.7577.4387"

Response = collections.namedtuple("Response", "status headers body raw")


def request_xml(*, modules=None, **fields):
    """The body of a check. Fields replace those of PHONE; None leaves one out."""
    if modules is None:
        modules = [("CPE.nbt", INSTALLED, "")]
    phone = {name: value for name, value in {**PHONE, **fields}.items() if value is not None}
    lines = [f"<{name}>{escape(value)}</{name}>" for name, value in phone.items()]
    for module in modules:
        parts = zip(("Filename", "Version", "Timestamp"), module)
        lines.append("<Module>" + "".join(f"<{n}>{escape(v)}</{n}>" for n, v in parts) + "</Module>")
    return ('<?xml version="1.0" encoding="utf-8"?>\n<Request>\n' + "\n".join(lines) + "\n</Request>\n").encode()


def installed(version):
    return [("CPE.nbt", version, "")]


class _Bytes:
    """As much of a socket as http.client wants for reading a response."""

    def __init__(self, data):
        self.data = data

    def makefile(self, _mode):
        return io.BytesIO(self.data)


def parse(raw, method="GET"):
    response = http.client.HTTPResponse(_Bytes(raw), method=method)
    response.begin()
    body = response.read()
    return Response(response.status, response.headers, body, raw)


def send(port, data, method="GET", address="127.0.0.1", half_close=False, wrap=contextlib.nullcontext, patience=30):
    """Sends bytes, reads until the server closes, and answers the first response (None if there is none). wrap makes a
    TLS connection of a plain one; patience are the seconds until a TimeoutError."""
    plain = socket.create_connection(("127.0.0.1", port), patience, source_address=(address, 0))
    with plain, wrap(plain) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has refused and closed; its answer can still be there
        received = []
        try:
            while part := connection.recv(65536):
                received.append(part)
        except ConnectionResetError:
            pass
    raw = b"".join(received)
    return parse(raw, method) if raw else None


def head(method, target, headers):
    """Request line and headers; Connection: close unless the test says otherwise."""
    headers = {"Host": "phone.example", "Connection": "close", **headers}
    target = target if isinstance(target, bytes) else target.encode()
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items() if value is not None)
    return method.encode() + b" " + target + b" HTTP/1.1\r\n" + lines + b"\r\n"


def basic(user, password="secret"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def ask(port, method, target, headers=None, body=None, **options):
    headers = dict(headers or {})
    if body is not None:
        headers.setdefault("Content-Length", str(len(body)))
    return send(port, head(method, target, headers) + (body or b""), method, **options)


def check(port, body=None, target=CHECK, headers=None, **options):
    """One update check."""
    headers = {"Content-Type": "text/xml; charset=utf-8", **(headers or {})}
    return ask(port, "POST", target, headers, request_xml() if body is None else body, **options)


def get(port, target, headers=None, **options):
    return ask(port, "GET", target, headers, **options)


class Reply:
    """A reply to a check, read as the shipped template (protocol.md 11.2) writes it."""

    def __init__(self, response):
        assert response is not None, "no response"
        assert response.status == 200, f"{response.status}: {response.body!r}"
        root = ElementTree.fromstring(response.body)
        assert root.tag == "Response"
        self.count = int(root.findtext("NumOfFiles"))
        self.base = root.find("BaseURL").text
        self.external_base = root.find("ExternalBaseURL").text
        self.files = [{part.tag: part.text for part in file} for file in root.iter("File")]
        assert self.count == len(self.files)

    @property
    def version(self):
        """The version offered; None if nothing is."""
        versions = {file["Version"] for file in self.files}
        assert len(versions) < 2
        return versions.pop() if versions else None


def offered(port, body=None, **options):
    """The version that a check is offered, or None."""
    return Reply(check(port, body, **options)).version
