"""Test devices are offered the pending version, all other phones never; sites say where (administration.md 1.7)."""
import contextlib
import sqlite3

import pytest

from phone import CHECK, ROOTS, installed, request_xml
from store import APPROVED, CX600, PENDING, RESTORE, image_path
from waiting import until

CX500 = {"Model": "CX500"}  # has a pending version only

# One phone for each notation in which an administrator may write its address
LISTED = {"joined": "0004f2aa0001", "dashes": "00-04-F2-AA-00-02", "colons": "00:04:f2:Aa:00:03"}
SERIAL = "AB37_679e"


def spelled(mac, notation):
    """The same address as a phone may write it, in other letters than the administrator used."""
    digits = "".join(c for c in mac if c.isalnum()).swapcase()
    separator = {"joined": "", "dashes": "-", "colons": ":"}[notation]
    return separator.join(digits[i:i + 2] for i in range(0, len(digits), 2))


def body(mac=None, serial=None, **fields):
    return request_xml(MacAddress=mac, SerialNumber=serial, **fields)


class TestListed:
    """Phones listed for everywhere."""

    @staticmethod
    def prepare_store(store):
        for name, mac in LISTED.items():
            store.ctl("test-device", "add", name, "--mac", mac)
        store.ctl("test-device", "add", "serial", "--serial", SERIAL, "--scope", "global")

    @pytest.mark.parametrize("asked", LISTED)
    @pytest.mark.parametrize("listed", LISTED)
    def test_D1_three_notations(self, site, listed, asked):
        assert site.offered(body(spelled(LISTED[listed], asked))) == PENDING

    @pytest.mark.parametrize("serial", [SERIAL, SERIAL.upper(), SERIAL.lower()])
    def test_D2_a_serial_number(self, site, serial):
        assert site.offered(body(serial=serial)) == PENDING

    @pytest.mark.parametrize("mac, serial", [(LISTED["joined"], "other"), ("00-04-F2-00-01-76", SERIAL), ("nonsense", SERIAL),
                                             (LISTED["joined"], "a serial number that is none")])
    def test_one_of_both_will_do(self, site, mac, serial):
        assert site.offered(body(mac, serial)) == PENDING

    @pytest.mark.parametrize("mac, serial", [
        (None, None), ("", ""), ("00-04-F2-00-01-76", "07823-A345"), ("00-04-F2-AA-00-04", None),
        ("00-04-F2-AA-00", None), ("00-04-F2-AA-00-01-00", None), ("0004f2aa000", None), ("00.04.f2.aa.00.01", None),
        ("00-04:f2-aa:00-01", None), (SERIAL, None), (None, LISTED["joined"]), (None, LISTED["dashes"]),
        (None, "AB37-679e"), (None, "AB37_679"), (None, "AB37_679e1"), ("*", "*"), ("%", "%"), ("joined", "serial"),
    ])
    @pytest.mark.parametrize("key, version", [({}, APPROVED), (CX500, None)], ids=["approved", "never approved"])
    def test_A2_all_others_never(self, site, mac, serial, key, version):
        audit = site.audit()
        assert site.offered(body(mac, serial, **key)) == version
        assert audit.one()["Reason"] == ("approved" if version else "no-approved")

    @pytest.mark.parametrize("fields, version, reason", [
        ({}, PENDING, "pending"),
        (CX500, PENDING, "pending"),
        ({"modules": installed(APPROVED)}, PENDING, "pending"),
        ({"modules": installed("9.9.9999.9")}, PENDING, "pending"),
        ({"modules": installed(PENDING)}, None, "current"),
        ({"Vendor": "Aastra", "Model": "6725ip"}, APPROVED, "approved"),  # nothing pending
        ({"Model": "CX9999"}, None, "no-rule"),
        ({"Locale": None}, None, "incomplete"),
    ], ids=["restore version installed", "never approved", "approved one installed", "another installed", "pending one installed",
            "nothing pending", "unknown model", "no locale"])
    def test_A2_what_a_test_device_is_offered(self, site, fields, version, reason):
        audit = site.audit()
        assert site.offered(body(LISTED["dashes"], **fields)) == version
        record = audit.one()
        assert (record["Result"], record["Reason"]) == ("offered" if version else "none", reason)
        assert record["Mac Address"] == LISTED["dashes"]
        assert (version or "") in record["Response Modules"] and bool(version) == bool(record["Response Modules"])

    def test_from_the_command_line_to_the_file(self, site, tmp_path):
        server = f"http://127.0.0.1:{site.port}"
        site.store.ctl("phone", server + CHECK, "--type", "UCPhone", "--brand", "POLYCOM", "--model", "CX600", "--revision", "A",
                       "--locale", "ENU", "--version", RESTORE, "--mac", spelled(LISTED["colons"], "joined"),
                       "--base", server, "--download", tmp_path)
        (image,) = tmp_path.rglob("CPE.nbt")
        assert image.read_bytes() == site.store.image(CX600, PENDING).read_bytes()
        assert site.get(f"{ROOTS[0]}/{image_path(CX600, PENDING)}").status == 200


