"""Path tricks on file URLs: not found, and nothing on disk is touched."""
import os
import time

import pytest

import strace
from phone import ROOTS, ROOTS_EXTERNAL
from store import APPROVED, AUDIT, CX600, IMAGES, image_path

ROOT = ROOTS[0]
GOOD = image_path(CX600, APPROVED)
UP = "../" * 12

TRICKS = [
    ("up inside", f"{ROOT}/UCPhone/../../DeviceUpdateRules/node1.ruleset"),
    ("up and back", f"{ROOT}/UCPhone/../canary"),
    ("encoded dots", f"{ROOT}/%2e%2e/DeviceUpdateRules/node1.ruleset"),
    ("encoded dots, mixed case", f"{ROOT}/.%2E/DeviceUpdateRules/node1.ruleset"),
    ("double encoded dots", f"{ROOT}/%252e%252e/DeviceUpdateRules/node1.ruleset"),
    ("encoded slash", f"{ROOT}/UCPhone%2f..%2f..%2fcanary"),
    ("encoded slashes in a good path", f"{ROOT}/{GOOD.replace('/', '%2F')}"),
    ("backslash", f"{ROOT}/UCPhone\\..\\..\\canary"),
    ("backslashes in a good path", f"{ROOT}/" + GOOD.replace("/", "\\")),
    ("encoded backslash", f"{ROOT}/..%5c..%5ccanary"),
    ("encoded backslashes in a good path", f"{ROOT}/" + GOOD.replace("/", "%5C")),
    ("overlong UTF-8", f"{ROOT}/%c0%ae%c0%ae/canary"),
    ("encoded NUL", f"{ROOT}/{GOOD}%00"),
    ("encoded NUL before an extension", f"{ROOT}/{GOOD.removesuffix('.nbt')}%00.nbt"),
    ("encoded line break", f"{ROOT}/{GOOD}%0d%0aX-Injected:%20yes"),
    ("trailing dot", f"{ROOT}/{GOOD}."),
    ("trailing space", f"{ROOT}/{GOOD}%20"),
    ("stream", f"{ROOT}/{GOOD}::$DATA"),
    ("semicolon", f"{ROOT}/{GOOD};x"),
    ("wildcard", f"{ROOT}/{CX600}/{APPROVED}/CPE/*"),
    ("tilde", f"{ROOT}/{CX600}/{APPROVED}/CPE/CPE~1.NBT"),
    ("device CON", f"{ROOT}/CON"),
    ("device NUL", f"{ROOT}/UCPhone/NUL"),
    ("device AUX", f"{ROOT}/{CX600}/{APPROVED}/CPE/AUX.nbt"),
    ("8,000 bytes", f"{ROOT}/" + "a" * 8000),
    ("4,000 directories", f"{ROOT}/" + "a/" * 4000),
    ("8,000 bytes of escapes", f"{ROOT}/" + "%41" * 2660),
    ("directory", f"{ROOT}/{CX600}"),
    ("directory of directories", f"{ROOT}/"),
    ("unnamed file", f"{ROOT}/canary"),
    ("unnamed file beside an image", f"{ROOT}/{CX600}/{APPROVED}/CPE/canary"),
    ("staging", f"{ROOT}/.staging/canary"),
    ("audit file", f"{ROOT}/../{AUDIT}/"),
    ("rule set", f"{ROOT}/DeviceUpdateRules/node1.ruleset"),
    ("file of the document root", f"{ROOT}/docroot-canary"),
    ("document root, older root", f"{ROOTS[1]}/docroot-canary"),
    ("above root", f"{ROOT}/{UP}etc/passwd"),
    ("above root, encoded", f"{ROOT}/{UP.replace('.', '%2e')}etc/passwd"),
    ("above root, mixed", f"{ROOT}/{UP.replace('../', '.%2e/')}etc/passwd"),
    ("slashes", f"{ROOT}//{GOOD}"),
    ("slashes everywhere", f"{ROOT}/{GOOD.replace('/', '//')}"),
    ("dot", f"{ROOT}/./{GOOD}"),
    ("there and back", f"{ROOT}/x/../{GOOD}"),
    ("escaped dot in a good path", f"{ROOT}/{GOOD.replace('.nbt', '%2Enbt')}"),
]


@pytest.fixture(scope="class")
def canaries(site):
    """Files that are there and that no rule names."""
    docroot = site.root / "htdocs" / ROOT.strip("/")
    older = site.root / "htdocs" / ROOTS[1].strip("/")
    images = site.store.files / IMAGES
    for path in (docroot / "docroot-canary", older / "docroot-canary", images / "canary", images / ".staging/canary",
                 site.store.files / "canary", site.store.image(CX600, APPROVED, "canary")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("canary")
    site.check()  # so that there is an audit file, too
    return site


class TestTricks:
    @pytest.mark.parametrize("target", [target for _, target in TRICKS], ids=[name for name, _ in TRICKS])
    def test_not_found(self, canaries, target):
        answer = canaries.get(target)
        assert answer.status == 404
        assert "X-Injected" not in answer.headers
        assert b"canary" not in answer.body.replace(target.encode(), b"")

    @pytest.mark.parametrize("target", [f"{ROOT}/{GOOD}\0", f"{ROOT}/\x01", f"{ROOT}/{GOOD} x", f"{ROOT}/a\tb"])
    def test_bytes_that_no_request_line_may_have(self, canaries, target):
        """httpd refuses them before it looks at the path."""
        assert canaries.get(target).status == 400

    def test_every_byte_as_an_escape(self, canaries):
        for byte in range(256):
            for target in (f"{ROOT}/{GOOD}%{byte:02x}", f"{ROOT}/%{byte:02x}{GOOD}"):
                assert canaries.get(target).status == 404, target

    @pytest.mark.parametrize("target", [f"/{ROOT}/{GOOD}", f"/x/..{ROOT}/{GOOD}", f"/./{ROOT[1:]}/{GOOD}"])
    def test_before_the_root_httpd_makes_it_plain(self, canaries, target):
        assert canaries.get(target).body == canaries.store.image(CX600, APPROVED).read_bytes()

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_outside_nothing_is_said_to_strangers(self, canaries, root):
        for path in (GOOD, "canary", "../canary"):
            assert canaries.get(f"{root}/{path}").status in (403, 404)

    def test_nothing_is_touched(self, canaries):
        with strace.of_children(canaries, "%file", "paths") as trace:
            for _, target in TRICKS:
                canaries.get(target)
            marker = canaries.get(f"{ROOT}/{GOOD}")
        assert marker.status == 200
        lines = [line for line in trace.lines() if "/" in line]
        images = [line for line in lines if IMAGES in line]
        assert images and all(f"{APPROVED}/CPE" in line or line_is_parent(line, canaries) for line in images)
        assert not [line for line in lines if "canary" in line or "passwd" in line]


def line_is_parent(line, site):
    """True if the path in a traced line is a directory on the way to the good image."""
    path = line.partition('"')[2].partition('"')[0].rstrip("/")
    return str(site.store.image(CX600, APPROVED)).startswith(os.path.normpath(path))


class TestDamagedStore:
    """A file that a rule names and that is not there any more."""

    def test_missing(self, site):
        path = site.store.image(CX600, APPROVED)
        path.unlink()
        site.ledger.declare("DU0301")
        start = time.time()
        for _ in range(20):
            assert site.get(f"{ROOT}/{GOOD}").status == 404
        minutes = int(time.time() // 60) - int(start // 60) + 1
        assert 1 <= site.ledger.count("DU0301") <= minutes, "it is said, but not for each phone"
