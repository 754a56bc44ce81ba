#!/usr/bin/python3
"""Plays the transcripts of this directory to a server and compares what it answers; prints TAP.

    conformance.py URL [NAME...]        URL is scheme, host and port: http://127.0.0.1:8080

README says what the server must hold and how a transcript is written.
"""
import collections
import http.client
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).parent
Request = collections.namedtuple("Request", "method target headers body")
Answer = collections.namedtuple("Answer", "status headers body")

# Headers about one connection: a captured request has them, one that is sent again has its own.
OWN = {"connection", "content-length", "transfer-encoding", "expect", "keep-alive", "te", "upgrade"}


def names():
    return sorted(path.stem for path in HERE.glob("*.request"))


def parse_request(data):
    """Head and body are divided by an empty line; the body is sent byte by byte, but for two lines before the head:
    "# encoding: X" says that it is UTF-8 here and is sent as X, "# times: N" that it is sent N times over."""
    encoding, times = None, 1
    while data.startswith(b"#"):
        comment, _, data = data.partition(b"\n")
        if comment.startswith(b"# encoding:"):
            encoding = comment.partition(b":")[2].strip().decode()
        if comment.startswith(b"# times:"):
            times = int(comment.partition(b":")[2])
    head, _, body = data.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    method, target = lines[0].split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return Request(method, target, {name: value for name, value in headers.items() if name.lower() not in OWN},
                   (body.decode().encode(encoding) if encoding else body) * times or None)


def read_request(name):
    return parse_request((HERE / f"{name}.request").read_bytes())


def read_expectation(name):
    """Pairs (what, value): ("status", "200"), ("xml BaseURL", "http://...")."""
    lines = (HERE / f"{name}.expect").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    return [(what.strip(), value.strip()) for what, _, value in pairs]


def play(url, request):
    parts = urllib.parse.urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname, parts.port, timeout=30)
    connection.request(request.method, request.target, request.body, request.headers)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


def elements(answer, name):
    """Texts of all elements of that local name."""
    found = [element for element in ElementTree.fromstring(answer.body).iter()
             if element.tag.rpartition("}")[2] == name]
    return [(element.text or "").strip() for element in found]


def is_text(answer, name, wanted):
    return wanted in elements(answer, name)


def ends(answer, name, wanted):
    return any(text.endswith(wanted) for text in elements(answer, name))


def count(answer, name, wanted):
    return len(elements(answer, name)) == int(wanted)


# what can be asserted: the first word of a line in .expect, and if its value holds
ASSERTIONS = {
    "status": lambda answer, _, value: str(answer.status) in value.split(),
    "header": lambda answer, name, value: value in ", ".join(answer.headers.get_all(name, [])),
    "no-header": lambda answer, name, _: name not in answer.headers,
    "length": lambda answer, _, value: len(answer.body) == int(value),
    "xml": is_text,
    "xml-ends": ends,
    "xml-count": count,
}
ABOUT = ("grade", "source", "note")  # not assertions
GRADES = ("A", "B", "C")


def faults(answer, expectation):
    """What the answer has not of what is expected, as sentences."""
    found, asserted = [], 0
    for what, value in expectation:
        kind, _, name = what.partition(" ")
        if kind in ABOUT:
            continue
        asserted += 1
        try:
            holds = ASSERTIONS[kind](answer, name, value)
        except ElementTree.ParseError as error:
            found.append(f"{what}: the body is not XML: {error}")
            continue
        if not holds:
            found.append(f"{what}: {value!r} expected; answer: {answer.status} {dict(answer.headers)} {answer.body[:500]!r}")
    about = dict(expectation)
    if not asserted or about.get("grade") not in GRADES or not about.get("source"):
        found.append("a transcript needs an assertion, a grade (A, B or C) and a source")
    return found


def main(url, chosen):
    failed = 0
    chosen = chosen or names()
    print(f"1..{len(chosen)}")
    for number, name in enumerate(chosen, 1):
        found = faults(play(url, read_request(name)), read_expectation(name))
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}")
        for sentence in found:
            print(f"# {sentence}")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
