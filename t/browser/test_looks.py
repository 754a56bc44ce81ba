"""Every page as it looks: pictures to be looked at, accessibility, HTML, widths. The list of pages is the product's own."""
import os
import pathlib
import re
import subprocess

import pytest

from browser import NARROW, axe
from pages import Pages, PagesClass, prepare

LIST = pathlib.Path(os.environ["srcdir"], "admin/lib/dua_pages.h").read_text(encoding="utf-8")
PAGES = re.findall(r"^ +X\((\w+),", LIST, re.MULTILINE)
assert "index" in PAGES and len(PAGES) > 5, LIST

VIEWS = {**{page: page for page in PAGES},
         "settings": "settings?scope=site:Berlin", "activity": "activity?verify=yes",
         "test_devices-remove": "test_devices?confirm=empty&show=site:Berlin",
         "sites-one": "sites?site=Berlin", "sites-remove": "sites?site=Berlin&confirm=remove",
         "settings-one": "settings?scope=site:Berlin&name=ValidLogFileTypes", "settings-new": "settings?scope=site:Lab&confirm=new",
         "roles-account": "roles?account=kim", "roles-change": "roles?confirm=set&account=admin&role=viewer",
         "rules-one": "rules?id=1", "rules-approve": "rules?confirm=approve&id=1&id=2&id=3&brand=*", "rules-remove": "rules?confirm=remove&id=1",
         "failure": "sites?site=Nowhere", "no-role": "index"}
LOOKS = ["light", "dark", "narrow", "japanese", "paper"]


class TestLooks(PagesClass):
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

    @staticmethod
    def user(view):
        return "stranger" if view == "no-role" else "admin"

    @pytest.mark.parametrize("view", VIEWS)
    def test_there(self, site, view):
        """The page itself and not a failure, so that no picture of a failure passes for one of a page."""
        wanted = {"failure": 404, "no-role": 403}.get(view, 200)
        assert Pages(site, self.user(view)).get(VIEWS[view]).status == wanted

    @pytest.mark.parametrize("view", VIEWS)
    @pytest.mark.parametrize("look", LOOKS)
    def test_picture(self, browser, view, look):
        browser.sign_in(self.user(view)).media(dark=look == "dark", paper=look == "paper")
        if look == "narrow":
            browser.resize(NARROW)
        target = VIEWS[view]
        browser.open(target + (("&" if "?" in target else "?") + "language=ja" if look == "japanese" else ""))
        assert browser.find("main h1").text
        wide = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, "the page is wider than the window"
        browser.picture(f"{view}-{look}")

    @pytest.mark.parametrize("view", VIEWS)
    def test_accessible(self, browser, view):
        """In light and in dark, which only the colours distinguish."""
        if not axe():
            pytest.skip("axe-core comes from npm, which is not here")
        browser.sign_in(self.user(view)).open(VIEWS[view])
        assert browser.findings() == []
        browser.media(dark=True)
        assert browser.findings(["color-contrast"]) == []

    @pytest.mark.parametrize("view", VIEWS)
    def test_html(self, site, view):
        """tidy knows no role=status on p and nothing newer than HTML 5.0, so only its errors count, and warnings that are
        not about that."""
        answer = Pages(site, self.user(view)).get(VIEWS[view])
        said = subprocess.run(["tidy", "-q", "-e", "--drop-empty-elements", "no"], input=answer.text.encode(), capture_output=True, check=False)
        assert [line for line in said.stderr.decode().splitlines() if "proprietary attribute" not in line] == []
