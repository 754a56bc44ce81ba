"""What bad input gets: the right status, one audit line, and at most one warning a minute for a client."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import phone
from phone import ask, head, request_xml, send
from store import APPROVED

MALFORMED_IDS = ("DU0201", "DU0202", "DU0203", "DU0211")   # the ways in which a body is not acceptable
TOO_LARGE = "DU0210"
LIMIT = 65536
GOOD = request_xml()


def doctype(subset, body=""):
    return f'<?xml version="1.0"?>\n<!DOCTYPE r [{subset}]>\n<Request>{body}</Request>'.encode()


LAUGHS = doctype('<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {n} "{f"&{chr(ord(n) - 1)};" * 10}">' for n in "bcdefghij"), "<Model>&j;</Model>")
QUADRATIC = doctype(f'<!ENTITY a "{"x" * 20000}">', "<Model>" + "&a;" * 10000 + "</Model>")[:LIMIT]


def padded(size):
    """An acceptable request of exactly that many bytes."""
    space = size - len(GOOD)
    return GOOD[:-1] + b" " * (space + 1)


def half_a_character(text):
    """The text with one byte missing in its middle."""
    return text[:201] + text[202:]


MALFORMED = [
    ("empty", b""),
    ("blank", b" \r\n\t "),
    ("not XML", b"hello"),
    ("JSON", b'{"DeviceType": "UCPhone"}'),
    ("binary", bytes(range(256)) * 4),
    ("truncated", GOOD[:200]),
    ("truncated before the last tag ends", GOOD.rstrip()[:-1]),
    ("two documents", GOOD + GOOD[GOOD.index(b"<Request"):]),
    ("garbage behind", GOOD + b"<"),
    ("wrong nesting", b"<a><b></a></b>"),
    ("attribute twice", b'<Request Model="a" Model="b"/>'),
    ("not UTF-8", GOOD.replace(b"CX600", b"CX\xff\xfe")),
    ("overlong UTF-8", GOOD.replace(b"CX600", b"CX\xc0\xaf")),
    ("surrogate in UTF-8", GOOD.replace(b"CX600", b"\xed\xa0\x80")),
    ("declares another encoding", GOOD.replace(b"utf-8", b"utf-16")),
    ("encoding that is not accepted", GOOD.replace(b"utf-8", b"EBCDIC-CP-US")),
    ("encoding with a surprise", GOOD.replace(b"utf-8", b"utf-7")),
    ("half a character of UTF-16", half_a_character(GOOD.decode().replace("utf-8", "utf-16").encode("utf-16"))),
    ("declares an encoding that is not known", GOOD.replace(b"utf-8", b"x-none")),
    ("declares Latin-1", GOOD.replace(b"utf-8", b"iso-8859-1").replace(b"CX600", b"CX\xfc")),
    ("UTF-32", GOOD.decode().replace("utf-8", "utf-32").encode("utf-32")),
    ("NUL", GOOD.replace(b"CX600", b"CX\x00600")),
    ("NUL at the end", GOOD + b"\x00"),
    ("control character", GOOD.replace(b"CX600", b"CX\x0b600")),
    ("reference to NUL", GOOD.replace(b"CX600", b"CX&#0;600")),
    ("billion laughs", LAUGHS),
    ("quadratic blow-up", QUADRATIC),
    ("empty DOCTYPE", b"<!DOCTYPE Request><Request/>"),
    ("external DTD", b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><Request/>'),
    ("parameter entity", doctype('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;')),
    ("undeclared entity", GOOD.replace(b"CX600", b"&model;")),
    ("33 levels", b"<a>" * 33 + b"</a>" * 33),
    ("8,000 levels", b"<a>" * 8000),
    ("65 modules", request_xml(modules=[(f"f{n}", "1", "") for n in range(65)])),
    ("4,097 bytes of text", request_xml(Model="x" * 4097)),
]


def spans(start):
    """How many minutes of the clock the time since start touches."""
    return int(time.time() // 60) - int(start // 60) + 1


class TestMalformed:
    @pytest.mark.parametrize("body", [body for _, body in MALFORMED], ids=[name for name, _ in MALFORMED])
    def test_it_is_refused_and_on_record(self, site, ledger, body):
        ledger.declare(*MALFORMED_IDS)
        audit = site.audit()
        assert site.check(body).status == 400
        record = audit.one()
        assert (record["Result"], record["Reason"]) == ("refused", "malformed")
        assert record["User Host Address"] == "127.0.0.1"
        assert not record["Response Modules"]

    def test_an_external_entity_is_not_read(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        canary = site.root / "canary"
        canary.write_text("secret-canary")
        body = doctype(f'<!ENTITY x SYSTEM "file://{canary}">', "<Model>&x;</Model>")
        answer = site.check(body)
        assert answer.status == 400 and b"canary" not in answer.raw
        assert "secret-canary" not in str(site.audit().where.files) + site.httpd.log()

    def test_the_limits_themselves_are_accepted(self, site):
        deep = GOOD.replace(b"<Request>", b"<Request>" + b"<a>" * 31 + b"</a>" * 31)
        assert site.offered(deep) == APPROVED
        assert site.offered(request_xml(modules=[(f"f{n}", "1", "") for n in range(64)])) == APPROVED
        assert site.offered(request_xml(SerialNumber="x" * 4096)) == APPROVED

    def test_the_server_is_as_before(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        children = site.httpd.children()
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(site.check, [body for _, body in MALFORMED] * 3))
        assert site.offered() == APPROVED
        assert site.httpd.children() == children


class TestWarnings:
    def test_one_a_minute_for_a_client_over_all_children(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            before, start = ledger.count("DU0203"), time.time()
            with ThreadPoolExecutor(16) as crowd:
                answers = crowd.map(lambda _, a=address: site.check(b"<", address=a).status, range(200))
            assert set(answers) == {400}
            assert 1 <= ledger.count("DU0203") - before <= spans(start)

    def test_it_names_the_client_and_what_is_wrong(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        site.check(b"<a", address="127.0.0.9")
        line = next(entry for entry in ledger.read() if "127.0.0.9" in entry.text)
        assert (line.id, line.level) == ("DU0203", "warn")

    def test_text_from_the_client_cannot_forge_a_line(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        forged = b"<a>\n[Sun Nov 22 20:00:00 2026] [core:crit] [pid 1:tid 1] forged \x1b[31m</b>"
        site.check(forged, address="127.0.0.10")
        assert not [entry for entry in ledger.read() if entry.level == "crit"]
        assert "\x1b" not in site.httpd.log()


class TestTooLarge:
    def refused(self, site, answer, audit):
        assert answer.status == 413
        record = audit.one()
        assert (record["Result"], record["Reason"]) == ("refused", "too-large")
        assert site.offered() == APPROVED

    def test_the_limit_is_accepted(self, site):
        assert site.offered(padded(LIMIT)) == APPROVED

    def test_one_byte_more(self, site, ledger):
        ledger.declare(TOO_LARGE)
        audit = site.audit()
        self.refused(site, site.check(padded(LIMIT + 1)), audit)

    def test_one_byte_more_in_chunks(self, site, ledger):
        ledger.declare(TOO_LARGE)
        audit = site.audit()
        body = padded(LIMIT + 1)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:30000], body[30000:]))
        data = head("POST", phone.CHECK, {"Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n"
        self.refused(site, send(site.port, data, "POST"), audit)

    def test_a_length_is_believed_before_the_body_comes(self, site, ledger):
        ledger.declare(TOO_LARGE)
        audit = site.audit()
        data = head("POST", phone.CHECK, {"Content-Length": str(10 ** 12)}) + b"<Request>"
        self.refused(site, send(site.port, data, "POST", half_close=True), audit)

    def test_endless_chunks_end(self, site, ledger):
        ledger.declare(TOO_LARGE)
        audit = site.audit()
        data = head("POST", phone.CHECK, {"Transfer-Encoding": "chunked"}) + b"1000\r\n%s\r\n" % (b" " * 4096) * 64
        self.refused(site, send(site.port, data, "POST", half_close=True), audit)


class TestLyingLength:
    def test_a_body_shorter_than_its_length(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        audit = site.audit()
        data = head("POST", phone.CHECK, {"Content-Length": str(len(GOOD) + 100)}) + GOOD
        answer = send(site.port, data, "POST", half_close=True)
        assert answer is None or answer.status == 400
        assert audit.one()["Reason"] == "malformed"

    def test_a_body_longer_than_its_length(self, site, ledger):
        ledger.declare(*MALFORMED_IDS)
        audit = site.audit()
        data = head("POST", phone.CHECK, {"Content-Length": "50"}) + GOOD
        assert send(site.port, data, "POST").status == 400
        assert audit.one()["Reason"] == "malformed"

    @pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999"])
    def test_a_length_that_is_none(self, site, ledger, length):
        ledger.declare("AH01587", "AH01588", *MALFORMED_IDS, TOO_LARGE)
        answer = ask(site.port, "POST", phone.CHECK, {"Content-Length": length}, GOOD)
        assert answer.status in (400, 413)

    def test_broken_chunks(self, site, ledger):
        ledger.declare(*MALFORMED_IDS, "AH01590", "AH02901")
        audit = site.audit()
        data = head("POST", phone.CHECK, {"Transfer-Encoding": "chunked"}) + b"zz\r\n" + GOOD
        assert send(site.port, data, "POST").status == 400
        assert audit.one()["Reason"] == "malformed"


class TestOwnLimit:
    directives = {"DevUpdateMaxRequestBody": "2000"}

    def test_the_directive_decides(self, site, ledger):
        ledger.declare(TOO_LARGE)
        assert site.offered(padded(2000)) == APPROVED
        assert site.check(padded(2001)).status == 413
