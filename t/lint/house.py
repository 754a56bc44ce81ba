"""What the rules share: where things are, and C sources seen as code, texts and functions."""
import os
import pathlib
import re

SRC = pathlib.Path(os.environ["srcdir"]).resolve()
BUILD = pathlib.Path(os.environ["builddir"]).resolve()

rules = []


class Skip(Exception):
    """A rule cannot be judged here, and that is no fault."""


class Missing(Exception):
    """What a rule judges is not there."""


def rule(sentence):
    def mark(function):
        function.sentence = sentence
        rules.append(function)
        return function
    return mark


def need(found, what):
    """What a rule judges must be there."""
    if not found:
        raise Missing(f"not found: {what}")
    return found


def files(*patterns):
    """Files of the source tree, each pattern must match something."""
    found = []
    for pattern in patterns:
        found += need(sorted(SRC.glob(pattern)), pattern)
    return found


def show(path):
    return str(path.relative_to(SRC))


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code(path):
    """A C source with comments and the inside of texts blanked; lines and columns stay."""
    return TOKEN.sub(lambda m: _blank(m[0]) if m[0][0] == "/" else m[0][0] + _blank(m[0][1:-1]) + m[0][-1],
                     path.read_text())


def texts(path):
    """(line, text) of every string literal; neighbouring ones are joined, as the compiler does."""
    source = path.read_text()
    found, last_end = [], None
    for match in TOKEN.finditer(source):
        if match[0][0] != '"':
            continue
        if last_end is not None and not source[last_end:match.start()].replace("\\\n", "").strip():
            found[-1] = (found[-1][0], found[-1][1] + match[0][1:-1])
        else:
            found.append((source.count("\n", 0, match.start()) + 1, match[0][1:-1]))
        last_end = match.end()
    return found


FUNCTION = re.compile(r"^(?!typedef|struct|union|enum)\w[^;{}=#]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", re.M | re.S)


def functions(path):
    """(name, lines of its body with braces) of every function; in this house its braces stand in the first column."""
    return [(match[1], match[2].count("\n") + 2) for match in FUNCTION.finditer(code(path))]


LIBRARY = ["mod_devupdate/lib/*.c", "mod_devupdate/lib/*.h"]
GLUE = ["mod_devupdate/*.c", "mod_devupdate/*.h"]
ADMIN = ["admin/*.c", "admin/*.h", "admin/lib/*.c", "admin/lib/*.h"]
PRODUCT = LIBRARY + GLUE + ADMIN
TESTS = ["t/*/*.c", "t/*/*.h"]


def make_variables():
    """The variables that configure put into the Makefile, expanded."""
    makefile = (BUILD / "Makefile").read_text().replace("\\\n", " ")
    raw = dict(re.findall(r"^(\w+) = *(.*?) *$", makefile, re.M))

    def expanded(text):
        return re.sub(r"\$\((\w+)\)", lambda m: expanded(raw.get(m[1], "")), text)

    return {name: expanded(text) for name, text in raw.items()}
