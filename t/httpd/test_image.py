"""Images are served by httpd's own static handler: ranges, validators and sendfile are its work."""
import base64
import email.parser
import email.policy
import hashlib

import pytest

import strace
from phone import ROOTS, ask, installed, request_xml
from store import APPROVED, CX600, PENDING, PENDING_ONLY, RESTORE, image_path
from waiting import until

URL = f"{ROOTS[0]}/{image_path(CX600, APPROVED)}"


@pytest.fixture
def content(site):
    return site.store.image(CX600, APPROVED).read_bytes()


class TestDownload:
    @pytest.mark.parametrize("root", ROOTS)
    @pytest.mark.parametrize("name", ["CPE.nbt", "CPE.cat"])
    def test_both_roots_lead_to_the_same_files(self, site, root, name):
        answer = site.get(f"{root}/{image_path(CX600, APPROVED, name)}")
        assert answer.status == 200
        assert answer.body == site.store.image(CX600, APPROVED, name).read_bytes()
        assert int(answer.headers["Content-Length"]) == len(answer.body)

    @pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
    def test_case_does_not_matter(self, site, content, change):
        assert site.get(change(URL)).body == content

    def test_escapes_and_a_query_do_not_matter(self, site, content):
        assert site.get(URL.replace("CPE.nbt", "%43PE.%6ebt") + "?x=/../y").body == content

    def test_head(self, site, content):
        answer = ask(site.port, "HEAD", URL)
        assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", str(len(content)))

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "BREW"])
    def test_other_methods(self, site, method):
        answer = ask(site.port, method, URL, body=b"x")
        assert answer.status == 405
        assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}

    def test_digest(self, site, content):
        expected = "sha-256=:" + base64.b64encode(hashlib.sha256(content).digest()).decode() + ":"
        assert site.get(URL).headers["Repr-Digest"] == expected
        assert ask(site.port, "HEAD", URL).headers["Repr-Digest"] == expected
        part = site.get(URL, {"Range": "bytes=0-9"})
        assert part.headers["Repr-Digest"] == expected, "RFC 9530: of the whole, also beside a part"

    def test_a_browser_does_not_guess_or_run_it(self, site):
        headers = site.get(URL).headers
        assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")


class TestRange:
    @pytest.mark.parametrize("wanted, first, last", [("0-0", 0, 0), ("0-99", 0, 99), ("70000-", 70000, None),
                                                     ("-5", -5, None), ("299990-999999999", 299990, None)])
    def test_one_part(self, site, content, wanted, first, last):
        answer = site.get(URL, {"Range": f"bytes={wanted}"})
        assert answer.status == 206
        assert answer.body == content[first:None if last is None else last + 1]
        assert answer.headers["Content-Range"].endswith(f"/{len(content)}")

    def test_several_parts(self, site, content):
        answer = site.get(URL, {"Range": "bytes=0-9,100-119,-7"})
        assert answer.status == 206
        head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.body)
        assert message.is_multipart()
        ranges = [part["Content-Range"] for part in message.iter_parts()]
        assert ranges == [f"bytes {span}/{len(content)}" for span in
                          ("0-9", "100-119", f"{len(content) - 7}-{len(content) - 1}")]
        for part in (content[:10], content[100:120], content[-7:]):
            assert part in answer.body

    def test_a_range_behind_the_end(self, site):
        assert site.get(URL, {"Range": "bytes=300000000-"}).status == 416

    def test_an_interrupted_download_goes_on(self, site, content):
        tag = site.get(URL).headers["ETag"]
        answer = site.get(URL, {"Range": "bytes=1000-", "If-Range": tag})
        assert (answer.status, answer.body) == (206, content[1000:])
        answer = site.get(URL, {"Range": "bytes=1000-", "If-Range": '"other"'})
        assert (answer.status, answer.body) == (200, content)


