"""Device logs that phones upload: the forms that are understood, what is stored where, and what is refused."""
import datetime
import re

import pytest

import phone
import strace
import upload
from phone import head, request_xml, send
from store import APPROVED
from upload import END, FORM, LOG, Watch, field, file_part, form, part, query, raw, xml_part
from waiting import until

# protocol.md 5.1: <device type>_<device identifier>-<YYYYMMDD>-CELOG<HHMMSS>_n.clg
NAME = re.compile(r"DeviceUpdateLogs/Client/CELog/UCPhone_07823-A345-(\d{8})-CELOG(\d{6})_\d+\.clg")
REFUSED = ("DU0403", "DU0410", "DU0411", "DU0412", "DU0413", "DU0414", "DU0431", "DU0432", "DU0434")


class Smoke:
    def test_raw_and_multipart_beside_checks(self, site):
        for send_log in (lambda: raw(site), lambda: form(site, xml_part(), file_part())):
            watch, audit = Watch(site), site.audit()
            answer = send_log()
            assert (answer.status, answer.body) == (200, b"")
            watch.stored()
            assert site.offered() == APPROVED
            assert len(audit.new()) == 1, "an upload is no check"


class TestEvent(Smoke):
    mpm = "event"


class TestWorker(Smoke):
    mpm = "worker"


class TestPrefork(Smoke):
    mpm = "prefork"


IDENTITY_FIELDS = [field("logtype", "CELog"), field("devicetype", "UCPhone"), field("serialnumber", "07823-A345")]
HEADERS = {"X-Log-Type": "CELog", "X-Device-Type": "UCPhone", "X-Serial-Number": "07823-A345", "X-Filename": "ce.clg"}

FORMS = {
    "raw, query": lambda site: raw(site),
    "raw, headers": lambda site: raw(site, target=phone.CHECK, headers=HEADERS),
    "raw, both": lambda site: raw(site, target=phone.CHECK + "?type=CELog&filename=ce.clg", headers=HEADERS),
    "raw, no media type": lambda site: raw(site, headers={"Content-Type": None}),
    "raw, chunked": lambda site: send(site.port, head("POST", query(), {**upload.RAW, "Transfer-Encoding": "chunked"})
                                      + upload.chunked(LOG, 7), "POST"),
    "XML part": lambda site: form(site, xml_part(), file_part()),
    "XML part last": lambda site: form(site, file_part(), xml_part()),
    "fields": lambda site: form(site, *IDENTITY_FIELDS, file_part()),
    "fields last": lambda site: form(site, file_part(), *IDENTITY_FIELDS),
    "file only, query": lambda site: form(site, file_part(), target=query(filename=None)),
    "file only, headers": lambda site: form(site, file_part(), headers={**HEADERS, "X-Filename": None}),
    "multipart, chunked": lambda site: send(site.port, head("POST", phone.CHECK, {**FORM, "Transfer-Encoding": "chunked"})
                                            + upload.chunked(xml_part() + file_part() + END, 11), "POST"),
    "mixed": lambda site: phone.ask(site.port, "POST", query(), {"Content-Type": f"multipart/mixed; boundary={upload.BOUNDARY}"},
                                    part(LOG, b"Content-Type: application/octet-stream") + END),
    "other case": lambda site: raw(site, target=query().replace(phone.CHECK, "/rEQUESThANDLER/UCDevice.UPX")),
}


