"""Changes reach phones without a restart, and a phone never waits for a database (house.md D1)."""
import os
import subprocess
import time

import pytest

from phone import ROOTS, Reply, request_xml
from store import APPROVED, CX600, NODE, PENDING, PENDING_ONLY, Store, image_path
from waiting import until

IMAGE = f"{ROOTS[0]}/{image_path(CX600, APPROVED)}"
CX500 = request_xml(Model="CX500")

SQLITE = ("sqlite3", "-cmd", ".timeout 20000")   # the node writes, too


def is_offered(site, version, body=None):
    """True if every child offers that version; None is nothing."""
    return site.every_child(lambda: site.offered(body) == version)


def is_ready(site):
    return site.every_child(lambda: site.check().status == 200)


def take_away(store):
    """Makes the database vanish as a dead disk would: every open() of it fails from now on."""
    store.database.parent.rename(store.database.parent.with_name("away"))


def bring_back(store):
    store.database.parent.with_name("away").rename(store.database.parent)


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    elif how == "truncated":
        del content[len(content) // 2:]
    elif how == "empty":
        content.clear()
    elif how == "foreign":
        content = bytearray(b"x" * 10000)
    staged = path.with_name("damage.tmp")
    staged.write_bytes(content)
    staged.rename(path)


class TestApproval:
    def test_in_force_in_every_child_without_a_restart(self, site):
        children = site.httpd.children()
        assert site.offered() == APPROVED and site.offered(CX500) is None
        site.store.approve()
        until(lambda: is_offered(site, PENDING, CX500), "offered by every child", limit=10)
        until(lambda: is_offered(site, PENDING), "and for the other rule", limit=10)
        assert site.httpd.children() == children

    def test_an_import_alone_changes_no_offer_but_serves_the_files(self, site):
        before = site.offered()
        site.store.import_package(CX600, version="5.0.0.1")
        url = f"{ROOTS[0]}/{image_path(CX600, '5.0.0.1')}"
        until(lambda: site.get(url).status == 200, "the pending image is served", limit=10)
        assert site.offered() == before

    def test_no_check_fails_meanwhile(self, site):
        """Twenty changes under load."""
        answers = []
        for number in range(20):
            site.store.import_package(CX600, version=f"6.0.0.{number}", size=1000)
            site.store.approve(CX600)
            answers += [site.offered() for _ in range(20)]
        assert None not in answers
        until(lambda: site.offered() == "6.0.0.19", "the last one is in force", limit=10)


class TestKeptFile:
    @pytest.mark.parametrize("how", ["flipped", "truncated", "empty", "foreign"])
    def test_damaged_while_running_it_is_ignored_and_healed(self, site, ledger, how):
        ledger.declare("DU0512")
        until(lambda: is_ready(site), "ready")
        damage(site.store.kept, how)
        damaged = site.store.kept.read_bytes()

        def healed():
            assert is_offered(site, APPROVED), "phones notice nothing"
            return site.store.kept.read_bytes() != damaged

        until(healed, "the file is written anew", limit=15)
        assert is_offered(site, APPROVED)

    def test_damaged_before_a_start(self, own_site):
        own_site.start()
        own_site.httpd.stop()
        damage(own_site.store.kept, "flipped")
        own_site.ledger.declare("DU0512")
        own_site.httpd.start()
        assert own_site.offered() == APPROVED

    def test_removed_it_comes_back(self, site, ledger):
        ledger.declare("DU0515")
        until(lambda: is_ready(site), "ready")
        site.store.kept.unlink()
        assert site.offered() == APPROVED
        until(site.store.kept.exists, "the file is written anew", limit=15)
        assert site.offered() == APPROVED

    def test_nothing_temporary_stays(self, site):
        site.store.approve(PENDING_ONLY)
        until(lambda: site.offered(CX500) == PENDING, "offered", limit=10)
        assert set(os.listdir(site.store.kept.parent)) - {f"{NODE}.cleaned"} == {site.store.kept.name}


class TestWithoutDatabase:
    def test_checks_and_downloads_go_on_and_the_log_says_so_once(self, own_site):
        site = own_site.start()
        take_away(site.store)
        until(lambda: site.ledger.count("DU0502"), "the log says so", limit=15)
        end = time.monotonic() + 5   # five turns of the watchdog
        while time.monotonic() < end:
            assert site.offered() == APPROVED
            assert site.get(IMAGE).status == 200
        assert [entry.id for entry in site.ledger.read() if entry.level == "warn"] == ["DU0520", "DU0502"], \
            "why, and what follows, once"
        site.ledger.declare("DU0520", "DU0502", "DU0506")

        site.httpd.stop()
        site.httpd.start()
        assert site.offered() == APPROVED, "after a restart, too"
        assert site.get(IMAGE).status == 200

        bring_back(site.store)
        site.store.approve()
        until(lambda: site.offered(CX500) == PENDING, "the store is back", limit=15)

    def test_a_store_of_an_older_version_is_said_once_with_what_to_do(self, own_site):
        """Until it is migrated phones get what the kept rule set says, after a restart, too."""
        site = own_site.start()
        counter = "UPDATE counter SET value = %d WHERE name = 'schema'"
        subprocess.run([*SQLITE, str(site.store.database), counter % 1], check=True)
        site.ledger.declare("DU0531", "DU0506")
        site.httpd.stop()
        site.httpd.start()
        until(lambda: site.ledger.count("DU0506"), "the log says so", limit=15)
        end = time.monotonic() + 4   # four turns of the watchdog
        while time.monotonic() < end:
            assert site.offered() == APPROVED
            assert site.get(IMAGE).status == 200
        assert (site.ledger.count("DU0506"), site.ledger.count("DU0531"), site.ledger.count("DU0502")) == (1, 1, 0)
        assert "devupdatectl store migrate" in site.httpd.log()
        subprocess.run([*SQLITE, str(site.store.database), counter % 3], check=True)
        site.store.approve()
        until(lambda: site.offered(CX500) == PENDING, "the store can be used again", limit=15)

    def test_a_locked_database_delays_nobody(self, own_site):
        site = own_site.start()
        holder = subprocess.Popen([*SQLITE, str(site.store.database)], stdin=subprocess.PIPE, text=True)
        try:
            holder.stdin.write("BEGIN EXCLUSIVE; SELECT 1;\n")
            holder.stdin.flush()
            end = time.monotonic() + 4
            while time.monotonic() < end:
                start = time.monotonic()
                assert site.offered() == APPROVED
                assert time.monotonic() - start < 2
        finally:
            holder.stdin.close()
            holder.wait()

    def test_a_foreign_database(self, own_site):
        own_site.start()
        own_site.httpd.stop()
        own_site.store.database.unlink()
        subprocess.run([*SQLITE, str(own_site.store.database), "CREATE TABLE other (x)"], check=True)
        own_site.httpd.start()
        assert own_site.offered() == APPROVED, "from the kept file"
        own_site.ledger.declare("DU0530", "DU0506", "DU0502")
        assert own_site.ledger.count("DU0530")


class TestNotReady:
    """Nothing to answer from: no store, no kept file."""

    @pytest.fixture
    def bare(self, more_sites):
        return more_sites("bare", empty=True).start()

    def test_503_and_then_ready_without_a_restart(self, bare):
        bare.ledger.declare("DU0520", "DU0506", "DU0502", "DU0515")
        assert bare.ledger.count("DU0506") == 1
        audit = bare.audit()
        answer = bare.check()
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        record = audit.one()
        assert (record["Result"], record["Reason"]) == ("refused", "not-ready")
        assert bare.get(IMAGE).status in (404, 503)

        bare.store.template()
        until(lambda: is_ready(bare), "ready", limit=15)
        until(lambda: is_offered(bare, APPROVED), "and offers", limit=15)
        assert bare.get(IMAGE).body == bare.store.image(CX600, APPROVED).read_bytes()


class TestEmptyStore:
    """A new store is ready: it just has nothing to offer."""

    def test_nothing_is_offered(self, more_sites):
        site = more_sites("empty", empty=True)
        site.store.init()
        site.start()
        assert Reply(site.check()).count == 0
        assert site.get(IMAGE).status == 404


class TestTwoNodes:
    """Two servers, one store: both notice."""

    def test_both_notice(self, more_sites):
        first = more_sites("first-node").start()
        second = more_sites("second-node", empty=True)
        second.store = Store(first.store.directory)
        second.start(directives={"DevUpdateNode": "node2"})
        first.store.approve()
        for site in (first, second):
            until(lambda s=site: s.offered(CX500) == PENDING, "offered", limit=10)
        kept = sorted(path.name for path in first.store.kept.parent.glob("*.ruleset*"))
        assert kept == ["node1.ruleset", "node2.ruleset"]
