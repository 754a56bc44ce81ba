"""The reply: well-formed for others, with URLs from the configuration and never from the request."""
import subprocess

from phone import Reply, request_xml
from store import APPROVED, CX600

INTERNAL = "http://updates.contoso.com/RequestHandler/Files"
EXTERNAL = "https://ext.contoso.net/RequestHandlerExt/Files"
NOTHING = request_xml(Model="none")


def xmllint(text, *options):
    """xmllint's standard output for a document; fails if it has anything to say about it."""
    done = subprocess.run(["xmllint", "--nonet", *options, "-"], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class TestReply:
    def test_an_offer(self, site):
        response = site.check()
        reply = Reply(response)
        assert reply.base == f"{INTERNAL}/{CX600}/{APPROVED}/CPE"
        assert reply.external_base == f"{EXTERNAL}/{CX600}/{APPROVED}/CPE"
        assert reply.files == [{"Filename": "CPE.nbt", "SignatureFilename": "CPE.cat", "Version": APPROVED,
                                "Timestamp": None}]
        assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert int(response.headers["Content-Length"]) == len(response.body)

    def test_nothing(self, site):
        response = site.check(NOTHING)
        reply = Reply(response)
        assert (reply.count, reply.base, reply.external_base, reply.files) == (0, None, None, [])
        assert b"BaseURL" in response.body and b"ExternalBaseURL" in response.body, "present, though empty"

    def test_libxml2s_reader_agrees(self, site):
        for body in (None, NOTHING):
            text = site.check(body).body
            xmllint(text, "--noout")
            assert xmllint(text, "--xpath", "string(//NumOfFiles)").strip() == ("1" if body is None else "0")

    def test_no_trace_of_the_template_language(self, site):
        text = site.check().body
        assert b"urn:devupdate" not in text and b"du:" not in text

    def test_the_offered_url_leads_to_the_image(self, site):
        base = Reply(site.check()).base
        path = base.removeprefix("http://updates.contoso.com")
        assert site.get(f"{path}/CPE.nbt").body == site.store.image(CX600, APPROVED).read_bytes()

    def test_spelling_is_the_rules_and_not_the_requests(self, site):
        reply = Reply(site.check(request_xml(Vendor="polycom", Model="cx600")))
        assert reply.base == f"{INTERNAL}/{CX600}/{APPROVED}/CPE"

    def test_the_host_header_goes_nowhere(self, site):
        for host in ("evil.example", "10.0.0.1:8080", "x\"><y"):
            answer = site.check(headers={"Host": host, "X-Forwarded-Host": "evil.example",
                                         "Forwarded": "host=evil.example"})
            assert b"evil" not in answer.raw and b"10.0.0.1" not in answer.raw
            assert answer.status == (400 if '"' in host else 200)

    def test_an_absolute_request_target_goes_nowhere(self, site):
        answer = site.check(target="http://evil.example/RequestHandler/ucdevice.upx")
        assert answer.status == 200 and b"evil" not in answer.raw

    def test_a_reply_is_not_to_be_cached(self, site):
        response = site.check()
        assert "ETag" not in response.headers and "Last-Modified" not in response.headers


class TestWithoutURLs:
    directives = {"DevUpdateInternalURL": None, "DevUpdateExternalURL": None}

    def test_both_are_present_and_empty(self, site):
        reply = Reply(site.check())
        assert (reply.version, reply.base, reply.external_base) == (APPROVED, None, None)


class TestOneURL:
    directives = {"DevUpdateInternalURL": None}

    def test_the_other_is_empty(self, site):
        reply = Reply(site.check())
        assert (reply.base, reply.external_base) == (None, f"{EXTERNAL}/{CX600}/{APPROVED}/CPE")


class TestNamesThatNeedEscaping:
    """Names from a package are data: in the reply, in URLs and on disk."""
    KEY = "UCPhone/R&D Phones/C'X+ 6%00/A/E&U"

    @classmethod
    def prepare_store(cls, store):
        store.import_package(cls.KEY, version="1.0 b&c'd", files=("C & P",))
        store.approve()

    def test_offered_and_fetched(self, site):
        part = self.KEY.split("/")
        body = request_xml(Vendor=part[1], Model=part[2], Locale=part[4])
        response = site.check(body)
        reply = Reply(response)
        assert reply.version == "1.0 b&c'd"
        assert " " not in reply.base and "%2500" in reply.base
        path = reply.base.removeprefix("http://updates.contoso.com")
        assert site.get(f"{path}/C%20%26%20P.nbt").status == 200
        xmllint(response.body, "--noout")


TEMPLATE = """<?xml version="1.0"?>
<u:DeviceUpdate xmlns:u="urn:other:grammar" xmlns:du="urn:devupdate:template" du:attr="NumOfFiles=num-of-files">
  <Where du:attr="int=base-url ext=external-base-url"/>
  <Update du:each="files" du:attr="name=filename cat=signature" du:text="version"/>
</u:DeviceUpdate>
"""


class TestOtherTemplate:
    """Another grammar without a rebuild (house.md D5)."""
    directives = {"DevUpdateReplyTemplate": '"{root}/reply.xml"'}

    @staticmethod
    def prepare_store(store):
        (store.directory.parent / "reply.xml").write_text(TEMPLATE)

    def test_it_is_used(self, site):
        text = site.check().body
        assert xmllint(text, "--xpath", "string(/*/@NumOfFiles)").strip() == "1"
        assert xmllint(text, "--xpath", "string(//Where/@int)").strip().startswith(INTERNAL)
        assert xmllint(text, "--xpath", "string(//Update[@name='CPE.nbt' and @cat='CPE.cat'])").strip() == APPROVED
        assert xmllint(site.check(NOTHING).body, "--xpath", "count(//Update)").strip() == "0"
