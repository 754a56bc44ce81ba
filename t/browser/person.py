"""Somebody who uses the pages in one of the ways people do, and finds things by what they are and what they are called."""
import os
import pathlib
import re

from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import NARROW

WAYS = ("mouse", "keyboard", "no-script", "narrow", "japanese")
SELECTORS = {"link": "a[href]", "button": "button", "checkbox": "input[type=checkbox]", "textbox": "input, textarea",
             "searchbox": "input[type=search]", "combobox": "select"}


def catalogue(language):
    """What the pages say, by key."""
    text = pathlib.Path(os.environ["srcdir"], f"admin/texts/{language}.txt").read_text(encoding="utf-8")
    return dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line and line[0] != "#")


TEXTS = {language: catalogue(language) for language in ("en", "ja")}


class Person:
    """Signed in; `way` is one of WAYS. Texts are named by their keys in the catalogue."""

    def __init__(self, browser, way, user):
        self.browser, self.driver, self.way = browser, browser.driver, way
        self.texts = TEXTS["ja" if way == "japanese" else "en"]
        browser.sign_in(user).javascript(way != "no-script")
        if way == "narrow":
            browser.resize(NARROW)
        browser.open("index")
        if way == "japanese":
            browser.click("日本語")

    def words(self, key, **values):
        return re.sub(r"\{([\w.]+)(:\w+)?\}", lambda found: str(values[found[1]]), self.texts[key])

    def named(self, role, name):
        """The one thing on the page that is this and is called this, as soon as it is there; as a screen reader is told."""
        def shown():
            found = [element for element in self.browser.all(SELECTORS[role])
                     if element.is_displayed() and element.aria_role == role and element.accessible_name == name]
            assert len(found) < 2, f"{len(found)} times: {role} {name}"
            return found
        return self.browser.until(shown, f"{role} {name}")[0]

    def find(self, role, key, **values):
        return self.named(role, self.words(key, **values))

    def press(self, element):
        """A link, button or box."""
        if self.way == "keyboard":
            self.browser.tab_to(element).press(Keys.SPACE if element.aria_role == "checkbox" else Keys.ENTER)
        else:
            element.click()
        return self

    def use(self, role, key, **values):
        return self.press(self.find(role, key, **values))

    def write(self, element, text):
        """Into a field, or as the file that is chosen."""
        if self.way == "keyboard":
            self.browser.tab_to(element)
        element.send_keys(text)
        return self

    def fill(self, role, key, text):
        return self.write(self.find(role, key), text)

    def go(self, page):
        """By the navigation, once the page before is gone."""
        self.use("link", f"nav.{page}")
        self.browser.until(lambda: self.browser.url.partition("?")[0] == page, page)
        return self

    def reads(self, key, **values):
        """Waits until the page says that."""
        self.browser.reads(self.words(key, **values))
        return self

    def sees(self, selector):
        try:
            return self.driver.find_element(By.CSS_SELECTOR, selector).is_displayed()
        except NoSuchElementException:
            return False
