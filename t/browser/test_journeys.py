"""What people do with the pages, from beginning to end, as they do it."""
import json

import pytest
from selenium.webdriver.common.keys import Keys

from browser import NARROW
from pages import PagesClass

ACCOUNTS = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a'b\"c", "\u202ecba\u202d", "{{7*7}}", "</td></tr></table>"]
NAMES = ["&lt;script&gt;alert(1)", "a'b", "\u202ecba\u202d", "{{7+7}}", "=1+1", "x" * 64]   # test devices have no < > and quotes


def listed(site):
    return {row["name"]: row for row in json.loads(site.store.ctl("test-device", "list", "--json"))}


class TestRoles(PagesClass):
    def test_no_role_is_told_so(self, browser):
        browser.sign_in("stranger").open("index").reads("stranger has no role here")
        assert not browser.all("nav a") and not browser.all("main form")

    def test_a_role_is_given_and_taken(self, browser):
        """Works at once, and no more at once."""
        browser.sign_in("admin").open("roles")
        browser.find("input[name=account]").send_keys("stranger")
        browser.find("select[name=role] option[value=viewer]").click()
        browser.click("Next: look at the change …").reads("Afterwards")
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


class TestTestDevices(PagesClass):
    @pytest.mark.parametrize("how", ["script", "no-script", "narrow"])
    def test_come_and_go(self, browser, site, how):
        """Added, found in the list, removed after a look at the confirmation."""
        name = f"visitor {how}"
        site.store.ctl("test-device", "add", f"stays {how}", "--serial", f"STAYS-{how}")
        browser.sign_in("operator").javascript(how != "no-script")
        if how == "narrow":
            browser.resize(NARROW)
        browser.open("test_devices").find("input[name=name]").send_keys(name)
        browser.find("input[name=identifier]").send_keys("00-04-F2-00-00-99\n")
        browser.reads("The test device was added.")
        browser.find(f"input[value='global/{name}@00-04-F2-00-00-99']").click()
        browser.click("Remove the chosen ones …").reads("Remove these test devices?")
        assert name in browser.text and f"stays {how}" not in browser.text
        browser.click("Remove").reads("1 test devices were removed.")
        assert name not in listed(site) and f"stays {how}" in listed(site)

    def test_keyboard_only(self, browser, site):
        browser.sign_in("operator").open("test_devices")
        browser.tab_to("input[name=name]").press("by keyboard").tab_to("input[name=identifier]").press("00-04-F2-00-00-77", Keys.ENTER)
        browser.reads("The test device was added.")
        browser.tab_to("input[value='global/by keyboard@00-04-F2-00-00-77']").press(Keys.SPACE)
        browser.tab_to("button[name=confirm][value=remove]").press(Keys.ENTER).reads("Remove these test devices?")
        browser.tab_to("main button.danger").press(Keys.SPACE).reads("1 test devices were removed.")
        assert "by keyboard" not in listed(site)

    def test_japanese(self, browser, site):
        """Chosen once, kept on the pages that follow."""
        browser.sign_in("operator").open("index").click("日本語").reads("概要")
        browser.click("テスト デバイス").reads("テスト デバイスの追加")
        browser.find("input[name=name]").send_keys("東京の電話")
        browser.find("input[name=identifier]").send_keys("00-04-F2-00-00-88\n")
        browser.reads("テスト デバイスを追加しました。")
        assert "東京の電話" in listed(site)


class TestHostileNames(PagesClass):
    @classmethod
    def prepare_store(cls, store):
        super().prepare_store(store)
        for number, name in enumerate(NAMES):
            store.ctl("test-device", "add", name, "--serial", f"H-{number}")
        for account in ACCOUNTS:
            store.ctl("role", "set", account, "viewer")

    @pytest.mark.parametrize("page, shown", [("test_devices", NAMES), ("roles", ACCOUNTS), ("activity", ACCOUNTS)],
                             ids=["test_devices", "roles", "activity"])
    def test_are_only_text(self, browser, page, shown):
        """No script has run (which would be an alert), every row has as many cells as the head, each name has its row."""
        browser.sign_in("admin").open(page)
        table = browser.find("main table")
        cells, *rows = browser.driver.execute_script("return [...arguments[0].rows].map(row => row.cells.length)", table)
        assert len(rows) >= len(shown) and set(rows) == {cells}
        assert not browser.all("main script") and not browser.all("main img")
        assert [name for name in shown if "\u202e" not in name and name not in table.text] == []
        assert "\u202e" not in table.text   # it would turn around what stands behind it
