"""Phones that ask a real httpd are in the inventory a moment later; the store may be away, and processes may die."""
import contextlib
import os
import signal
import sqlite3

from phone import ROOTS, installed, request_xml
from server import children_of, name_of, runs
from store import APPROVED, CX600, image_path
from test_refresh import bring_back, take_away
from waiting import until

READER = "devupdate-read"
IMAGE = f"{ROOTS[0]}/{image_path(CX600, APPROVED)}"
MAC = "00-04-F2-00-01-76"


def phones(site):
    """What the inventory has: state, version, checks, version fetched."""
    query = ("SELECT c.state, c.version, d.checks, d.taken FROM device d JOIN device_name n ON n.device_id = d.id "
             "JOIN device_count c ON c.id = d.count_id WHERE n.mac = ?")
    with contextlib.closing(sqlite3.connect(f"file:{site.store.database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, (MAC,)).fetchone()


def checks(site):
    phone = phones(site)
    return phone[2] if phone else 0


def ask(site, version="1.0"):
    assert site.check(request_xml(modules=installed(version), MACAddress=MAC)).status == 200


def reader(site):
    """Process id of the one that reads records; None while there is none."""
    keeper = site.httpd.keeper()
    return next((pid for pid in children_of(keeper) if name_of(pid) == READER), None) if keeper else None


class TestInventory:
    def test_life_of_a_phone(self, own_site):
        site = own_site.start()
        ask(site)
        until(lambda: phones(site) == ("offered", "1.0", 1, ""), "it is known, and what it was offered")
        assert site.get(IMAGE).status == 200
        until(lambda: phones(site)[3] == APPROVED, "it is known to have fetched it")
        ask(site, APPROVED)
        until(lambda: phones(site) == ("updated", APPROVED, 2, APPROVED), "and to run it")

    def test_reader_that_is_killed_is_replaced(self, site):
        first, before = until(lambda: reader(site), "a reader"), checks(site)
        os.kill(first, signal.SIGKILL)
        ask(site)
        until(lambda: reader(site) not in (None, first), "a new reader")
        until(lambda: checks(site) == before + 1, "the record is read")

    def test_reader_ends_with_the_keeper(self, site):
        first = until(lambda: reader(site), "a reader")
        site.ledger.declare("AH00052", "DU0516")
        os.kill(site.httpd.keeper(), signal.SIGKILL)
        until(lambda: not runs(first), "its end")
        until(lambda: reader(site) not in (None, first), "another one")

    def test_store_that_is_away_catches_up(self, site):
        until(lambda: reader(site), "a reader")
        before = checks(site)
        take_away(site.store)
        site.ledger.declare("DU0502", "DU0520", "DU0521", "DU0522")
        for _ in range(3):
            ask(site)
        until(lambda: "DU0943" in site.httpd.log(), "it is said that records wait")
        bring_back(site.store)
        until(lambda: checks(site) == before + 3, "all three are read")
        until(lambda: "DU0944" in site.httpd.log(), "it is said that they are read again")
        assert site.httpd.log().count("DU0943") == 1
