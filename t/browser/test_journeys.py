"""What people do with the pages, from beginning to end, in each of the ways they do it."""
import json

import pytest

from imports import Imports, another_import, package, trust_vendor
from pages import PagesClass, without_store
from person import WAYS, Person
from phone import ROOTS, installed, request_xml
from store import APPROVED, CX600, PENDING, RESTORE, image_path
from waiting import until

NEXT = "4.0.7577.5000"


def listed(site):
    return {row["name"]: row for row in json.loads(site.store.ctl("test-device", "list", "--json"))}


class Phone:
    """One of a model that no other test has; its rule has all three versions."""

    def __init__(self, site, model, runs=APPROVED):
        self.site, self.model, self.serial, self.runs = site, model, f"S-{model}", runs
        self.key = f"UCPhone/POLYCOM/{model}/A/ENU"

    def with_rule(self):
        store = self.site.store
        for version in (RESTORE, APPROVED, PENDING):
            store.import_package(self.key, version=version)
            if version != PENDING:
                store.approve(self.key)
        return self

    def asks(self, serial=None):
        """What it is offered, or another phone of its model."""
        return self.site.offered(request_xml(modules=installed(self.runs), MacAddress=None, SerialNumber=serial or self.serial, Model=self.model))

    def is_offered(self, version):
        until(lambda: self.asks() == version, f"{self.model} is offered {version}")

    def downloads(self, version):
        """Every byte of it."""
        path = image_path(self.key, version)
        answer = self.site.get(f"{ROOTS[0]}/{path}")
        assert answer.status == 200 and answer.body == self.site.store.image(self.key, version).read_bytes()


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


class TestRules(PagesClass):
    @pytest.mark.parametrize("action, done, before, after", [
        ("approve", "approved", None, PENDING), ("reset", "reset", PENDING, None), ("restore", "restored", None, RESTORE)],
        ids=["approve", "cancel", "restore"])
    def test_phone_gets_what_was_confirmed(self, browser, site, way, action, done, before, after):
        """Chosen in the list, looked at, confirmed; then the next check of a phone is answered by it. Whose pending version is
        cancelled is a test device."""
        phone = Phone(site, f"{action}-{way}").with_rule()
        if before == PENDING:
            site.store.ctl("test-device", "add", phone.model, "--serial", phone.serial)
        phone.is_offered(before)
        (rule,) = [rule for rule in site.store.rules() if rule["model"] == phone.model]
        person = Person(browser, way, "operator" if action == "reset" else "admin").go("rules")
        person.fill("searchbox", "rules.search", phone.model).use("button", "rules.filter").reads("rules.caption", count=1, total=len(site.store.rules()))
        person.use("checkbox", "rules.choose", id=rule["id"]).use("button", f"rules.do.{action}").reads(f"rules.title.{action}")
        assert phone.key in browser.text and phone.asks() == before
        person.fill("textbox", "frame.note", f"by {way}").use("button", f"rules.do.{action}").reads(f"done.rules.{done}", count=1)
        phone.is_offered(after)
        if after:
            phone.downloads(after)
        (row,) = json.loads(site.store.ctl("activity", "list", "--json", "--action", action, "--limit", "1"))
        assert (row["object"], row["note"]) == (f"rule {rule['id']}", f"by {way}")


class TestHold(PagesClass):
    def test_one_phone_is_held_and_released(self, browser, site, way):
        phone = Phone(site, f"hold-{way}", runs=RESTORE).with_rule()
        phone.is_offered(APPROVED)
        site.store.ctl("ingest")
        person = Person(browser, way, "helpdesk").go("devices")
        person.fill("searchbox", "devices.search", phone.serial).use("button", "devices.filter")
        person.use("link", "devices.no_mac").reads("devices.hold_hint").use("button", "devices.hold_button").reads("done.devices.held")
        phone.is_offered(None)
        assert phone.asks("another") == APPROVED
        person.use("button", "devices.release_button").reads("done.devices.released")
        phone.is_offered(APPROVED)