class TestSites:
    """The client's address says at which site a phone is; the longest prefix wins."""

    @staticmethod
    def prepare_store(store):
        for name, *subnets in (("Campus", "127.1.0.0/16", "127.0.1.0/24"), ("Lab", "127.1.7.0/24", "127.0.1.99"),
                               ("Desk", "127.1.7.9"), ("Six", "::/0")):
            store.ctl("site", "add", name, *subnets)
            store.ctl("test-device", "add", "phone", "--serial", f"{name}-1", "--scope", f"site:{name.upper()}")
        store.ctl("test-device", "add", "phone", "--serial", "Global-1")
        store.ctl("test-device", "add", "two", "--serial", "Two-1", "--scope", "site:Campus")
        store.ctl("test-device", "add", "two", "--serial", "two-1", "--scope", "site:Desk")

    @pytest.mark.parametrize("address, at", [
        ("127.1.0.1", "Campus"), ("127.1.255.254", "Campus"), ("127.0.1.5", "Campus"), ("127.1.6.255", "Campus"),
        ("127.1.8.0", "Campus"), ("127.1.7.1", "Lab"), ("127.1.7.254", "Lab"), ("127.0.1.99", "Lab"), ("127.1.7.9", "Desk"),
        ("127.2.0.1", "Six"), ("127.0.0.1", "Six"), ("127.0.2.5", "Six"),
    ])
    @pytest.mark.parametrize("scope", ["Campus", "Lab", "Desk", "Six", "Global"])
    def test_D4_test_devices_of_a_site(self, site, scope, address, at):
        audit = site.audit()
        is_test = scope in (at, "Global")
        assert site.offered(body(serial=f"{scope}-1"), address=address) == (PENDING if is_test else APPROVED)
        record = audit.one()
        assert record["Reason"] == ("pending" if is_test else "approved")
        assert record["User Host Address"] == address

    @pytest.mark.parametrize("address, version", [("127.1.0.1", PENDING), ("127.1.7.9", PENDING), ("127.1.7.1", APPROVED)])
    def test_listed_at_two_sites(self, site, address, version):
        assert site.offered(body(serial="TWO-1"), address=address) == version

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
    def test_no_header_says_where_a_phone_is(self, site, header):
        assert site.offered(body(serial="Campus-1"), address="127.2.0.1", headers={header: "127.1.0.1"}) == APPROVED
        assert site.offered(body(serial="Campus-1"), address="127.1.0.1", headers={header: "127.2.0.1"}) == PENDING


def in_every_child(site, serial, version, address="127.1.0.1"):
    return site.every_child(lambda: site.offered(body(serial=serial), address=address) == version)


def until_offered(site, serial, version):
    """The refresh interval is a second, and a child looks for a new rule set once a second."""
    until(lambda: in_every_child(site, serial, version), f"{serial} is offered {version}", limit=10)


