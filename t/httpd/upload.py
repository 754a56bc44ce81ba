"""Log uploads as a phone sends them, and what came of them: records and files."""
import csv
import io
import urllib.parse

import phone
import store
from phone import ask

UPLOADS = "DeviceUpdateLogs/Server/Uploads"
CLIENT = "DeviceUpdateLogs/Client"
HEADER = ["Logging DateTime", "User Host Address", "Endpoint", "Type", "Mac Address", "Serial Number", "Device File Name",
          "Stored File", "Size", "Status", "Result", "Reason", "User"]
LOG = b"2026-11-22 21:03:04 registered\r\n" * 30
IDENTITY = {"type": "CELog", "filename": "ce.clg", "devicetype": "UCPhone", "serial": "07823-A345"}
BOUNDARY = "---------------------------7d91f2"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
RAW = {"Content-Type": "application/octet-stream"}


def query(**changes):
    """The URL of checks with an identity behind it; None leaves a name out."""
    values = {name: value for name, value in {**IDENTITY, **changes}.items() if value is not None}
    return f"{phone.CHECK}?{urllib.parse.urlencode(values)}"


def part(data, *headers):
    return f"--{BOUNDARY}\r\n".encode() + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + data + b"\r\n"


def file_part(data=LOG, name=b"ce.clg"):
    return part(data, b'Content-Disposition: form-data; name="log"; filename="' + name + b'"',
                b"Content-Type: application/octet-stream")


def field(name, value):
    return part(value.encode(), f'Content-Disposition: form-data; name="{name}"'.encode())


def xml_part(log_type="CELog"):
    text = (f"<?xml version='1.0'?><Request><LogType>{log_type}</LogType><DeviceType>UCPhone</DeviceType>"
            "<MacAddress>00:04:f2:00:01:76</MacAddress><SerialNumber>07823-A345</SerialNumber></Request>")
    return part(text.encode(), b'Content-Disposition: form-data; name="request"', b"Content-Type: text/xml")


END = f"--{BOUNDARY}--\r\n".encode()


def raw(site, body=LOG, target=None, headers=None, **options):
    return ask(site.port, "POST", target or query(), {**RAW, **(headers or {})}, body, **options)


def form(site, *parts, target=phone.CHECK, headers=None, **options):
    return ask(site.port, "POST", target, {**FORM, **(headers or {})}, b"".join(parts) + END, **options)


def chunked(body, size=1000):
    chunks = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def files(site):
    """Every file of every device log, staging included, below the file store."""
    return sorted(str(path.relative_to(site.store.files)) for path in (site.store.files / CLIENT).rglob("*") if path.is_file())


def records(site):
    found = []
    for path in sorted((site.store.files / UPLOADS).glob(f"DevUpdateUploads_{store.NODE}_*.log")):
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n"), "the last line is complete"
        found += csv.DictReader(io.StringIO(text, newline=""))
    return found


class Watch:
    """Records and files since it was made."""

    def __init__(self, site):
        self.site = site
        self.before, self.files_before = len(records(site)), files(site)

    def new(self):
        return records(self.site)[self.before:]

    def new_files(self):
        return [name for name in files(self.site) if name not in self.files_before]

    def stored(self, data=LOG):
        """The one new record, of the one new file, which holds these bytes."""
        record, = self.new()
        assert (record["Result"], record["Reason"], record["Status"]) == ("stored", "", "200")
        assert self.new_files() == [record["Stored File"]]
        assert (self.site.store.files / record["Stored File"]).read_bytes() == data
        assert record["Size"] == str(len(data))
        return record

    def refused(self, reason, status):
        """The one new record, of an upload that left nothing."""
        assert not self.new_files()
        record, = self.new()
        assert (record["Result"], record["Reason"], record["Status"]) == ("refused", reason, str(status))
        assert record["Stored File"] == ""
        return record
