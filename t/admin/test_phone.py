"""phone: what it sends, and what it makes of answers, right and odd."""
import base64
import hashlib
import json
import os
import socket
import ssl
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import NEW, OLD, PHONE, run
from odd_server import Account, Answer, Chunked, OddServer, Silence, reply, repr_digest

IMAGE, CATALOGUE = b"image" * 50000, b"catalogue" * 30
OFFER = ("CPE.nbt", "CPE.cat", NEW)


@pytest.fixture
def server():
    made = OddServer()
    yield made
    made.stop()


@pytest.fixture
def good(server):
    """Offers an image and its catalogue, with digests."""
    server.offer(OFFER)
    server.files = {"/base/CPE.nbt": Answer(IMAGE, headers=repr_digest(IMAGE)),
                    "/base/CPE.cat": Answer(CATALOGUE, headers=repr_digest(CATALOGUE))}
    return server


def phone(server, *arguments, env=None, **options):
    values = {**PHONE, "version": OLD, **options}
    flags = [part for name, value in values.items() for part in (f"--{name}", value)]
    return run("phone", server.url + "/check", *flags, *arguments, env=env)


def failure(result):
    """The sentence of a run that failed."""
    assert result.code == 1, result
    (line,) = result.err.splitlines()
    assert line.startswith("devupdatectl: DU08"), line
    return line


def listing(path):
    return sorted(os.listdir(path)) if path.exists() else []


def test_what_is_sent(server):
    server.offer()
    phone(server, mac="00-04-F2-00-01-76", serial="07823-A345", user="alice@contoso.com")
    ((method, path, headers, body),) = server.seen
    assert (method, path, headers["Content-Type"]) == ("POST", "/check", "text/xml; charset=utf-8")
    assert headers["User-Agent"].startswith("devupdatectl/") and "Authorization" not in headers
    root = ElementTree.fromstring(body)
    assert [(element.tag, element.text) for element in root[:-1]] == [
        ("DeviceType", "UCPhone"), ("MacAddress", "00-04-F2-00-01-76"), ("SerialNumber", "07823-A345"),
        ("Vendor", "POLYCOM"), ("Model", "CX600"), ("Revision", "A"), ("Locale", "ENU"), ("UserID", "alice@contoso.com")]
    assert root.tag == "Request" and root[-1].tag == "Modules"
    assert [(element.tag, element.text) for element in root.find("Modules/Module")] == [
        ("Filename", "CPE.nbt"), ("Version", OLD), ("Timestamp", None)]


def test_values_are_escaped(server):
    server.offer()
    phone(server, user='<&">', model="电話", file="a b.nbt")
    root = ElementTree.fromstring(server.seen[0][3])
    assert (root.findtext("UserID"), root.findtext("Model")) == ('<&">', "电話")
    assert root.findtext("Modules/Module/Filename") == "a b.nbt"


def test_no_update(server):
    server.offer()
    assert phone(server) == (0, "no update (NumOfFiles 0)\n", "")
    document = json.loads(phone(server, "--json").out)
    assert (document["result"], document["num_of_files"], document["base_url"]) == ("none", 0, server.url + "/base")


def test_an_offer(good):
    assert phone(good) == (0, f"offered {NEW}: CPE.nbt + CPE.cat from {good.url}/base\n", "")
    assert good.asked("GET") == []


def test_an_offer_as_json(good):
    document = json.loads(phone(good, "--json").out)
    assert document == {"url": good.url + "/check", "result": "offered", "num_of_files": 1,
                        "base_url": good.url + "/base", "external_base_url": None, "fetched": [],
                        "files": [{"filename": "CPE.nbt", "signature_filename": "CPE.cat", "version": NEW,
                                   "timestamp": None}]}


@pytest.mark.parametrize("body", [
    '<R NumOfFiles="1" BaseURL="{0}/base"><File Name="CPE.nbt" Signature="CPE.cat" Version="{1}"/></R>',
    '<x:r xmlns:x="u:v"><numoffiles>1</numoffiles><x:BASEURL>{0}/base</x:BASEURL>'
    '<l><image><filename>CPE.nbt</filename><signaturefilename> CPE.cat </signaturefilename><version>{1}</version>'
    '</image></l></x:r>',
])
def test_replies_of_another_grammar(good, body):
    good.check = Answer(body.format(good.url, NEW).encode())
    assert phone(good) == (0, f"offered {NEW}: CPE.nbt + CPE.cat from {good.url}/base\n", "")


