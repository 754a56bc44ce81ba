"""Every page as it looks: pictures to be looked at, accessibility, HTML, widths."""
import subprocess

import pytest

from browser import NARROW, axe
from pages import Pages, PagesClass

PAGES = ["activity", "index", "roles", "settings", "sites", "test_devices"]


class TestLooks(PagesClass):
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("look", ["light", "dark", "narrow", "japanese", "paper"])
    def test_picture(self, browser, page, look):
        browser.sign_in("admin").media(dark=look == "dark", paper=look == "paper")
        if look == "narrow":
            browser.resize(NARROW)
        browser.open(page + ("?language=ja" if look == "japanese" else ""))
        assert browser.find("main h1").text
        wide = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, "the page is wider than the window"
        browser.picture(f"{page}-{look}")

    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
    def test_accessible(self, browser, page, dark):
        if not axe():
            pytest.skip("axe-core comes from npm, which is not here")
        browser.sign_in("admin").media(dark=dark)
        assert browser.open(page).findings() == []

    @pytest.mark.parametrize("page", PAGES)
    def test_html(self, site, page):
        """tidy knows no role=status on p and nothing newer than HTML 5.0, so only its errors count, and warnings that are
        not about that."""
        answer = Pages(site).get(page)
        said = subprocess.run(["tidy", "-q", "-e", "--drop-empty-elements", "no"], input=answer.text.encode(), capture_output=True, check=False)
        assert [line for line in said.stderr.decode().splitlines() if "proprietary attribute" not in line] == []
