"""What phones are offered through the life of a rule (administration.md 1.4, seeds A), on both stores: the answer of a real
httpd after each command."""
import itertools
import os

import pytest

from pg_server import Server
from phone import ROOTS, installed, request_xml
from store import CX600, Store, image_path
from waiting import until

V1, V2, V3 = "4.0.1", "4.0.2", "4.0.3"
TEST_MAC = "00-04-F2-AA-00-01"


class PgsqlStore(Store):
    """Rows in PostgreSQL, files as ever."""

    def __init__(self, directory, spec):
        super().__init__(directory)
        self.parameters = spec

    @property
    def spec(self):
        return f"pgsql {self.parameters}"


@pytest.fixture(scope="module")
def databases():
    """Parameters of new databases; the server begins with the first."""
    servers, numbers = [], itertools.count(1)

    def make():
        if not servers:
            servers.append(Server())
            host = servers[0].parameters.split()[0].removeprefix("host=")
            os.chmod(host, 0o755)   # httpd's children have another account
        name = f"life{next(numbers)}"
        servers[0].psql(f"CREATE DATABASE {name}")
        return servers[0].to(name)

    yield make
    for server in servers:
        server.close()


class Life:
    """A site with one rule, and two phones: a test device and another."""

    def __init__(self, site):
        self.site = site

    def do(self, *command):
        self.site.store.ctl(*command)

    def bring(self, version):
        self.site.store.import_package(CX600, version=version)

    def body(self, version, mac):
        return request_xml(modules=installed(version), MacAddress=mac)

    def offers(self, running, ordinary, test):
        """Waits until phones that run `running` are offered these; None is nothing."""
        def as_wanted():
            return self.site.every_child(
                lambda: (self.site.offered(self.body(running, None)), self.site.offered(self.body(running, TEST_MAC)))
                == (ordinary, test))
        until(as_wanted, f"{running}: {ordinary} and {test}", limit=15)

    def is_served(self, version):
        return self.site.get(f"{ROOTS[0]}/{image_path(CX600, version)}").status == 200


@pytest.fixture(params=["sqlite3", "pgsql"])
def life(request, more_sites):
    site = more_sites(f"life-{request.param}", empty=True)
    if request.param == "pgsql":
        site.store = PgsqlStore(site.store.directory, request.getfixturevalue("databases")())
    site.store.init()
    site.start()
    made = Life(site)
    made.do("test-device", "add", "t", "--mac", TEST_MAC)
    return made


def approved(life, *versions):
    for version in versions:
        life.bring(version)
        life.do("rule", "approve", "1")


def test_A2_A3_pending_then_approved(life):
    life.bring(V1)
    life.offers("3.0", None, V1)
    life.do("rule", "approve", "1")
    life.offers("3.0", V1, V1)


def test_A4_A5_different_not_newer(life):
    approved(life, V1, V2)
    life.offers(V1, V2, V2)
    life.offers(V2, None, None)
    life.offers("9.9", V2, V2)
    assert life.is_served(V1), "the version to go back to"


def test_A6_A7_restore_and_once_more(life):
    approved(life, V1, V2)
    life.offers(V2, None, None)
    life.do("rule", "restore", "1")
    life.offers(V2, V1, V1)
    life.do("rule", "restore", "1")
    life.offers(V2, None, None)
    life.offers(V1, None, None)


def test_A8_reset(life):
    approved(life, V1)
    life.bring(V2)
    life.offers(V1, None, V2)
    life.do("rule", "reset", "1")
    life.offers(V2, V1, V1)
    life.offers(V1, None, None)


def test_restore_while_something_is_pending(life):
    approved(life, V1, V2)
    life.bring(V3)
    life.offers(V1, V2, V3)
    life.do("rule", "restore", "1")
    life.offers(V2, V1, V3)


def test_restore_to_any_stored_version(life):
    approved(life, V1, V2, V3)
    life.do("rule", "restore", "1", "--to", V1)
    life.offers(V3, V1, V1)
    until(lambda: life.is_served(V1), "its files, too")


def test_A11_A12_removed_and_cleared(life):
    approved(life, V1, V2, V3)
    life.bring("4.0.4")
    life.offers(V2, V3, "4.0.4")
    life.do("file", "clear")
    assert [life.is_served(version) for version in (V1, V2, V3, "4.0.4")] == [False, True, True, True]
    life.do("rule", "remove", "1")
    life.offers(V2, None, None)
    assert life.site.store.image(CX600, V3).exists() and not life.is_served(V3)
    life.do("file", "clear")
    assert not life.site.store.image(CX600, V3).exists()