def test_a_reply_in_utf_16(good):
    good.check = Answer(reply(good.url + "/base", OFFER).decode().replace("utf-8", "utf-16").encode("utf-16"))
    assert phone(good).code == 0


def test_download(good, tmp_path):
    target = tmp_path / "new" / "directory"
    result = phone(good, "--download", target)
    assert (result.code, result.err) == (0, "")
    assert f"fetched {target}/CPE.nbt: {len(IMAGE)} bytes as announced, digest verified\n" in result.out
    assert (target / "CPE.nbt").read_bytes() == IMAGE and (target / "CPE.cat").read_bytes() == CATALOGUE
    assert listing(target) == ["CPE.cat", "CPE.nbt"]


def test_download_as_json(good, tmp_path):
    image, catalogue = json.loads(phone(good, "--download", tmp_path / "d", "--json").out)["fetched"]
    assert image == {"name": "CPE.nbt", "path": str(tmp_path / "d" / "CPE.nbt"), "size": len(IMAGE),
                     "sha256": hashlib.sha256(IMAGE).hexdigest(), "size_verified": True, "digest_verified": True}
    assert catalogue["name"] == "CPE.cat"


def test_download_replaces_what_is_there(good, tmp_path):
    (tmp_path / "CPE.nbt").write_text("old")
    assert phone(good, "--download", tmp_path).code == 0
    assert (tmp_path / "CPE.nbt").read_bytes() == IMAGE


def test_nothing_is_fetched_without_an_offer(server, tmp_path):
    server.offer()
    assert phone(server, "--download", tmp_path / "d").code == 0
    assert server.asked("GET") == [] and not (tmp_path / "d").exists()


def test_several_files_share_a_catalogue(good, tmp_path):
    good.offer(OFFER, ("boot image.nbt", "CPE.cat", NEW))
    good.files["/base/boot%20image.nbt"] = Answer(b"boot", headers=repr_digest(b"boot"))
    result = phone(good, "--download", tmp_path / "d")
    assert result.code == 0 and listing(tmp_path / "d") == ["CPE.cat", "CPE.nbt", "boot image.nbt"]
    assert good.asked("GET").count("/base/CPE.cat") == 1


def test_a_server_without_digests(good, tmp_path):
    good.files = {"/base/CPE.nbt": Answer(IMAGE), "/base/CPE.cat": Chunked(CATALOGUE)}
    out = phone(good, "--download", tmp_path).out
    assert f"CPE.nbt: {len(IMAGE)} bytes as announced, no digest offered\n" in out
    assert f"CPE.cat: {len(CATALOGUE)} bytes, no length announced, no digest offered\n" in out


@pytest.mark.parametrize("field", ["sha-512=:AAAA:", "sha-256=1", "", "sha-256=:unfinished"])
def test_a_digest_that_tells_nothing(good, tmp_path, field):
    good.files["/base/CPE.nbt"] = Answer(IMAGE, headers={"Repr-Digest": field})
    assert "CPE.nbt: 250000 bytes as announced, no digest offered" in phone(good, "--download", tmp_path).out


def test_a_digest_among_others(good, tmp_path):
    fields = {"repr-DIGEST": "sha-512=:AAAA:, " + repr_digest(IMAGE)["Repr-Digest"]}
    good.files["/base/CPE.nbt"] = Answer(IMAGE, headers=fields)
    assert "CPE.nbt: 250000 bytes as announced, digest verified" in phone(good, "--download", tmp_path).out


@pytest.mark.parametrize("spoilt", ["CPE.nbt", "CPE.cat"])
def test_a_wrong_digest(good, tmp_path, spoilt):
    good.files["/base/" + spoilt] = Answer(b"other bytes", headers=repr_digest(IMAGE))
    result = phone(good, "--download", tmp_path / "d")
    line = failure(result)
    assert "DU0845" in line and spoilt in line
    assert base64.b64encode(hashlib.sha256(b"other bytes").digest()).decode() in line
    assert listing(tmp_path / "d") == [] and "offered" in result.out and "fetched" not in result.out


def test_a_wrong_digest_as_json(good, tmp_path):
    """The document still says what was decided."""
    good.files["/base/CPE.nbt"] = Answer(b"other bytes", headers=repr_digest(IMAGE))
    result = phone(good, "--download", tmp_path / "d", "--json")
    failure(result)
    assert json.loads(result.out)["result"] == "offered" and json.loads(result.out)["fetched"] == []


