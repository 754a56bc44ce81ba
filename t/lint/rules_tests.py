"""Tests that exist are run."""
import re

from house import SRC, code, files, need, rule, show


@rule("every test source is in t/check.mk")
def rule_registered():
    makefile = files("t/check.mk")[0].read_text()
    words = set(re.split(r"[\s=\\]+", makefile))
    sources = [*files("t/unit/test_*.c"), *files("t/fuzz/fuzz_*.c"), *files("t/*.t", "t/unit/*.t")]
    for path in sources:
        name = show(path)
        if name not in words and name.removesuffix(".c") not in words:
            yield f"{name} is not in t/check.mk"


@rule("every test of a unit test program is added to it")
def rule_added():
    count = 0
    for path in files("t/unit/test_*.c"):
        source = code(path)
        defined = re.findall(r"\bSTART_TEST\((\w+)\)", source)
        added = re.findall(r"\btcase_add_\w*test\(\w+,\s*(\w+)", source)
        count += len(defined)
        yield from (f"{show(path)}: {name} is not added" for name in defined if name not in added)
        yield from (f"{show(path)}: {name} is added twice" for name in sorted({n for n in added if added.count(n) > 1}))
    need(count > 50, "unit tests")


# Sources without a test of their own name, and the tests that reach them.
COVERED_BY = {"du_anchors": "t/admin/test_trust.py", "du_chain": "test_catalog", "du_pkcs7": "test_catalog",
              "du_signature": "test_catalog", "du_timestamp": "test_catalog", "du_trust": "t/admin/test_trust.py",
              "du_daylog": "test_journal, whose series are such files",
              "du_file": "test_journal, test_ruleset and test_image write through it", "du_logs": "t/httpd/test_page_device_logs.py",
              "du_package": "test_import",
              "du_schema": "test_store"}


@rule("every library source has a unit test")
def rule_covered():
    """du_cab_tables.c is a part of du_cab.c, so test_cab.c is its test as well."""
    tests = {path.stem.removeprefix("test_") for path in files("t/unit/test_*.c")}
    for path in files("mod_devupdate/lib/*.c"):
        words = path.stem.removeprefix("du_").split("_")
        names = {"_".join(words[:n]) for n in range(1, len(words) + 1)}
        if not names & tests and path.stem not in COVERED_BY:
            yield f"{show(path)} has no t/unit/test_{words[0]}.c"
    for stem in COVERED_BY:
        if not (SRC / f"mod_devupdate/lib/{stem}.c").exists():
            yield f"{stem}.c is gone, but named here"


# Waiting for a condition, with a limit, is written once for each language.
WAITERS = {"t/httpd/waiting.py"}


@rule("no test sleeps and hopes")
def rule_no_sleeping():
    for path in files("t/*/*.c"):
        for number, line in enumerate(code(path).splitlines(), 1):
            if re.search(r"\bu?sleep\s*\(|\bapr_sleep\s*\(", line):
                yield f"{show(path)}:{number}: {line.strip()}"
    for path in files("t/*/*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\btime\.sleep\(", line) and show(path) not in WAITERS and not show(path).startswith("t/lint/"):
                yield f"{show(path)}:{number}: {line.strip()}"
