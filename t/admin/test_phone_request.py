"""phone --request: a captured request is sent as it was, and the answer is shown whatever its grammar."""
import json
import pathlib

import pytest

from conftest import run
from odd_server import Account, Answer, OddServer

BODY = '<?xml version="1.0" encoding="utf-16"?>\n\n<q:x xmlns:q="urn:x"/>'.encode("utf-16") + b"\x00\xff"
HEAD = b"""# captured 2026-11-22 20:15:35 from 10.1.2.3, answered 400
POST /RequestHandler/ucdevice.upx?a=b%20c
Host: 10.0.0.1
User-Agent: ExamplePhone/2.1
Content-Type: application/octet-stream
X-Odd: a: b
X-Empty:
Content-Length: 7
Transfer-Encoding: chunked
Expect: 100-continue
Authorization: Basic c2VjcmV0

"""
REPLY = '<?xml version="1.0" encoding="utf-16"?>\n<q:Offer xmlns:q="urn:x"><q:Part n="ä"/></q:Offer>'.encode("utf-16")


@pytest.fixture
def server():
    made = OddServer()
    made.check = Answer(REPLY, headers={"Content-Type": "text/xml; charset=utf-16"})
    yield made
    made.stop()


@pytest.fixture
def replay(server, tmp_path):
    """Writes a file and sends it."""
    def send(*arguments, data=HEAD + BODY, path=""):
        file = tmp_path / "0001.request"
        file.write_bytes(data)
        return run("phone", server.url + path, "--request", file, *arguments)
    return send


def refused(result, message_id, code=1):
    assert (result.code, result.out) == (code, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"devupdatectl: {message_id}: ")
    return line


def test_it_is_sent_as_it_was(server, replay):
    assert replay().code == 0
    ((method, path, headers, body),) = server.seen
    assert (method, path, body) == ("POST", "/RequestHandler/ucdevice.upx?a=b%20c", BODY)
    assert headers["User-Agent"] == "ExamplePhone/2.1" and headers["Content-Type"] == "application/octet-stream"
    assert (headers["X-Odd"], headers["X-Empty"]) == ("a: b", "")


def test_headers_of_a_connection_and_credentials_are_not(server, replay):
    replay()
    headers = server.seen[0][2]
    assert headers["Host"] == server.url.partition("://")[2]
    assert headers["Content-Length"] == str(len(BODY))
    assert not {"Transfer-Encoding", "Expect", "Authorization"} & set(headers)


def test_nothing_is_added(server, replay):
    replay(data=b"POST /x\n\nbody")
    assert set(server.seen[0][2]) == {"Host", "Content-Length"}


def test_a_path_in_the_url_goes_first(server, replay):
    replay(path="/RequestHandlerExt/ucdevice.upx")
    replay(path="/")
    assert server.asked("POST") == ["/RequestHandlerExt/ucdevice.upx", "/RequestHandler/ucdevice.upx?a=b%20c"]


def test_the_answer_in_whatever_grammar(replay):
    result = replay()
    assert result.out == (f"HTTP 200: text/xml; charset=utf-16, {len(REPLY)} bytes\n"
                          '<?xml version="1.0" encoding="UTF-8"?>\n'
                          '<q:Offer xmlns:q="urn:x">\n  <q:Part n="ä"/>\n</q:Offer>\n')
    document = json.loads(replay("--json").out)
    assert document["media_type"] == "text/xml; charset=utf-16" and document["bytes"] == len(REPLY)
    assert document["url"].endswith("/RequestHandler/ucdevice.upx?a=b%20c") and 'n="ä"' in document["xml"]


def test_an_answer_that_is_not_xml(server, replay):
    server.check = Answer(b"\x1b[31mno\n")
    assert replay().out == "HTTP 200: -, 8 bytes, not XML\n"
    assert json.loads(replay("--json").out)["xml"] is None


def test_an_answer_is_harmless_on_a_terminal(server, replay):
    server.check = Answer("<r>\u009b31m\u202e</r>".encode())
    assert "\u009b" not in replay().out and "\u202e" not in replay().out


def test_entities_of_an_answer_are_not_read(server, replay, tmp_path):
    (tmp_path / "secret").write_text("secret")
    server.check = Answer(f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><r>&x;</r>'.encode())
    assert "<secret" not in replay().out and ">secret" not in replay().out


def test_a_refusal(server, replay):
    server.check = Answer(b"no", 400)
    assert "answers HTTP 400" in refused(replay(), "DU0842")


def test_another_method(server, replay):
    server.files["/image"] = Answer(b"<r/>")
    assert replay(data=b"GET /image\nRange: bytes=0-\n\n").code == 0
    assert server.seen[0][:2] == ("GET", "/image") and server.seen[0][2]["Range"] == "bytes=0-"


def test_credentials_come_from_a_file(server, replay, tmp_path):
    server.check = Account("alice", "wonder", Answer(b"<r/>"))
    assert "HTTP 401" in refused(replay(), "DU0841")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password wonder\n")
    assert replay("--netrc-file", netrc).code == 0
    assert server.seen[-1][3] == BODY


def test_transcripts_are_such_files(server, replay):
    replay(data="# encoding: UTF-16BE\nPOST /x\n\nä".encode())
    assert server.seen[0][3] == b"\x00\xe4"


@pytest.mark.parametrize("data", [b"", b"POST /x", b"POST /x\nno header\n\n", b"<xml/>"], ids=repr)
def test_files_that_are_none(server, replay, data):
    assert "0001.request: not a captured request" in refused(replay(data=data), "DU0862")
    assert server.seen == []


def test_a_file_that_is_not_there(server, tmp_path):
    for path in (tmp_path / "none", tmp_path):
        refused(run("phone", server.url, "--request", path), "DU0861")
    assert server.seen == []


@pytest.mark.parametrize("option", ["type", "brand", "model", "revision", "locale", "version", "mac", "serial", "user", "file",
                                    "download", "base"])
def test_what_the_file_says_is_not_said_twice(option):
    line = refused(run("phone", "http://127.0.0.1:9", "--request", "x", f"--{option}", "http://x"), "DU0860", code=2)
    assert f"--{option} does not go with it" in line


def test_one_or_the_other_must_be_given():
    assert "phone needs --type" in refused(run("phone", "http://127.0.0.1:9"), "DU0806", code=2)


def test_every_transcript_can_be_sent(server):
    for path in sorted(pathlib.Path(__file__).parent.parent.glob("conformance/*.request")):
        result = run("phone", server.url, "--request", path)
        assert result.code == 0 or "DU0842" in result.err, f"{path.name}: {result.err}"
