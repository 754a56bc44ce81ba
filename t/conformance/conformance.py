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


def names():
    return sorted(path.stem for path in HERE.glob("*.request"))


def read_request(name):
    """Head and body are divided by an empty line; "# encoding: X" before the head says how the body is sent."""
    text = (HERE / f"{name}.request").read_text(encoding="utf-8")
    encoding = "utf-8"
    while text.startswith("#"):
        comment, _, text = text.partition("\n")
        if comment.startswith("# encoding:"):
            encoding = comment.partition(":")[2].strip()
    head, _, body = text.partition("\n\n")
    method, target = head.splitlines()[0].split(" ", 1)
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    return Request(method, target, headers, body.encode(encoding) or None)


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
            found.append(f"{what}: {value!r} expected; {answer.status} {dict(answer.headers)} {answer.body[:500]!r}")
    if not asserted or "grade" not in dict(expectation) or "source" not in dict(expectation):
        found.append("a transcript needs an assertion, a grade and a source")
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
