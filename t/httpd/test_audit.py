"""The audit file: complete, in time, and readable by what others have written for the original's."""
import csv
import datetime
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
import store
from phone import Reply, installed, request_xml
from store import APPROVED


def report(where):
    """What the published report script does (protocol.md [S9]): the newest line of each MAC address."""
    newest = {}
    for line in audit.records(where):
        mac, when = line["Mac Address"], line["Logging DateTime"]
        if mac and (mac not in newest or when > newest[mac]["Logging DateTime"]):
            newest[mac] = line
    return newest


class TestFile:
    def test_E1_header_name_and_columns(self, site):
        site.check()
        path, = audit.files(site.store)
        lines = path.read_text().splitlines()
        assert lines[0].startswith("Logging DateTime,")
        assert next(csv.reader(lines)) == audit.HEADER + audit.OURS
        day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
        assert path.name == f"RequestHandlerAuditLog_{store.NODE}_{day}.log"

    def test_E3_a_line_with_two_modules(self, site):
        watch = site.audit()
        before = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
        site.check(request_xml(modules=[("CPE.nbt", "1.0", "2009-01-01"), ("CPE.cat", "1.1", "")]), address="127.0.0.5")
        record = watch.one()
        when = datetime.datetime.strptime(record.pop("Logging DateTime"), "%Y-%m-%d %H:%M:%S")
        assert before <= when <= datetime.datetime.now(datetime.UTC).replace(tzinfo=None), "the time is UTC"
        assert record == {
            "User Host Address": "127.0.0.5", "Device Type": "UCPhone", "Mac Address": "00-04-F2-00-01-76",
            "Serial Number": "07823-A345", "Vendor": "POLYCOM", "Model": "CX600", "Revision": "A", "Locale": "ENU",
            "Request Modules": "CPE.nbt;1.0;2009-01-01#CPE.cat;1.1;",
            "Response Modules": f"CPE.nbt;CPE.cat;{APPROVED};",
            "User ID": "alice@contoso.com", "Endpoint": "internal", "Result": "offered", "Reason": "approved"}

    def test_E1_nothing_offered_names_no_response_modules(self, site):
        watch = site.audit()
        site.check(request_xml(modules=installed(APPROVED)))
        assert watch.one()["Response Modules"] == ""

    def test_E1_a_missing_mac_address_is_an_empty_field(self, site):
        watch = site.audit()
        site.check(request_xml(MacAddress=None, SerialNumber=None, UserID=None))
        record = watch.one()
        assert (record["Mac Address"], record["Serial Number"], record["User ID"]) == ("", "", "")

    def test_E2_the_published_report_script_finds_its_columns(self, site):
        for number in range(3):
            mac = f"00-04-F2-00-02-{number:02}"
            site.check(request_xml(MacAddress=mac, Model="CX500"))
            site.check(request_xml(MacAddress=mac))
        found = report(site.store)
        ours = [line["Vendor"] for mac, line in sorted(found.items()) if mac.startswith("00-04-F2-00-02")]
        assert ours == ["POLYCOM"] * 3
        assert all(set(audit.REPORT_SCRIPT) <= set(line) for line in found.values())

    def test_its_owner_and_mode(self, site):
        site.check()
        path, = audit.files(site.store)
        assert path.stat().st_mode & 0o022 == 0, "nobody else writes"
        assert path.stat().st_uid == site.store.files.stat().st_uid


class TestInTime:
    def test_the_line_is_there_when_the_answer_comes(self, site):
        for number in range(50):
            serial = f"in-time-{number}"
            site.check(request_xml(SerialNumber=serial))
            assert audit.records(site.store)[-1]["Serial Number"] == serial

    def test_E1_as_many_lines_as_answers(self, site):
        watch = site.audit()
        serials = [f"crowd-{number}" for number in range(400)]
        with ThreadPoolExecutor(24) as crowd:
            for reply in crowd.map(lambda serial: Reply(site.check(request_xml(SerialNumber=serial))), serials):
                assert reply.version == APPROVED
        assert sorted(record["Serial Number"] for record in watch.new()) == sorted(serials)


FORMULAS = ["=cmd|'/C calc'!A0", "+1+1", "-2", "@SUM(1)", "\t=1+1", "\r=1+1"]


class TestHostileText:
    @pytest.mark.parametrize("formula", FORMULAS)
    @pytest.mark.parametrize("name, column", [("Vendor", "Vendor"), ("SerialNumber", "Serial Number"),
                                              ("MacAddress", "Mac Address"), ("UserID", "User ID")])
    def test_no_cell_is_a_formula(self, site, formula, name, column):
        watch = site.audit()
        reference = formula.replace("\t", "&#9;").replace("\r", "&#13;")
        body = request_xml(**{name: "PLACE"}).replace(b"PLACE", reference.encode())
        assert site.check(body).status == 200
        cell = watch.one()[column]
        assert cell and cell[0] not in "=+-@\t\r"
        assert formula.strip() in cell, "it can still be read"

    @pytest.mark.parametrize("formula", FORMULAS[:4])
    def test_modules_too(self, site, formula):
        watch = site.audit()
        site.check(request_xml(modules=[(formula, "1", "")]))
        assert watch.one()["Request Modules"][0] not in "=+-@"

    @pytest.mark.parametrize("text", ['a,b', 'a"b', '"', 'a\nb', 'a\r\nb', '",",', "'; DROP TABLE device; --"])
    def test_quoting(self, site, text):
        """A reader gets back what was sent; control characters, which break lines in viewers, are question marks."""
        watch = site.audit()
        body = request_xml(SerialNumber="PLACE").replace(
            b"PLACE", text.replace("\r", "&#13;").replace("\n", "&#10;").encode())
        site.check(body)
        assert watch.one()["Serial Number"] == text.replace("\r", "?").replace("\n", "?")

    def test_E3_separators_inside_a_module_do_not_make_another(self, site):
        watch = site.audit()
        site.check(request_xml(modules=[("a;b#c", "1", ""), ("d", "2", "")]))
        modules = watch.one()["Request Modules"].split("#")
        assert len(modules) == 2 and all(module.count(";") == 2 for module in modules)


class TestCannotWrite:
    """A phone is answered although the record cannot be written; the log says so, but not for each of them."""

    def test_it_is_said_once(self, own_site):
        directory = own_site.store.files / store.AUDIT
        directory.mkdir(parents=True)
        directory.chmod(0o555)
        if os.geteuid() == 0:
            os.chown(directory, 0, 0)
        own_site.start()
        start = time.time()
        for _ in range(50):
            assert own_site.offered() == APPROVED
        own_site.ledger.declare("DU0902")
        minutes = int(time.time() // 60) - int(start // 60) + 1
        assert 1 <= own_site.ledger.count("DU0902") <= minutes
        assert not audit.files(own_site.store)