class TestForms:
    @pytest.mark.parametrize("send_log", FORMS.values(), ids=FORMS.keys())
    def test_it_is_stored(self, site, send_log):
        watch = Watch(site)
        before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        assert send_log(site).status == 200
        record = watch.stored()
        stored = datetime.datetime.strptime("".join(NAME.fullmatch(record["Stored File"]).groups()), "%Y%m%d%H%M%S")
        assert before <= stored.replace(tzinfo=datetime.UTC) <= datetime.datetime.now(datetime.UTC), "the time is UTC"
        assert (record["Type"], record["Serial Number"], record["Device File Name"]) == ("CELog", "07823-A345", "ce.clg")

    def test_a_record(self, site):
        watch = Watch(site)
        form(site, xml_part("Watson"), file_part(b"dump", b"=1+1.dmp"), address="127.0.0.7")
        record = watch.stored(b"dump")
        assert list(record) == upload.HEADER
        assert record.pop("Logging DateTime").startswith("20") and record.pop("Stored File").endswith("_0.dmp")
        assert record == {"User Host Address": "127.0.0.7", "Endpoint": "internal", "Type": "Watson",
                          "Mac Address": "00-04-F2-00-01-76", "Serial Number": "07823-A345", "Device File Name": "'=1+1.dmp",
                          "Size": "4", "Status": "200", "Result": "stored", "Reason": "", "User": ""}

    def test_it_is_on_the_disk_before_the_answer(self, site):
        """The bytes, then the name, then the name's directory; only then 200. (The first upload of a day begins
        the file of records, too.)"""
        assert raw(site).status == 200
        with strace.of_children(site, "fsync,fdatasync,link,linkat,writev,sendto,write", "upload") as trace:
            assert raw(site).status == 200
            until(lambda: "HTTP/1.1 200" in "".join(trace.lines()), "the answer is in the trace")
        told = "".join("n" if "link" in line and line.endswith("= 0") else "s" if "sync(" in line else "a" if "HTTP/1.1 200" in line else ""
                       for line in trace.lines())
        assert told == "snsa", told

    def test_nothing_is_replaced(self, site):
        watch = Watch(site)
        bodies = {b"log %d" % number for number in range(20)}
        for body in bodies:
            assert raw(site, body).status == 200
        assert {(site.store.files / name).read_bytes() for name in watch.new_files()} == bodies

    def test_binary_with_delimiters_in_it(self, site):
        watch = Watch(site)
        data = bytes(range(256)) * 300 + f"\r\n--{upload.BOUNDARY[:-1]}\r\n\r\n--".encode() + b"\r\n\r\r\n"
        assert form(site, xml_part(), file_part(data)).status == 200
        watch.stored(data)

    def test_it_is_for_the_owner_and_its_group(self, site):
        watch = Watch(site)
        raw(site)
        info = (site.store.files / watch.stored()["Stored File"]).stat()
        assert info.st_mode & 0o777 == 0o640 and info.st_uid == site.store.files.stat().st_uid


class TestWhatIsNoUpload:
    """The URL of checks still answers checks, whatever their media type."""

    @pytest.mark.parametrize("headers", [{"Content-Type": "text/xml"}, {"Content-Type": "application/xml"}, {"Content-Type": None},
                                         {"Content-Type": "application/octet-stream"}, {"Content-Type": "application/soap+xml"},
                                         {"Content-Type": "text/xml", "X-Filename": "a.clg"},
                                         {"Content-Type": "text/plain", "X-Serial-Number": "1"}], ids=str)
    def test_a_check(self, site, headers):
        watch = Watch(site)
        assert site.offered(request_xml(), headers=headers) == APPROVED
        assert not watch.new()

    def test_another_method(self, site):
        watch = Watch(site)
        assert phone.ask(site.port, "PUT", query(), upload.RAW, LOG).status == 405
        assert not watch.new() and not watch.new_files()

    def test_another_url(self, site):
        watch = Watch(site)
        assert raw(site, target="/RequestHandler/Files/a.clg?type=CELog&filename=a.clg").status == 405
        assert not watch.new() and not watch.new_files()


NAMES = [b"../../../etc/a.clg", b"..", b"/etc/a.clg", b"a/b.clg", b"C:\\\\a.clg", b".clg", b" .clg", b"a.clg.", b"a\n.clg", b"a\r.clg",
         b"a\0.clg", b"a\x1b[31m.clg", b"n" * 4096 + b".clg", b"not utf-8 \xff.clg", b"CON:.clg", b""]


