"""What a phone is offered, and why."""
import pytest

import phone
from phone import Reply, installed, request_xml
from store import APPROVED, CX600, PENDING, RESTORE

AASTRA = {"Vendor": "Aastra", "Model": "6725ip"}
CX500 = {"Model": "CX500"}

# name, body, version offered, reason in the audit line
DECISIONS = [
    ("older", request_xml(modules=installed("1.0.0.1")), APPROVED, "approved"),
    ("newer", request_xml(modules=installed("9.9.9999.9")), APPROVED, "approved"),
    ("restore version", request_xml(modules=installed(RESTORE)), APPROVED, "approved"),
    ("pending version", request_xml(modules=installed(PENDING)), APPROVED, "approved"),
    ("other spelling of the version", request_xml(modules=installed("4.0.7577.04463")), APPROVED, "approved"),
    ("no modules", request_xml(modules=[]), APPROVED, "approved"),
    ("other make", request_xml(**AASTRA), APPROVED, "approved"),
    ("equal", request_xml(modules=installed(APPROVED)), None, "current"),
    ("equal, other file name", request_xml(modules=[("nk.bin", APPROVED, "")]), None, "current"),
    ("equal, file name in other case", request_xml(modules=[("cpe.NBT", APPROVED, "")]), None, "current"),
    ("equal, image wins over other files",
     request_xml(modules=[("CPE.nbt", "1.0.0.1", ""), ("EBOOT.bin", APPROVED, "")]), APPROVED, "approved"),
    ("never approved", request_xml(**CX500), None, "no-approved"),
    ("unknown model", request_xml(Model="CX9999"), None, "no-rule"),
    ("unknown revision", request_xml(Revision="B"), None, "no-rule"),
    ("unknown locale", request_xml(Locale="DEU"), None, "no-rule"),
    ("unknown type", request_xml(DeviceType="3PIP"), None, "no-rule"),
    ("brand is a prefix", request_xml(Vendor="POLY"), None, "no-rule"),
    ("wildcards mean nothing", request_xml(Model="*", Revision="%"), None, "no-rule"),
] + [
    (f"no {part}", request_xml(**{part: None}), None, "incomplete")
    for part in ("DeviceType", "Vendor", "Model", "Revision", "Locale")
] + [
    ("empty model", request_xml(Model=""), None, "incomplete"),
    ("blank model", request_xml(Model="  "), None, "incomplete"),
    ("no MAC", request_xml(MacAddress=None), APPROVED, "approved"),
    ("no serial", request_xml(SerialNumber=None), APPROVED, "approved"),
    ("no user", request_xml(UserID=None), APPROVED, "approved"),
    ("empty MAC and serial", request_xml(MacAddress="", SerialNumber=""), APPROVED, "approved"),
    ("a document with nothing in it", b"<x/>", None, "incomplete"),
]


class TestDecision:
    @pytest.mark.parametrize("body, version, reason", [case[1:] for case in DECISIONS],
                             ids=[case[0] for case in DECISIONS])
    def test_version_and_reason(self, site, body, version, reason):
        audit = site.audit()
        assert site.offered(body) == version
        record = audit.one()
        assert (record["Result"], record["Reason"]) == ("offered" if version else "none", reason)

    @pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
    def test_names_compare_without_case(self, site, change):
        key = dict(zip(("DeviceType", "Vendor", "Model", "Revision", "Locale"), map(change, CX600.split("/"))))
        assert site.offered(request_xml(**key)) == APPROVED

    @pytest.mark.parametrize("mac", ["0004f2000176", "00-04-F2-00-01-76", "00:04:f2:00:01:76"])
    def test_three_spellings_of_a_mac_address_are_one(self, site, mac):
        audit = site.audit()
        assert site.offered(request_xml(MacAddress=mac)) == APPROVED
        assert audit.one()["Mac Address"] == "00-04-F2-00-01-76"


class TestLowerVersion:
    """After a step back the lower version is offered: different, not newer (protocol.md 8.4)."""

    @staticmethod
    def prepare_store(store):
        store.approve(CX600)
        store.import_package(CX600, version="3.5.6907.35")
        store.approve(CX600)

    def test_a_lower_version_is_offered(self, site):
        assert site.offered(request_xml(modules=installed(PENDING))) == "3.5.6907.35"


class TestEndpoint:
    @pytest.mark.parametrize("url", ["/RequestHandler/ucdevice.upx", "/requesthandler/UCDEVICE.UPX",
                                     "/REQUESTHANDLER/ucDevice.Upx", "/RequestHandler/ucdevice.upx?x=1",
                                     "/RequestHandler/%75cdevice.upx"])
    def test_the_url_in_any_spelling(self, site, url):
        assert site.offered(target=url) == APPROVED

    @pytest.mark.parametrize("url", ["/RequestHandler/ucdevice.up", "/RequestHandler/ucdevice.upxx", "/ucdevice.upx",
                                     "/RequestHandler/ucdevice.upx/", "/RequestHandler/ucdevice.upx/more",
                                     "/RequestHandler/", "/RequestHandler"])
    def test_other_urls_are_not_ours(self, site, url):
        audit = site.audit()
        assert site.check(target=url).status in (404, 405)
        assert not audit.new()

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "BREW"])
    def test_only_post(self, site, method):
        audit = site.audit()
        answer = phone.ask(site.port, method, phone.CHECK)
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"
        assert not audit.new()

    @pytest.mark.parametrize("content_type", [None, "application/xml", "application/x-www-form-urlencoded",
                                              "text/plain; charset=us-ascii", "nonsense"])
    def test_any_content_type(self, site, content_type):
        assert site.offered(headers={"Content-Type": content_type}) == APPROVED

    def test_a_chunked_body(self, site):
        body = request_xml()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:1], body[1:100], body[100:]))
        data = phone.head("POST", phone.CHECK, {"Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n"
        assert Reply(phone.send(site.port, data)).version == APPROVED

    def test_expect_100_continue(self, site):
        answer = site.check(headers={"Expect": "100-continue"})
        assert answer.status in (100, 200)
        assert b"<NumOfFiles>1</NumOfFiles>" in answer.raw

    def test_http_1_0_without_host(self, site):
        body = request_xml()
        data = b"POST /RequestHandler/ucdevice.upx HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        assert Reply(phone.send(site.port, data)).version == APPROVED

    def test_keep_alive(self, site):
        body = request_xml()
        first = phone.head("POST", phone.CHECK, {"Connection": None, "Content-Length": str(len(body))}) + body
        last = phone.head("POST", phone.CHECK, {"Content-Length": str(len(body))}) + body
        answer = phone.send(site.port, first * 3 + last)
        assert answer.raw.count(b"HTTP/1.1 200 OK") == 4
        assert answer.raw.count(b"<NumOfFiles>1</NumOfFiles>") == 4