class TestValidators:
    def test_not_modified(self, site):
        headers = site.get(URL).headers
        assert headers["ETag"] and headers["Last-Modified"]
        for condition in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]},
                          {"If-None-Match": f'"x", {headers["ETag"]}'}, {"If-None-Match": "*"}):
            answer = site.get(URL, condition)
            assert (answer.status, answer.body) == (304, b"")
            assert answer.headers["ETag"] == headers["ETag"]

    def test_modified(self, site, content):
        for condition in ({"If-None-Match": '"x"'}, {"If-Modified-Since": "Thu, 01 Jan 2009 00:00:00 GMT"}):
            assert site.get(URL, condition).body == content
        assert site.get(URL, {"If-Match": '"x"'}).status == 412

    def test_the_tag_is_the_same_under_every_name_and_child(self, site):
        urls = [URL, URL.lower(), f"{ROOTS[1]}/{image_path(CX600, APPROVED)}"]
        assert len({site.get(url).headers["ETag"] for url in urls * 10}) == 1

    def test_tags_of_files_differ(self, site):
        versions = [RESTORE, APPROVED, PENDING]
        assert len({site.get(f"{ROOTS[0]}/{image_path(CX600, version)}").headers["ETag"] for version in versions}) == 3


class TestWhatARuleNames:
    @pytest.mark.parametrize("key, version", [(CX600, RESTORE), (CX600, APPROVED), (CX600, PENDING),
                                              (PENDING_ONLY, PENDING)])
    def test_all_versions_of_a_rule_are_served(self, site, key, version):
        answer = site.get(f"{ROOTS[0]}/{image_path(key, version)}")
        assert answer.body == site.store.image(key, version).read_bytes()

    def test_a_pending_version_is_served_and_not_offered(self, site):
        assert site.offered(request_xml(Model="CX500", modules=installed("1.0"))) is None

    @pytest.mark.parametrize("path", [image_path(CX600, "9.9.9.9"), image_path("UCPhone/POLYCOM/CX9/A/ENU", APPROVED),
                                      image_path(CX600, APPROVED, "other.nbt"), image_path(CX600, APPROVED, ""),
                                      image_path(CX600, APPROVED, "CPE.nbt/"), image_path(CX600, APPROVED, "CPE.nbt/x"),
                                      f"{CX600}/{APPROVED}", f"{CX600}/", "UCPhone", "",
                                      image_path(PENDING_ONLY, APPROVED)])
    def test_nothing_else_is(self, site, path):
        assert site.get(f"{ROOTS[0]}/{path}").status == 404


class TestAfterAnotherApproval:
    def test_the_old_url_stays_as_it_was(self, site, content):
        before = site.get(URL)
        site.store.approve(CX600)
        until(lambda: site.every_child(lambda: site.offered() == PENDING), "the approval is in force")
        answer = site.get(URL, {"Range": "bytes=500-", "If-Range": before.headers["ETag"]})
        assert (answer.status, answer.body) == (206, content[500:]), "it is the version to restore now"
        old = f"{ROOTS[0]}/{image_path(CX600, RESTORE)}"
        until(lambda: site.every_child(lambda: site.get(old).status == 404), "no rule names it any more")


class TestSendfile:
    config = "EnableSendfile On\n"

    def test_the_kernel_sends_the_file(self, site, content):
        with strace.of_children(site, "sendfile,sendfile64", "sendfile") as trace:
            assert site.get(URL).body == content
        calls = [line for line in trace.lines() if "sendfile" in line]
        sent = sum(int(line.rpartition("= ")[2]) for line in calls if line.rpartition("= ")[2].isdigit())
        assert sent == len(content)


class TestOtherwiseForbidden:
    """As Debian has it: no files at all but those that are allowed."""
    config = '''
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
<Directory "{files}/DeviceUpdateStore">
    Require all granted
</Directory>
'''

    def test_images_are_served(self, site, content):
        assert site.get(URL).body == content


class TestDenied:
    """Access rules of the administrator hold for images."""
    config = '<LocationMatch "(?i)/cpe\\.cat$">\nRequire all denied\n</LocationMatch>\n'

    def test_they_hold(self, site, ledger):
        ledger.declare("AH01630")
        assert site.get(URL).status == 200
        assert site.get(URL.replace("CPE.nbt", "CPE.cat")).status == 403
