"""Importing packages through the page: signed ones, uploads that are sent bit by bit, jobs, and what they leave."""
import base64
import contextlib
import fcntl
import json
import os
import pathlib
import socket
import subprocess

import make_package
import place
from pages import Pages
from waiting import until

JOBS, TRUST = "DeviceUpdateJobs", "DeviceUpdateTrust"
TOOL = pathlib.Path(os.environ["builddir"], "t/tools/make_catalog")
BOUNDARY = "ba7b0c8e"


def trust_vendor(store):
    """A vendor whose packages the store believes: two certificates beside the store, the root among its anchors."""
    root, vendor = store.directory / "root.pem", store.directory / "vendor.pem"
    subprocess.run([TOOL, "identity", root, "Test Root", "--authority"], check=True)
    subprocess.run([TOOL, "identity", vendor, "Vendor Firmware", "--issuer", root, "--use", "codeSigning"], check=True)
    anchors = store.files / TRUST
    anchors.mkdir(exist_ok=True)
    text = root.read_text()
    (anchors / "root.pem").write_text(text[:text.index("-----BEGIN PRIVATE KEY")])
    place.give(store.directory)


def package(store, *devices, version, signed=True, size=70000, name="package.cab", **how):
    """The bytes of a package; every image of a signed one has a catalogue of the vendor."""
    directory = store.directory.parent / "made"
    directory.mkdir(exist_ok=True)
    members = make_package.members_of(devices, version, size=size)
    for member, content in list(members.items()) if signed else ():
        if member.endswith(".nbt"):
            (directory / "image").write_bytes(content)
            subprocess.run([TOOL, "catalogue", directory / "made.cat", "--signer", store.directory / "vendor.pem", directory / "image"], check=True)
            members[member.replace(".nbt", ".cat")] = (directory / "made.cat").read_bytes()
    return pathlib.Path(make_package.pack(directory / name, members, **how)).read_bytes()


def form(fields, filename, content=b"", end=True):
    """The body of a form with a file, which stands at its end; without `end` as if the client had gone."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    if filename is not None:
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
                     "Content-Type: application/octet-stream\r\n\r\n".encode() + content + (b"\r\n" if end else b""))
    return b"".join(parts) + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


class Imports:
    """The page of packages, for one person."""

    def __init__(self, site, user="admin"):
        self.site, self.pages, self.user = site, Pages(site, user=user), user
        self.jobs_directory = site.store.files / JOBS

    def fields(self, **more):
        return {"token": self.pages.token("packages"), **more}

    def headers(self, accept="application/json"):
        return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Accept": accept,
                "Origin": f"http://127.0.0.1:{self.site.port}"}

    def send(self, content, filename="new.cab", accept="application/json", **more):
        """Uploads a package; the answer."""
        return self.pages.ask("POST", "packages", form(self.fields(**more), filename, content), self.headers(accept))

    def begin(self, content, **more):
        """Uploads a package that is accepted; the job's id."""
        answer = self.send(content, **more)
        assert answer.status == 200, answer
        return json.loads(answer.text)["job"]

    def job(self, job):
        return self.pages.json(f"packages?job={job}")["job"]

    def ended(self, job):
        """What came of it, as soon as it has."""
        return until(lambda: (shown := self.job(job))["end"] != "running" and shown, f"job {job} ends")

    def waits(self, job):
        """Returns when the job stands before a file store that another import has locked."""
        return until(lambda: (shown := self.job(job))["doing"] == "wait" and shown, f"job {job} waits for another import")

    def cancel(self, job):
        return self.pages.post("packages", {"action": "cancel", "job": job})

    @contextlib.contextmanager
    def opened(self, body, length=None):
        """A connection on which the head of a POST and some of its body were sent."""
        account = base64.b64encode(f"{self.user}:secret".encode()).decode()
        headers = {**self.headers(), "Authorization": f"Basic {account}", "Host": f"127.0.0.1:{self.site.port}",
                   "Content-Length": len(body) if length is None else length}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(("127.0.0.1", self.site.port), timeout=60) as connection:
            connection.sendall(f"POST /devupdate/packages HTTP/1.1\r\n{head}\r\n".encode() + body)
            yield connection

    def left(self):
        """Every file of jobs and of staging but the states of jobs that have ended."""
        kept = {"state", "lock", "fate"}
        found = [path for path in self.jobs_directory.rglob("*") if path.is_file() and path.name not in kept] if self.jobs_directory.exists() else []
        staging = self.site.store.files / "DeviceUpdateStore" / ".staging"
        return found + [path for path in staging.rglob("*") if path.is_file() and path.name != "lock"]

    def nothing_left(self):
        until(lambda: not self.left(), f"nothing is left on the disk: {self.left()}")

    def directories(self):
        return sorted(path.name for path in self.jobs_directory.iterdir()) if self.jobs_directory.exists() else []

    def begun(self, known):
        """The job of an upload that has begun since these were the directories."""
        return until(lambda: next((name for name in self.directories() if name not in known and name[0] != "."), None), "the upload has begun")

    def process(self, job):
        """The process id of whoever works on a job: it has the job's lock open."""
        wanted = str(self.jobs_directory / job / "lock")
        for links in pathlib.Path("/proc").glob("[0-9]*/fd"):
            with contextlib.suppress(OSError):
                if any(os.readlink(link) == wanted for link in links.iterdir()):
                    return int(links.parent.name)
        return None


@contextlib.contextmanager
def another_import(store):
    """As long as it holds, imports wait."""
    staging = store.files / "DeviceUpdateStore" / ".staging"
    staging.mkdir(exist_ok=True)
    path = staging / "lock"
    with open(path, "w", encoding="ascii") as file:
        place.give(staging)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        path.unlink()
