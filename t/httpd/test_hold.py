"""A phone that takes the same version again and again is not offered it any more, until it is released (issue 6)."""
import json

from phone import ROOTS, installed, request_xml
from store import APPROVED, CX600, PENDING, image_path
from waiting import until

MAC, OTHER = "00-04-F2-00-01-76", "00-04-F2-00-01-77"
FILES = [f"{ROOTS[0]}/{image_path(CX600, APPROVED, name)}" for name in ("CPE.nbt", "CPE.cat")]


def asks(site, mac=MAC, serial="1"):
    """The version that the phone is offered; None if none."""
    return site.offered(request_xml(modules=installed("1.0"), MacAddress=mac, SerialNumber=serial))


def known(site, mac=MAC):
    return json.loads(site.store.ctl("device", "show", mac, "--json"))[0]


def takes(site, mac=MAC):
    """It asks, and fetches what it is offered, and that is read."""
    before = asks(site, mac)
    for file in FILES:
        assert site.get(file).status == 200
    site.store.ctl("ingest")
    return before


class TestLoop:
    def test_is_broken_and_released(self, own_site):
        site = own_site.start()
        site.store.ctl("setting", "set", "hold-after", "2")
        assert [takes(site) for _ in range(2)] == [APPROVED] * 2
        assert asks(site) == APPROVED
        until(lambda: site.store.ctl("ingest") is not None and known(site)["held_version"] == APPROVED, "it is held")
        assert known(site)["state"] == "stuck" and known(site)["failed_updates"] == 2
        until(lambda: asks(site) is None, "it is not offered that version any more")
        until(lambda: site.store.ctl("ingest") is not None and known(site)["reason"] == "held", "that is on record")
        assert asks(site, OTHER, "2") == APPROVED
        assert "1 phone would" in site.store.ctl("device", "release", "--all", "--dry-run")
        assert "1 phone will" in site.store.ctl("device", "release", MAC, "--note", "new battery")
        until(lambda: asks(site) == APPROVED, "it is offered that version again")

    def test_another_version_is_offered(self, own_site):
        site = own_site.start()
        asks(site)
        site.store.ctl("ingest")
        site.store.ctl("device", "hold", MAC, "--version", APPROVED)
        until(lambda: asks(site) is None, "it is held")
        site.store.ctl("rule", "approve", "--all")
        until(lambda: asks(site) == PENDING, "another version is offered")

    def test_test_device_is_held_by_all_only(self, own_site):
        site = own_site.start()
        asks(site)
        site.store.ctl("ingest")
        site.store.ctl("test-device", "add", "desk", "--mac", MAC)
        until(lambda: asks(site) == PENDING, "it tries the pending version")
        site.store.ctl("device", "hold", MAC, "--version", PENDING)
        site.store.ctl("device", "hold", MAC)
        until(lambda: asks(site) is None, "it is offered nothing at all")
