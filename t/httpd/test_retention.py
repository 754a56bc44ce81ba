"""Old logs are removed by the node once a day (administration.md 1.5: LogCleanUpInterval, LogCleanUpTimeOfDay)."""
import datetime
import os
import sqlite3
import time
import zoneinfo

import pytest

import place
import store
from sites import NODE
from test_refresh import bring_back, take_away
from test_settings import REFUSED, everywhere
from upload import CLIENT, UPLOADS
from waiting import until

pytestmark = pytest.mark.patient

DAY = 86400
HERE = zoneinfo.ZoneInfo("Europe/Berlin")    # of the private httpd
DOWNLOADS = "DeviceUpdateLogs/Server/Downloads"


def clock(minutes):
    """The time on the wall so many minutes from now, as the setting has it."""
    return (datetime.datetime.now(HERE) + datetime.timedelta(minutes=minutes)).strftime("%H:%M")


class Logs:
    """Logs of a site that are as old as their names say."""

    def __init__(self, site):
        self.files = site.store.files
        self.made = {}

    def make(self, name, days, size=100):
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        os.utime(path, (time.time() - days * DAY,) * 2)
        self.made[name] = path
        place.give(self.files / "DeviceUpdateLogs")

    def make_usual(self):
        """Six that are older than the default interval and four that are not, or are not ours to remove."""
        for name, days in ((f"{CLIENT}/CELog/old.clg", 11), (f"{CLIENT}/CELog/young.clg", 9),
                           (f"{CLIENT}/Watson/old.dmp", 400),
                           (f"{store.AUDIT}/RequestHandlerAuditLog_{NODE}_2020-01-01.log", 11),
                           (f"{store.AUDIT}/RequestHandlerAuditLog_{NODE}_2020-01-01_1.log", 11),
                           (f"{store.AUDIT}/RequestHandlerAuditLog_{NODE}_2020-01-02.log", 9),
                           (f"{store.AUDIT}/RequestHandlerAuditLog_other_2020-01-01.log", 11),
                           (f"{UPLOADS}/DevUpdateUploads_{NODE}_2020-01-01.log", 11),
                           (f"{DOWNLOADS}/DevUpdateDownloads_{NODE}_2020-01-01.log", 11),
                           (f"{DOWNLOADS}/DevUpdateDownloads_{NODE}_2020-01-02.log", 9)):
            self.make(name, days)

    def left(self):
        return {name.rpartition("/")[2] for name, path in self.made.items() if path.exists()}


LEFT = {"young.clg", f"RequestHandlerAuditLog_{NODE}_2020-01-02.log", "RequestHandlerAuditLog_other_2020-01-01.log",
        f"DevUpdateDownloads_{NODE}_2020-01-02.log"}
REMOVED = "client 2 files 200 bytes, downloads 1 file 100 bytes, uploads 1 file 100 bytes, audit 2 files 200 bytes"


def stamp(site):
    return site.store.files / "DeviceUpdateRules" / f"{NODE}.cleaned"


def last_clean_up(site, seconds_ago):
    """Makes the node believe that the last clean-up was then."""
    stamp(site).parent.mkdir(exist_ok=True)
    stamp(site).write_text(f"{int(time.time() - seconds_ago)}\n")
    place.give(stamp(site).parent)


def clean_ups(site):
    """Activities: who, at which node, as what, what was removed, why."""
    with sqlite3.connect(site.store.database) as connection:
        return connection.execute("SELECT actor, node, role, before, note FROM activity WHERE action = 'clear' AND "
                                  "object = 'logs' ORDER BY id").fetchall()


