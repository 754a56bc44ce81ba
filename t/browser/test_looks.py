"""Every page as it looks: pictures to be looked at, accessibility, HTML, widths."""
import subprocess

import pytest

from browser import NARROW, WIDE, axe
from pages import Pages
from views import VIEWS, ViewsClass, user_of

LOOKS = {"light": (WIDE, {}), "dark": (WIDE, {"dark": True}), "paper": (WIDE, {"paper": True}), "narrow": (NARROW, {}), "japanese": (WIDE, {})}


class TestLooks(ViewsClass):
    @pytest.mark.parametrize("view", VIEWS)
    def test_there(self, site, jobs, view):
        """The page itself and not a failure, so that no picture of a failure passes for one of a page."""
        wanted = {"failure": 404, "no-role": 403}.get(view, 200)
        assert Pages(site, user_of(view)).get(VIEWS[view].format(**jobs)).status == wanted

    @pytest.mark.parametrize("view", VIEWS)
    def test_picture(self, browser, jobs, view):
        """One page is loaded once for all looks but the other language."""
        target = VIEWS[view].format(**jobs)
        browser.sign_in(user_of(view)).open(target)
        for look, (size, media) in LOOKS.items():
            if look == "japanese":
                browser.open(target + ("&" if "?" in target else "?") + "language=ja")
            browser.resize(size)
            browser.media(**media)
            assert browser.find("main h1").text
            wide = browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"the page is wider than the window: {look}"
            browser.picture(f"{view}-{look}")

    @pytest.mark.parametrize("view", VIEWS)
    def test_accessible(self, browser, jobs, view):
        """In light and in dark, which only the colours distinguish."""
        if not axe():
            pytest.skip("axe-core comes from npm, which is not here")
        browser.sign_in(user_of(view)).open(VIEWS[view].format(**jobs))
        assert browser.findings() == []
        browser.media(dark=True)
        assert browser.findings(["color-contrast"]) == []

    @pytest.mark.parametrize("view", VIEWS)
    def test_html(self, site, jobs, view):
        """tidy knows no role=status on p and nothing newer than HTML 5.0, so only its errors count, and warnings that are
        not about that."""
        answer = Pages(site, user_of(view)).get(VIEWS[view].format(**jobs))
        said = subprocess.run(["tidy", "-q", "-e", "--drop-empty-elements", "no"], input=answer.text.encode(), capture_output=True, check=False)
        assert [line for line in said.stderr.decode().splitlines() if "proprietary attribute" not in line] == []