class TestRefused:
    def refused(self, site, answer, watch, reason, status):
        assert answer.status == status
        record = watch.refused(reason, status)
        assert site.offered() == APPROVED
        return record

    @pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
    def test_C8_a_hostile_file_name(self, site, ledger, name):
        ledger.declare(*REFUSED)
        watch = Watch(site)
        answer = form(site, xml_part(), file_part(name=name))
        line_end = any(byte in name for byte in b"\r\n\0")
        self.refused(site, answer, watch, "malformed" if line_end else "file-name", 400)

    @pytest.mark.parametrize("name", ["../a.clg", "a\n.clg", "n" * 4096 + ".clg", "a\x7f.clg"], ids=lambda name: repr(name[:20]))
    def test_C8_a_hostile_file_name_in_the_query(self, site, ledger, name):
        ledger.declare(*REFUSED)
        watch = Watch(site)
        record = self.refused(site, raw(site, target=query(filename=name)), watch, "file-name", 400)
        assert len(record["Device File Name"]) < 500 and record["Device File Name"].isprintable()

    @pytest.mark.parametrize("target, reason, status", [
        (query(type=None), "type", 415), (query(type="Audio"), "type", 415), (query(type="../CELog"), "type", 415),
        (query(filename="a.exe"), "extension", 415), (query(filename="a"), "extension", 415),
        (query(filename="a.clg.exe"), "extension", 415), (query(filename=None), "file-name", 400),
        (query(serial=None), "identity", 400), (query(serial="../x"), "identity", 400), (query(devicetype="../x"), "identity", 400),
        (query() + "&x=%zz", "malformed", 400), (query() + "&x=%00", "malformed", 400)])
    def test_C8_type_extension_and_identity(self, site, ledger, target, reason, status):
        ledger.declare(*REFUSED)
        watch = Watch(site)
        self.refused(site, raw(site, target=target), watch, reason, status)

    @pytest.mark.parametrize("extension", "dmp clg clg1 clg2 bak kdmp dat bin cat xml txt hex CLG".split())
    @pytest.mark.parametrize("log_type", ["Watson", "CELog", "Config", "DiagLog", "celog"])
    def test_C8_what_is_accepted(self, site, log_type, extension):
        watch = Watch(site)
        assert raw(site, target=query(type=log_type, filename=f"a.{extension}")).status == 200
        assert watch.stored()["Stored File"].endswith(f".{extension.lower()}")

    @pytest.mark.parametrize("parts, reason", [
        ([xml_part()], "no-file"), ([xml_part(), file_part(b"")], "no-file"), ([xml_part(), file_part(), file_part()], "no-file"),
        ([part(b"<d>", b"Content-Type: text/xml"), file_part()], "malformed"),
        ([part(b"<!DOCTYPE d [<!ENTITY a 'b'>]><d/>", b"Content-Type: text/xml"), file_part()], "malformed"),
        ([xml_part(), part(LOG, b"Content-Disposition: form-data; filename=a.clg", b"Content-Transfer-Encoding: base64")],
         "malformed"), ([field("serial", "\0"), file_part()], "malformed")],
        ids=["no log", "an empty log", "two logs", "half an XML", "a document type", "base64", "NUL in a field"])
    def test_parts(self, site, ledger, parts, reason):
        ledger.declare(*REFUSED, "DU0203")
        watch = Watch(site)
        self.refused(site, form(site, *parts), watch, reason, 400)

    def test_an_empty_body(self, site, ledger):
        ledger.declare(*REFUSED)
        watch = Watch(site)
        self.refused(site, raw(site, b""), watch, "no-file", 400)

    def test_compressed(self, site, ledger):
        ledger.declare("DU0441")
        watch = Watch(site)
        self.refused(site, raw(site, headers={"Content-Encoding": "gzip"}), watch, "encoded", 415)

    def test_without_a_boundary(self, site, ledger):
        ledger.declare("DU0401")
        watch = Watch(site)
        self.refused(site, form(site, xml_part(), headers={"Content-Type": "multipart/form-data"}), watch, "malformed", 400)

    def test_a_connection_that_goes_on(self, site, ledger):
        """What follows a refused upload on its connection is answered as ever, or the connection is closed."""
        ledger.declare(*REFUSED)
        for target in (query(type="Audio"), query(serial=None)):
            body = b"x" * 300000
            first = head("POST", target, {**upload.RAW, "Connection": None, "Content-Length": str(len(body))}) + body
            second = head("POST", phone.CHECK, {"Content-Length": str(len(request_xml()))}) + request_xml()
            answer = send(site.port, first + second, "POST")
            assert answer.status in (400, 415)
            assert b"500 Internal" not in answer.raw and answer.raw.count(b"HTTP/1.1 ") <= 2
            if answer.raw.count(b"HTTP/1.1 ") == 2:
                assert APPROVED.encode() in answer.raw


class TestUnpacked:
    """A filter that unpacks bodies may be configured; what it unpacks is what is stored."""
    modules = ("deflate", "filter")
    config = "SetInputFilter DEFLATE"

    def test_gzip(self, site):
        import gzip
        watch = Watch(site)
        assert raw(site, gzip.compress(LOG), headers={"Content-Encoding": "gzip"}).status == 200
        watch.stored()
