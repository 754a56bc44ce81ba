"""DevUpdateCapture: requests as they came, bounded, private, and never at the cost of an answer."""
import concurrent.futures
import stat

import pytest

import capture
import phone
import place
from phone import CHECK, CHECK_EXTERNAL, request_xml
from store import APPROVED

CREDENTIALS = {"Authorization": "Basic YWxpY2U6d29uZGVybGFuZA==", "Proxy-Authorization": "Basic c2VjcmV0MQ==",
               "Cookie": "session=secret2", "Cookie2": "$Version=secret3"}


@pytest.fixture
def captured(own_site):
    """A function that starts the site with DevUpdateCapture and answers the directory."""
    def start(limits="", config="", **options):
        directory = own_site.root / "capture"
        directory.mkdir(mode=0o700)
        place.give(directory)
        own_site.start(config=f'DevUpdateCapture "{directory}" {limits}\n{config}', **options)
        return directory
    return start


def body_of(content):
    return content.partition(b"\n\n")[2]


class TestWhatIsKept:
    def test_a_check(self, own_site, captured):
        directory = captured()
        body = request_xml(Model="ä").decode().replace("utf-8", "utf-16").encode("utf-16")
        assert own_site.check(body, headers={"X-Odd": "a: b", "User-Agent": None}).status == 200
        content = capture.wait(directory, 1)
        comment, line, *headers = content.partition(b"\n\n")[0].decode().splitlines()
        assert comment.startswith("# captured 20") and comment.endswith(" from 127.0.0.1, answered 200")
        assert line == f"POST {CHECK}"
        assert {"X-Odd: a: b", "Content-Type: text/xml; charset=utf-8", "Host: phone.example"} <= set(headers)
        assert body_of(content) == body

    def test_nothing_that_is_secret(self, own_site, captured):
        directory = captured()
        assert own_site.check(headers=CREDENTIALS).status == 200
        assert own_site.check(headers={name.upper(): value for name, value in CREDENTIALS.items()}).status == 200
        for number in (1, 2):
            content = capture.wait(directory, number).lower()
            for name, value in CREDENTIALS.items():
                assert name.lower().encode() not in content and value.lower().encode() not in content

    def test_private(self, own_site, captured):
        directory = captured()
        own_site.check()
        capture.wait(directory, 1)
        assert stat.S_IMODE((directory / "0001.request").stat().st_mode) == 0o600

    def test_what_is_refused_above_all(self, own_site, captured):
        directory = captured("size=8000000", "DevUpdateMaxRequestBody 1024")
        own_site.ledger.declare("DU0203", "DU0210", "DU0211")
        for number, (status, send) in enumerate([
                (400, lambda: own_site.check(b"<not<xml")),
                (413, lambda: own_site.check(b"x" * 70000)),
                (405, lambda: own_site.get(CHECK + "?a=b%20c")),
                (403, lambda: own_site.check(target=CHECK_EXTERNAL)),
        ], 1):
            assert send().status == status
            content = capture.wait(directory, number)
            assert f", answered {status}\n".encode() in content
        assert body_of(capture.wait(directory, 1)) == b"<not<xml"
        assert b"\nGET /RequestHandler/ucdevice.upx?a=b%20c\n" in capture.wait(directory, 3)

    def test_a_chunked_body_is_kept_without_its_chunks(self, own_site, captured):
        directory = captured()
        data = phone.head("POST", CHECK, {"Transfer-Encoding": "chunked"}) + b"3\r\n<r>\r\n4\r\n</r>\r\n0\r\n\r\n"
        assert phone.send(own_site.port, data, "POST").status == 200
        assert body_of(capture.wait(directory, 1)) == b"<r></r>"

    def test_logs_too(self, own_site, captured):
        """The form of an upload is as unknown as that of a check."""
        directory = captured()
        own_site.ledger.declare("DU0406")
        body = b'--x\r\nContent-Disposition: form-data; name="log"\r\n\r\n\x00\xff'
        assert own_site.check(body, headers={"Content-Type": "multipart/form-data; boundary=x"}).status == 400
        assert body_of(capture.wait(directory, 1)) == body

    def test_an_error_document_does_not_hide_the_request(self, own_site, captured):
        directory = captured(config="ErrorDocument 400 /error.html")
        (own_site.root / "htdocs" / "error.html").write_text("sorry")
        own_site.ledger.declare("DU0203")
        assert own_site.check(b"<not<xml", headers=CREDENTIALS).body == b"sorry"
        content = capture.wait(directory, 1)
        assert b", answered 400\nPOST /RequestHandler/ucdevice.upx\n" in content and body_of(content) == b"<not<xml"

    def test_nothing_but_checks(self, own_site, captured):
        directory = captured()
        own_site.get("/RequestHandler/Files/none")
        own_site.get("/")
        own_site.check()
        assert b"POST /RequestHandler/ucdevice.upx\n" in capture.wait(directory, 1)
        assert capture.files(directory) == ["0001.request"]

    def test_refused_by_httpd_itself(self, own_site, captured):
        password = own_site.root / "passwords"
        password.write_text("")
        directory = captured(modules=("authn_core", "authn_file", "authz_user", "auth_basic"), config=f"""
<Location /RequestHandlerExt>
AuthType Basic
AuthName phones
AuthUserFile "{password}"
Require valid-user
</Location>""")
        own_site.ledger.declare("AH01618")
        assert own_site.check(target=CHECK_EXTERNAL, headers=CREDENTIALS).status == 401
        content = capture.wait(directory, 1)
        assert b", answered 401\n" in content and b"Basic" not in content


class TestLimits:
    def test_off_by_default(self, own_site):
        own_site.start()
        own_site.check()
        own_site.httpd.stop()
        assert not list(own_site.root.rglob("*.request"))

    def test_count_over_all_children(self, own_site, captured):
        directory = captured("count=7")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert set(pool.map(lambda _: own_site.offered(), range(60))) == {APPROVED}
        own_site.httpd.stop()
        assert capture.files(directory) == [f"{number:04}.request" for number in range(1, 8)]
        assert all(body_of(capture.wait(directory, number)) == request_xml() for number in range(1, 8))
        assert own_site.ledger.count("DU0225") == 1

    def test_size_over_all_files(self, own_site, captured):
        directory = captured("count=4 size=8192")
        for model in ("A" * 4000, "B" * 10, "C" * 4000, "D" * 4000):
            assert own_site.check(request_xml(Model=model)).status == 200
        own_site.httpd.stop()
        sizes = [(directory / name).stat().st_size for name in capture.files(directory)]
        assert len(sizes) == 4 and sum(sizes) <= 8192
        cut = [b"\n# cut off: " in capture.wait(directory, number) for number in range(1, 5)]
        assert sorted(cut) == [False, True, True, True]

    def test_files_that_are_there_stay(self, own_site, captured):
        directory = captured("count=2")
        (directory / "0001.request").write_text("mine")
        for _ in range(3):
            own_site.check()
        own_site.httpd.stop()
        assert capture.files(directory) == ["0001.request", "0002.request"]
        assert (directory / "0001.request").read_text() == "mine"


class TestFailures:
    def test_the_answer_goes_out_all_the_same(self, own_site, captured):
        """Once a minute a warning; the minute may change under the test."""
        directory = captured()
        directory.rmdir()
        own_site.ledger.declare("DU0220")
        for _ in range(10):
            assert own_site.offered() == APPROVED
        own_site.httpd.stop()
        assert 1 <= own_site.ledger.count("DU0220") <= 2
