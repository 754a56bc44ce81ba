"""Every page and what else it shows, by name, on a site where there is something of everything."""
import os
import pathlib
import re

import pytest

from imports import Imports, another_import, package, trust_vendor
from pages import PagesClass, prepare
from phones import AUDIT, CLIENT, DAY, NOW, SECOND, Phones, log_name, put_log
from store import APPROVED, CX600, PENDING, RESTORE

LIST = pathlib.Path(os.environ["srcdir"], "admin/lib/dua_pages.h").read_text(encoding="utf-8")
PAGES = re.findall(r"^ +X\((\w+),", LIST, re.MULTILINE)   # the product's own list
assert "index" in PAGES and len(PAGES) > 5, LIST

CELOG = log_name("07823-A345")
VIEWS = {
    **{page: page for page in PAGES},
    "settings": "settings?scope=site:Berlin", "activity": "activity?verify=yes",
    "test_devices-remove": "test_devices?confirm=empty&show=site:Berlin",
    "sites-one": "sites?site=Berlin", "sites-remove": "sites?site=Berlin&confirm=remove",
    "settings-one": "settings?scope=site:Berlin&name=ValidLogFileTypes", "settings-new": "settings?scope=site:Lab&confirm=new",
    "settings-reset": "settings?scope=site:Berlin&confirm=reset", "settings-global": "settings",
    "roles-account": "roles?account=kim", "roles-change": "roles?confirm=set&account=admin&role=viewer",
    "roles-take": "roles?confirm=remove&account=kim",
    "rules-one": "rules?id=1", "rules-approve": "rules?confirm=approve&all=yes", "rules-reset": "rules?confirm=reset&id=1",
    "rules-restore": "rules?confirm=restore&id=1", "rules-remove": "rules?confirm=remove&id=1", "rules-none": "rules?q=nothing",
    "packages-one": "packages?id=3", "packages-imported": "packages?job={imported}", "packages-refused": "packages?job={refused}",
    "packages-running": "packages?job={running}", "packages-files": "packages?view=files", "packages-clear": "packages?view=clear",
    "devices-stuck": "devices?state=stuck", "devices-kinds": "devices?kinds=unknown",
    "devices-one": "devices?id=1", "devices-bare": "devices?id=9",
    "device_logs-one": f"device_logs?view=CELog/{CELOG}", "device_logs-old": "device_logs?confirm=old&days=5",
    "failure": "sites?site=Nowhere", "no-role": "index"}

HOUR = 3600 * SECOND
STATES = {   # what phones do, with what the inventory knows of it then
    "current": {"version": APPROVED},
    "offered": {"offered": APPROVED, "offers": 2, "result": "offered", "reason": "approved"},
    "downloading": {"offered": APPROVED, "offers": 1, "taken": APPROVED, "taken_bytes": 120_000, "taken_size": 300_000},
    "downloaded": {"offered": APPROVED, "offers": 1, "taken": APPROVED, "taken_bytes": 300_000, "taken_size": 300_000},
    "updated": {"version": APPROVED, "version_before": RESTORE, "taken": APPROVED, "taken_bytes": 300_000, "taken_size": 300_000},
    "stuck": {"offered": APPROVED, "offers": 14, "result": "offered", "reason": "approved"},
    "unknown": {"key": ("UCPhone", "NEWCOM", "X1", "A", "ENU"), "reason": "no-rule"},
    "refused": {"result": "refused", "reason": "forbidden"}}