class TestCleanUp:
    def test_C6_old_logs_vanish_at_the_clean_up_time(self, own_site):
        """The time is a minute that began after the last clean-up: it comes while this node runs."""
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        last_clean_up(site, 120)
        site.store.ctl("setting", "set", "LogCleanUpTimeOfDay", clock(30))
        site.start()
        site.ledger.declare("DU0915")
        assert site.check().status == 200
        assert logs.left() == {name.rpartition("/")[2] for name in logs.made}, "it is not time"
        site.store.ctl("setting", "set", "LogCleanUpTimeOfDay", clock(0))
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert logs.left() == LEFT
        row, = until(lambda: clean_ups(site), "the activity")
        assert row == ("clean-up", NODE, "node", REMOVED, "LogCleanUpInterval 10.00:00:00, log-quota 0")
        assert len(list((site.store.files / store.AUDIT).glob(f"*_{NODE}_{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.log"))) == 1

    def test_C6_it_is_done_once(self, own_site):
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        last_clean_up(site, 2 * DAY)      # the node was down at the time
        site.start()
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert logs.left() == LEFT
        before = stamp(site).read_text()
        assert time.time() - int(before) < 60
        logs.make(f"{CLIENT}/CELog/again.clg", 11)
        site.ledger.declare(*REFUSED)
        site.httpd.stop()
        site.httpd.start()
        site.store.ctl("setting", "set", "ValidLogFileTypes", "--add", "Trace")
        until(lambda: everywhere(site, 200, log_type="Trace"), "the node looks at its settings", limit=10)
        assert "again.clg" in logs.left()
        assert stamp(site).read_text() == before
        assert len(clean_ups(site)) == 1

    def test_the_interval_of_the_setting_counts(self, own_site):
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        site.store.ctl("site", "add", "Berlin", "10.0.0.0/8")
        site.store.ctl("setting", "set", "LogCleanUpInterval", "365.", "--scope", "site:Berlin")
        last_clean_up(site, 2 * DAY)
        site.start(directives={"DevUpdateSite": "Berlin"})
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert len(logs.made) - len(logs.left()) == 1 and "old.dmp" not in logs.left()

    def test_a_new_node_removes_nothing(self, own_site):
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        site.start()
        until(stamp(site).exists, "its first day has begun", limit=15)
        assert len(logs.left()) == len(logs.made)
        assert not clean_ups(site)

    def test_nothing_is_removed_by_a_default_before_the_settings_are_known(self, own_site):
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        site.store.ctl("setting", "set", "LogCleanUpInterval", "365.")
        last_clean_up(site, 2 * DAY)
        take_away(site.store)
        site.start()
        site.ledger.declare("DU0520", "DU0506", "DU0515")
        until(lambda: site.ledger.count("DU0506"), "the node has looked for its store", limit=15)
        assert site.check().status == 503, "there is no rule set either"
        bring_back(site.store)
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert len(logs.made) - len(logs.left()) == 1 and "old.dmp" not in logs.left()

    def test_a_quota_takes_the_oldest(self, own_site):
        site = own_site
        logs = Logs(site)
        for number in range(1, 6):
            logs.make(f"{CLIENT}/CELog/{number}.clg", number, 1000)
        logs.make(f"{store.AUDIT}/RequestHandlerAuditLog_{NODE}_2020-01-02.log", 8, 1000)
        site.store.ctl("setting", "set", "log-quota", "4500")
        last_clean_up(site, 2 * DAY)
        site.start()
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert logs.left() == {"1.clg", "2.clg", "3.clg", f"RequestHandlerAuditLog_{NODE}_2020-01-02.log"}

    def test_what_goes_without_the_store_is_on_record_when_it_is_back(self, own_site):
        site = own_site.start()
        logs = Logs(site)
        site.httpd.stop()
        logs.make_usual()
        last_clean_up(site, 2 * DAY)
        take_away(site.store)
        site.ledger.declare("DU0520", "DU0502", "DU0506")
        site.httpd.start()
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert logs.left() == LEFT
        assert REMOVED in site.httpd.log()
        assert site.check().status == 200
        notes = stamp(site).with_suffix(".removed")
        until(notes.exists, "what was removed is noted", limit=15)
        site.httpd.stop()
        bring_back(site.store)
        assert not clean_ups(site)
        site.httpd.start()
        row, = until(lambda: clean_ups(site), "the activity", limit=15)
        assert row == ("clean-up", NODE, "node", REMOVED, "LogCleanUpInterval 10.00:00:00, log-quota 0")
        until(lambda: not notes.exists(), "nothing is noted any more")

    def test_what_cannot_be_removed_is_said_once(self, own_site):
        site = own_site
        logs = Logs(site)
        logs.make_usual()
        last_clean_up(site, 2 * DAY)
        elsewhere = site.root / "elsewhere"
        (site.store.files / UPLOADS).rename(elsewhere)
        (site.store.files / UPLOADS).symlink_to(elsewhere)
        site.start()
        site.ledger.declare("DU0910")
        until(lambda: site.ledger.count("DU0915"), "a clean-up", limit=15)
        assert logs.left() == LEFT | {f"DevUpdateUploads_{NODE}_2020-01-01.log"}, "links are not followed"
        assert site.check().status == 200
        assert site.ledger.count("DU0910") == 1