@pytest.mark.parametrize("answer, number", [
    (Answer(IMAGE, length=len(IMAGE) + 1), "DU0840"),          # cut off
    (Answer(IMAGE, length=len(IMAGE) - 1, headers=repr_digest(IMAGE)), "DU0845"),  # announced too short: a wrong digest
    (Answer(b"", length=5 << 30), "DU0840"),
    (Answer(b"no", 404), "DU0842"),
    (Answer(b"", 302, {"Location": "/base/CPE.cat"}), "DU0842"),
    (Answer(b"", 206), "DU0842"),
    (Answer(b"who?", 401), "DU0841"),
])
def test_an_image_that_does_not_come_right(good, tmp_path, answer, number):
    good.files["/base/CPE.nbt"] = answer
    line = failure(phone(good, "--download", tmp_path / "d", timeout="10"))
    assert number in line and "CPE.nbt" in line
    assert listing(tmp_path / "d") == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b", "a\\b", "..", ".", ".hidden", "C:evil", "a\u0085b:",
                                  "tail.", "n" * 256, "what?"])
@pytest.mark.parametrize("place", [0, 1])
def test_path_tricks_in_names(good, tmp_path, name, place):
    """Refused before the first byte is fetched, whichever name it is."""
    bad = ["BAD.nbt", "BAD.cat", NEW]
    bad[place] = name
    good.offer(OFFER, tuple(bad))
    assert "DU0843" in failure(phone(good, "--download", tmp_path / "d"))
    assert good.asked("GET") == [] and not (tmp_path / "d").exists()


def test_names_cannot_speak_to_the_terminal(server):
    server.offer(("a\u009b2Jb.nbt", "\u202ecat", "1\u009bm"))
    result = phone(server)
    assert result.out == f"offered 1\\xc2\\x9bm: a\\xc2\\x9b2Jb.nbt + \\xe2\\x80\\xaecat from {server.url}/base\n"
    assert phone(server, "--json").out.isascii()


@pytest.mark.parametrize("answer, number, words", [
    (Answer(b"oops", 500), "DU0842", "answers HTTP 500"),
    (Answer(b"no", 404), "DU0842", "answers HTTP 404"),
    (Answer(b"", 302, {"Location": "http://127.0.0.1:9/"}), "DU0842", "answers HTTP 302"),
    (Answer(b"", 204), "DU0842", "answers HTTP 204"),
    (Answer(b"who?", 401), "DU0841", "--netrc-file"),
    (Answer(b"x" * 65537), "DU0838", "too large"),
    (Chunked(b"x" * 1_000_000), "DU0838", "too large"),
    (Answer(b"<Response>", length=1000), "DU0840", "transfer closed"),
    (Answer(b""), "DU0835", "not understood"),
    (Answer(b"Hello!"), "DU0835", "not understood"),
    (Answer(b"<html><body>It works!</body></html>"), "DU0832", "no NumOfFiles"),
    (Answer(b'<!DOCTYPE x [<!ENTITY a "1">]><R><NumOfFiles>&a;</NumOfFiles></R>'), "DU0835", "document type"),
    (Answer(b"<R><NumOfFiles>-1</NumOfFiles></R>"), "DU0833", '"-1"'),
    (Answer(b"<R><NumOfFiles>many\xc2\x9b</NumOfFiles></R>"), "DU0833", r'"many\xc2\x9b"'),
    (Answer(b"<R><NumOfFiles>9999999999</NumOfFiles></R>"), "DU0833", "9999999999"),
    (Answer(b"<R><NumOfFiles>1</NumOfFiles></R>"), "DU0834", "lists 0"),
    (Answer(b"<R><NumOfFiles>0</NumOfFiles><File><Name>x</Name></File></R>"), "DU0834", "lists 1"),
    (Answer(b"<R><NumOfFiles>1</NumOfFiles><File><Version>1</Version></File></R>"), "DU0831", "without a name"),
    (Answer(b"<R><NumOfFiles>65</NumOfFiles>" + b"<File><Name>x</Name></File>" * 65 + b"</R>"), "DU0835", "64"),
])
def test_odd_answers_to_a_check(server, answer, number, words):
    server.check = answer
    result = phone(server)
    line = failure(result)
    assert f": {number}: " in line and words in line and result.out == ""


def test_a_count_that_includes_the_signatures(server):
    server.offer(OFFER, count=2)
    result = phone(server)
    assert result.code == 0 and "offered" in result.out and "DU0836: warning: NumOfFiles of the reply is 2" in result.err


def test_a_server_that_says_nothing(server):
    server.check = Silence()
    line = failure(phone(server, timeout="1"))
    assert "DU0840" in line and "timed out" in line


