"""The pages of test devices, sites, settings, roles and activity with something on them, and a person who uses them."""
import json
import subprocess

import pytest

from browser import NARROW, axe
from pages import Pages, PagesClass, prepare

VIEWS = {"test_devices": "test_devices", "test_devices-scope": "test_devices?show=site:Berlin", "test_devices-remove": "test_devices?confirm=empty&show=site:Berlin", "sites": "sites",
         "sites-one": "sites?site=Berlin", "sites-remove": "sites?site=Berlin&confirm=remove", "settings": "settings?scope=site:Berlin",
         "settings-one": "settings?scope=site:Berlin&name=ValidLogFileTypes", "settings-new": "settings?scope=site:Lab&confirm=new",
         "roles": "roles", "roles-change": "roles?confirm=set&account=admin&role=viewer", "activity": "activity?verify=yes"}


class Places(PagesClass):
    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16", "2001:db8:1::/48", "--note", "new building")
        store.ctl("site", "add", "Lab", "10.2.0.0/24")
        store.ctl("test-device", "add", "desk of Kim", "--mac", "00-04-F2-AB-CD-EF")
        store.ctl("test-device", "add", "meeting room 7", "--serial", "07823-A345", "--scope", "site:Berlin")
        store.ctl("test-device", "add", "again", "--mac", "0004f2abcdef", "--scope", "site:Berlin")
        store.ctl("setting", "set", "MaxLogFileSize", "2048000")
        store.ctl("setting", "set", "LogCleanUpInterval", "30.", "--scope", "site:Berlin")
        prepare(store)
        store.ctl("role", "set", "kim", "operator", "--site", "Berlin")


class TestPlaces(Places):
    @pytest.mark.parametrize("view", VIEWS)
    @pytest.mark.parametrize("look", ["light", "dark", "narrow", "japanese"])
    def test_picture(self, browser, view, look):
        browser.sign_in("admin").media(dark=look == "dark")
        if look == "narrow":
            browser.resize(NARROW)
        target = VIEWS[view]
        browser.open(target + (("&" if "?" in target else "?") + "language=ja" if look == "japanese" else ""))
        wide = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, "the page is wider than the window"
        browser.picture(f"{view}-{look}")

    @pytest.mark.parametrize("view", VIEWS)
    def test_accessible(self, browser, view):
        if not axe():
            pytest.skip("axe-core comes from npm, which is not here")
        assert browser.sign_in("admin").open(VIEWS[view]).findings() == []

    @pytest.mark.parametrize("view", VIEWS)
    def test_html(self, site, view):
        answer = Pages(site).get(VIEWS[view])
        said = subprocess.run(["tidy", "-q", "-e", "--drop-empty-elements", "no"], input=answer.text.encode(), capture_output=True, check=False)
        assert [line for line in said.stderr.decode().splitlines() if "proprietary attribute" not in line] == []


class TestJourney(Places):
    @pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
    def test_a_test_device_comes_and_goes(self, browser, site, javascript):
        """Added with the keyboard, found in the list, removed after a look at the confirmation."""
        browser.sign_in("operator").javascript(javascript)
        browser.open("test_devices").find("input[name=name]").send_keys("visitor")
        browser.find("input[name=identifier]").send_keys("00-04-F2-00-00-99\n")
        browser.reads("The test device was added.")
        browser.find("input[value='global/visitor@00-04-F2-00-00-99']").click()
        browser.click("Remove the chosen ones …").reads("Remove these test devices?")
        assert "visitor" in browser.text and "desk of Kim" not in browser.text
        browser.click("Remove").reads("1 test devices were removed.")
        listed = json.loads(site.store.ctl("test-device", "list", "--json"))
        assert "visitor" not in [row["name"] for row in listed] and len(listed) == 3