class TestChanges:
    """What the command line changes is in force without a restart."""

    def test_D6_added_and_removed(self, site):
        children = site.httpd.children()
        assert site.offered(body(serial="d6")) == APPROVED
        site.store.ctl("test-device", "add", "d6", "--serial", "D6")
        until_offered(site, "d6", PENDING)
        assert site.offered(body(serial="d7")) == APPROVED
        site.store.ctl("test-device", "remove", "d6")
        until_offered(site, "d6", APPROVED)
        assert site.httpd.children() == children

    def test_D5_a_whole_site(self, site):
        store = site.store
        store.ctl("site", "add", "D5", "127.1.0.0/16")
        store.ctl("test-device", "add", "one", "--serial", "d5-1", "--scope", "site:D5")
        store.ctl("test-device", "add", "two", "--serial", "d5-2", "--scope", "site:D5")
        store.ctl("test-device", "add", "d5", "--serial", "d5-3")
        until_offered(site, "d5-3", PENDING)
        assert site.offered(body(serial="d5-1"), address="127.1.0.1") == PENDING
        store.ctl("test-device", "remove", "--all", "--scope", "site:D5")
        until_offered(site, "d5-1", APPROVED)
        until_offered(site, "d5-2", APPROVED)
        assert site.offered(body(serial="d5-3"), address="127.1.0.1") == PENDING

    def test_D5_the_global_scope(self, more_sites):
        site = more_sites("d5-global")
        store = site.store
        store.ctl("site", "add", "Here", "127.1.0.0/16")
        store.ctl("test-device", "add", "here", "--serial", "here", "--scope", "site:Here")
        store.ctl("test-device", "add", "one", "--serial", "one")
        store.ctl("test-device", "add", "two", "--serial", "two")
        site.start()
        assert site.offered(body(serial="one")) == site.offered(body(serial="two")) == PENDING
        store.ctl("test-device", "remove", "--all", "--scope", "global")
        until_offered(site, "one", APPROVED)
        until_offered(site, "two", APPROVED)
        assert site.offered(body(serial="here"), address="127.1.0.1") == PENDING
        store.ctl("test-device", "add", "one", "--serial", "one")
        until_offered(site, "one", PENDING)

    def test_a_removed_site(self, site):
        """Nobody is at it any more: its test devices are gone, and not test devices of everywhere."""
        site.store.ctl("site", "add", "Gone", "127.3.0.0/16")
        site.store.ctl("test-device", "add", "gone", "--serial", "gone", "--scope", "site:Gone")
        until(lambda: in_every_child(site, "gone", PENDING, "127.3.0.1"), "offered at the site", limit=10)
        site.store.ctl("site", "remove", "Gone")
        until(lambda: in_every_child(site, "gone", APPROVED, "127.3.0.1"), "removed", limit=10)
        assert site.offered(body(serial="gone"), address="127.1.0.1") == APPROVED

    def test_a_site_inside_another(self, site):
        """A more specific subnet takes its phones out of the larger site."""
        site.store.ctl("site", "add", "Outer", "127.4.0.0/16")
        site.store.ctl("test-device", "add", "outer", "--serial", "outer", "--scope", "site:Outer")
        until(lambda: in_every_child(site, "outer", PENDING, "127.4.5.1"), "offered", limit=10)
        site.store.ctl("site", "add", "Inner", "127.4.5.0/24")
        until(lambda: in_every_child(site, "outer", APPROVED, "127.4.5.1"), "at another site now", limit=10)
        assert site.offered(body(serial="outer"), address="127.4.6.1") == PENDING


class TestLifeCycle:
    """What becomes of a test device when the pending version is approved or withdrawn. A store of its own each."""

    @pytest.fixture
    def tested(self, own_site):
        own_site.store.ctl("test-device", "add", "test", "--serial", "test")
        own_site.start()
        assert site_offers(own_site) == (PENDING, APPROVED)
        return own_site

    def test_approved_it_is_everybodys(self, tested):
        tested.store.approve(CX600)
        until_offered(tested, "other", PENDING)
        audit = tested.audit()
        assert site_offers(tested) == (PENDING, PENDING)
        assert [record["Reason"] for record in audit.new()] == ["approved", "approved"]

    def test_A8_withdrawn_it_goes_back(self, tested):
        """Without the pending version, a test device that has installed it is offered the approved one."""
        on_pending = body(serial="test", modules=installed(PENDING))
        assert tested.offered(on_pending) is None
        with contextlib.closing(sqlite3.connect(tested.store.database)) as connection:
            connection.execute("UPDATE rule SET pending = '' WHERE model = 'CX600'")
            connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'generation'")
            connection.commit()
        until_offered(tested, "test", APPROVED)
        assert tested.offered(on_pending) == APPROVED
        assert tested.offered(body(serial="other", modules=installed(APPROVED))) is None

    def test_a_restart_without_the_store(self, tested):
        """The kept rule set knows test devices, too."""
        tested.httpd.stop()
        away = tested.store.database.parent
        away.rename(away.with_name("away"))
        tested.ledger.declare("DU0520", "DU0506", "DU0502")
        tested.httpd.start()
        assert site_offers(tested) == (PENDING, APPROVED)


def site_offers(site):
    """What the test device and another phone are offered."""
    return site.offered(body(serial="test")), site.offered(body(serial="other"))