def test_a_server_that_falls_silent(good, tmp_path):
    good.files["/base/CPE.nbt"] = Silence(b"HTTP/1.1 200 OK\r\nContent-Length: 250000\r\n\r\nimage")
    line = failure(phone(good, "--download", tmp_path / "d", timeout="1"))
    assert "DU0840" in line and "too slow" in line
    assert listing(tmp_path / "d") == []


def test_nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        flags = [part for name, value in {**PHONE, "version": OLD}.items() for part in (f"--{name}", value)]
        result = run("phone", f"http://127.0.0.1:{bound.getsockname()[1]}/", *flags)
    assert "DU0840" in failure(result)


def test_base_urls_for_inside_and_outside(good, tmp_path):
    good.check = Answer(reply("http://inside.invalid/base", OFFER, external=good.url + "/base"))
    assert "from http://inside.invalid/base\n" in phone(good).out
    outside = phone(good, "--outside", "--download", tmp_path)
    assert outside.code == 0 and f"from {good.url}/base\n" in outside.out


def test_base_replaces_the_server_of_the_base_url(good, tmp_path):
    good.check = Answer(reply("https://pool01.contoso.invalid:443/base", OFFER))
    assert phone(good, "--base", good.url + "/", "--download", tmp_path).code == 0
    assert listing(tmp_path) == ["CPE.cat", "CPE.nbt"]


@pytest.mark.parametrize("base, external, flags, words", [
    ("", "", [], "no base URL for phones inside"),
    ("", "http://x/", [], "there is one for --outside"),
    ("http://x/", "", ["--outside"], "no base URL for phones outside"),
])
def test_no_base_url(server, base, external, flags, words):
    server.check = Answer(reply(base, OFFER, external=external))
    result = phone(server, *flags)
    assert "DU0851" in failure(result) and words in result.err and result.out.endswith("from nowhere\n")


@pytest.mark.parametrize("base", ["file:///etc", "ftp://127.0.0.1/", "/base", "gopher://x"])
def test_a_base_url_that_is_none(server, tmp_path, base):
    server.check = Answer(reply(base, ("passwd", "group", NEW)))
    assert "DU0852" in failure(phone(server, "--download", tmp_path / "d"))
    assert listing(tmp_path / "d") == []


def test_no_account_is_taken_from_a_url(good, tmp_path):
    good.check = Answer(reply(good.url.replace("//", "//alice:secret@") + "/base", OFFER))
    assert "DU0840" in failure(phone(good, "--download", tmp_path / "d"))
    assert good.asked("GET") == []


def netrc(tmp_path, password):
    path = tmp_path / "netrc"
    path.write_text(f"machine 127.0.0.1 login alice password {password}\n")
    return path


def test_an_account_from_a_file(good, tmp_path):
    good.check = Account("alice", "secret", good.check)
    good.files = {path: Account("alice", "secret", answer) for path, answer in good.files.items()}
    assert "DU0841" in failure(phone(good))
    result = phone(good, "--netrc-file", netrc(tmp_path, "secret"), "--download", tmp_path / "d")
    assert result.code == 0 and result.out.count("digest verified") == 2
    assert "DU0841" in failure(phone(good, "--netrc-file", netrc(tmp_path, "wrong")))


def test_the_digest_of_a_refusal_is_not_that_of_the_file(good, tmp_path):
    good.files["/base/CPE.nbt"] = Account("alice", "secret", Answer(IMAGE))
    result = phone(good, "--netrc-file", netrc(tmp_path, "secret"), "--download", tmp_path / "d")
    assert (result.code, result.err) == (0, "")
    assert "CPE.nbt: 250000 bytes as announced, no digest offered" in result.out


def test_https_with_a_certificate_of_ones_own(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=phones",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = OddServer(tls)
    try:
        server.offer()
        line = failure(phone(server))
        assert "DU0840" in line and "certificate" in line and server.seen == []
        assert phone(server, "--ca-file", certificate).out == "no update (NumOfFiles 0)\n"
    finally:
        server.stop()


def test_no_proxy_from_the_environment(good):
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    assert phone(good, env=environment).code == 0


def test_a_directory_that_cannot_be_made(good, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert "DU0849" in failure(phone(good, "--download", tmp_path / "file" / "below"))


def test_a_place_that_is_taken(good, tmp_path):
    """By a directory: nothing can be renamed over it, and nothing temporary stays."""
    (tmp_path / "CPE.nbt").mkdir()
    assert "DU0848" in failure(phone(good, "--download", tmp_path))
    assert listing(tmp_path) == ["CPE.nbt"]
