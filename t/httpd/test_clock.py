"""The clock jumps back an hour under a running httpd: order is kept by number, not by time (issue 4)."""
import datetime
import glob
import os
import pathlib
import time
from email.utils import parsedate_to_datetime

import pytest

import audit
import upload
from phone import request_xml
from store import PENDING
from waiting import until

CX500 = request_xml(Model="CX500")
LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


@pytest.fixture
def clocked(own_site, monkeypatch):
    """A site whose clock is what clock("-1h") says, from now on and in every process."""
    if not LIBRARY:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    if os.environ.get("SANITIZER_RUNTIME"):
        pytest.skip("libfaketime and AddressSanitizer both want to be the first library of a process")
    path = pathlib.Path(own_site.root) / "clock"

    def clock(offset):
        staged = path.with_suffix(".new")
        staged.write_text(offset + "\n")
        staged.chmod(0o644)
        staged.rename(path)

    clock("+0h")
    prepared = own_site.prepare()
    environment = prepared.httpd.environment()
    environment.update(LD_PRELOAD=" ".join(filter(None, [environment.get("LD_PRELOAD"), LIBRARY])),
                       FAKETIME_TIMESTAMP_FILE=str(path), FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
    monkeypatch.setattr(prepared.httpd, "environment", lambda: environment)
    prepared.httpd.start()
    prepared.clock = clock
    return prepared


def date(site):
    """What httpd says the time is, in seconds since 1970."""
    return parsedate_to_datetime(site.get("/").headers["Date"]).timestamp()


def jump(site):
    """The clock is an hour back, and httpd knows."""
    site.clock("-1h")
    until(lambda: abs(date(site) - (time.time() - 3600)) < 60, "the clock has jumped")


class TestClockJumpsBack:
    def test_an_approval_is_still_noticed_by_every_child(self, clocked):
        site = clocked
        children, keeper = site.httpd.children(), site.httpd.keeper()
        assert site.offered(CX500) is None and abs(date(site) - time.time()) < 60
        jump(site)
        site.store.approve()
        until(lambda: site.every_child(lambda: site.offered(CX500) == PENDING), "in force in every child")
        assert (site.httpd.children(), site.httpd.keeper()) == (children, keeper)

    def test_audit_goes_on(self, clocked):
        """Behind what is there, with the time as it is; nothing is written over."""
        site = clocked
        watch = audit.Watch(site.store)
        site.check()
        before = {path: path.read_bytes() for path in audit.files(site.store)}
        jump(site)
        site.check()
        earlier, later = sorted(seconds(record) for record in watch.new())   # perhaps in the file of the day before
        assert 3500 < later - earlier < 3700
        after = {path: path.read_bytes() for path in audit.files(site.store)}
        assert all(after[path].startswith(content) for path, content in before.items())

    def test_uploads_go_on(self, clocked):
        """The name of a stored log has its time in it, and there may be one of that name."""
        site = clocked
        stored = set()
        for offset in ("+0h", "-1h", "+0h"):
            site.clock(offset)
            assert upload.raw(site).status == 200
            found = {path: path.read_bytes() for path in (site.store.files / "DeviceUpdateLogs/Client").rglob("*.clg")}
            assert len(found) == len(stored) + 1, "one more, and none was written over"
            stored = set(found)


def seconds(record):
    return datetime.datetime.fromisoformat(record["Logging DateTime"]).timestamp()