class TestImport(PagesClass):
    @classmethod
    def prepare_store(cls, store):
        super().prepare_store(store)
        trust_vendor(store)

    def test_package_comes_in(self, browser, site, way):
        """Whoever waits sees what it does, also after a reload, and what came of it without one."""
        version = f"{NEXT}{WAYS.index(way)}"
        package(site.store, CX600, version=version, name=f"{way}.cab")
        person = Person(browser, way, "operator").go("packages")
        with another_import(site.store):
            person.fill("textbox", "packages.note", f"by {way}").write(browser.find("input[type=file]"), str(site.root / "made" / f"{way}.cab"))
            person.use("button", "packages.import").reads("packages.doing.wait")
            assert f"{way}.cab" in browser.text and person.sees("ol.steps .now") and person.sees("ol.steps .open")
            browser.driver.refresh()
            person.reads("packages.doing.wait")
        person.reads("packages.to_package")
        assert len(browser.all("ol.steps .done")) == len(browser.all("ol.steps li")) > 4
        assert version in browser.text
        person.use("link", "packages.to_package").reads("packages.inside")
        assert f"by {way}" in browser.text and "Vendor Firmware" in browser.text
        assert version in [rule["pending_version"] for rule in site.store.rules()]

    def test_refused_package(self, browser, site, way):
        file = site.root / f"{way}.cab"
        file.write_bytes(b"no cabinet")
        generation = site.store.generation()
        person = Person(browser, way, "operator").go("packages").write(browser.find("input[type=file]"), str(file))
        person.use("button", "packages.import").reads("packages.state.stopped")
        assert person.words("packages.end.failed") in browser.text and browser.find("main .failure").text
        assert site.store.generation() == generation

    def test_waiting_page_waits_on(self, browser, site):
        """What has been looked at stays while the store is away for a moment, and so do its marks and what was chosen."""
        site.store.import_package(CX600, version="4.0.7577.6000")
        package(site.store, CX600, version="4.0.7577.6001", name="away.cab")
        site.ledger.declare("DU0502")   # the node looks for the store, too
        person = Person(browser, "mouse", "operator").go("packages")
        with another_import(site.store):
            person.write(browser.find("input[type=file]"), str(site.root / "made" / "away.cab"))
            person.use("button", "packages.import").reads("packages.doing.wait")
            browser.driver.execute_script("window.mark = 1")
            asked = "return performance.getEntriesByType('resource').filter(e => e.initiatorType === 'fetch').length"
            with without_store(site):
                before = browser.driver.execute_script(asked)
                browser.until(lambda: browser.driver.execute_script(asked) > before + 1, "it asks again")
                assert person.words("packages.doing.wait") in browser.text
            assert browser.driver.execute_script("return window.mark") == 1
        person.reads("packages.to_package")

    def test_slow_upload_is_seen_and_stopped(self, browser, site):
        """Half a megabyte at a tenth of that a second."""
        file = site.root / "slow.cab"
        file.write_bytes(b"x" * 500_000)
        before = Imports(site).directories()
        person = Person(browser, "mouse", "operator").go("packages").write(browser.find("input[type=file]"), str(file))
        with browser.slow(upload=50_000):
            person.use("button", "packages.import")
            value = "return document.querySelector('[data-progress] progress').value"
            browser.until(lambda: 0 < browser.driver.execute_script(value) < 100, "progress")
            assert person.sees("[data-progress] progress") and browser.find("[data-progress] [role=status]").text.endswith("%")
            person.use("button", "packages.stop_upload")
            browser.until(lambda: not person.sees("[data-progress]"), "it is stopped")
        assert browser.url.startswith("packages") and "job=" not in browser.url
        site.ledger.declare("AH01270")   # httpd's own words for a client that went away
        until(lambda: site.ledger.count("AH01270"), "httpd has seen that")
        Imports(site).nothing_left()
        assert Imports(site).directories() == before


class TestRoles(PagesClass):
    def test_no_role_is_told_so(self, browser):
        browser.sign_in("stranger").open("index").reads("stranger has no role here")
        assert not browser.all("nav a") and not browser.all("main form")

    def test_a_role_is_given_and_taken(self, browser):
        """Works at once, and no more at once."""
        browser.sign_in("admin").open("roles")
        browser.find("input[name=account]").send_keys("stranger")
        browser.find("select[name=role] option[value=viewer]").click()
        browser.click("Give the role …").reads("Afterwards")
        browser.click("Give this role").reads("The role was given.")
        browser.sign_in("stranger").open("test_devices").reads("There are no test devices here.")
        assert not browser.all("form[method=post]")
        browser.sign_in("admin").open("roles?account=stranger")
        browser.click("Take the role away …").reads("Leave it as it is").click("Take the role away").reads("The role was taken away.")
        browser.sign_in("stranger").open("test_devices").reads("stranger has no role here")

    def test_the_slower_of_two_is_told(self, browser, site):
        site.store.ctl("role", "set", "kim", "viewer")
        browser.sign_in("admin").open("roles?confirm=set&account=kim&role=operator")
        site.store.ctl("role", "set", "kim", "helpdesk")
        browser.click("Give this role")
        browser.until(lambda: browser.all("main .failure"), "the slower one is told")
        (kim,) = [row for row in json.loads(site.store.ctl("role", "list", "--json")) if row["account"] == "kim"]
        assert kim["role"] == "helpdesk"


class TestStoreAway(PagesClass):
    @pytest.mark.parametrize("way", ["mouse", "no-script"])
    def test_page_comes_back(self, browser, site, way):
        """By itself, and without a script, too: nobody has to press anything."""
        person = Person(browser, way, "viewer")
        site.ledger.declare("DU0502")   # the node looks for it, too
        with without_store(site):
            browser.open("sites").reads(person.words("frame.refreshing"))
            assert not browser.all("main table")
        person.reads("sites.none")


class TestTestDevices(PagesClass):
    def test_come_and_go(self, browser, site, way):
        """Added, found in the list, removed after a look at the confirmation."""
        name, other = f"visitor {way} 電話", f"stays {way}"
        site.store.ctl("test-device", "add", other, "--serial", f"STAYS-{way}")
        person = Person(browser, way, "operator").go("test_devices")
        person.fill("textbox", "test_devices.name", name).fill("textbox", "test_devices.identifier", "00-04-F2-00-00-99")
        person.use("button", "test_devices.add_button").reads("done.test_devices.added")
        assert name in listed(site)
        person.press(person.named("checkbox", name)).use("button", "test_devices.remove").reads("test_devices.effect")
        assert name in browser.text and other not in browser.text
        person.use("button", "test_devices.remove_button").reads("done.test_devices.removed", count=1)
        assert name not in listed(site) and other in listed(site)