def fill_phones(store):
    """Phones in every state, one with a history, one of which hardly anything is known; traffic, a roll-out and their logs."""
    phones = Phones(store)
    phones.filled()
    for number, (state, known) in enumerate(STATES.items()):
        known = {"version": RESTORE, **known}
        times = {f"{word}_time": (NOW - 86400 * number) * SECOND for word in ("offered", "taken") if known.get(word)}
        phones.add(state=state, site="berlin" if number % 2 else "", address="10.1.0.7" if number % 2 else "10.9.0.7",
                   version_time=NOW * SECOND - 40 * DAY, **known, **times)
    phones.add(key=("", "", "", "", ""), version="", state="unknown", mac="", mac_reverse="", serial="", user_name="", reason="incomplete")
    for number, model in enumerate(("CX500", "CX3000", "6721ip", "6725ip", "CX700")):
        for _ in range(number + 2):
            phones.add(key=("UCPhone", "POLYCOM", model, "A", "ENU"), version=(RESTORE, APPROVED, PENDING)[number % 3], seen=number * 20)
    phones.run("UPDATE device_name SET serial = '07823-A345' WHERE device_id = 1")
    for number, event in enumerate((
            {"version": RESTORE, "offered": APPROVED, "result": "offered", "reason": "approved"},
            {"kind": "download", "version": APPROVED, "result": "complete", "reason": "", "bytes": 300_000, "file": f"{CX600}/{APPROVED}/CPE/CPE.nbt"},
            {"kind": "upload", "version": "", "result": "stored", "reason": "", "bytes": 4711, "file": f"{CLIENT}/CELog/{CELOG}"},
            {"version": APPROVED}), start=1):
        phones.event(1, number, time=NOW * SECOND - (5 - number) * DAY, **event)
    phones.run("UPDATE device SET events = 4 WHERE id = 1")
    phones.stranger("UCPhone", "NEWCOM", "X1", "A", "ENU")
    phones.stranger("UCPhone", "POLYCOM", "CX600", "B", "JPN")
    hour = NOW * SECOND - NOW * SECOND % HOUR
    for back in range(48):
        phones.insert("traffic", hour=hour - back * HOUR, node="node1", checks=40 + back * 37 % 90, offers=back % 7, refused=back % 3,
                      downloads=back % 5, bytes=back * 300_000, uploads=back % 2)
        phones.insert("rollout", rule_id=1, hour=hour - back * HOUR, version=APPROVED, current=max(0, 90 - 2 * back), phones=100)


def fill_logs(store):
    put_log(store, f"{CLIENT}/CELog/{CELOG}", b"12:01:07 sign-in\r\n12:01:09 \x1b[31mno server\x1b[0m\r\n" * 20, days=1)
    put_log(store, f"{CLIENT}/Watson/{log_name('07823-A345', 'WATSON')}", bytes(range(256)) * 20, days=9)
    put_log(store, f"{AUDIT}/RequestHandlerAuditLog_node2_2026-11-01.log", b"a,b\n" * 900, days=12)


def fill_places(store):
    store.ctl("site", "add", "Berlin", "10.1.0.0/16", "2001:db8:1::/48", "--note", "new building")
    store.ctl("site", "add", "Lab", "10.2.0.0/24")
    store.ctl("test-device", "add", "desk of Kim", "--mac", "00-04-F2-AB-CD-EF")
    store.ctl("test-device", "add", "meeting room 7", "--serial", "07823-A345", "--scope", "site:Berlin")
    store.ctl("test-device", "add", "again", "--mac", "0004f2abcdef", "--scope", "site:Berlin")
    store.ctl("setting", "set", "MaxLogFileSize", "2048000")
    store.ctl("setting", "set", "LogCleanUpInterval", "30.", "--scope", "site:Berlin")


class ViewsClass(PagesClass):
    """A test class whose site has something on every page."""

    @staticmethod
    def prepare_store(store):
        fill_places(store)
        prepare(store)
        store.ctl("role", "set", "kim", "operator", "--site", "Berlin")
        trust_vendor(store)
        fill_phones(store)
        fill_logs(store)

    @pytest.fixture(scope="class")
    def jobs(self, site):
        """One import of each outcome, and one that waits as long as the class needs it."""
        imports = Imports(site)
        contents = {"imported": package(site.store, CX600, version="4.0.7577.4530"), "refused": b"no cabinet"}
        made = {end: imports.begin(content, filename=f"UCUpdates-{end}.cab", note="the update of June") for end, content in contents.items()}
        for job in made.values():
            imports.ended(job)
        with another_import(site.store):
            made["running"] = imports.begin(contents["imported"], filename="UCUpdates.cab")
            imports.waits(made["running"])
            yield made
        imports.ended(made["running"])


def user_of(view):
    return "stranger" if view == "no-role" else "admin"
