"""Fixtures of the tests in a browser: those of t/httpd, whose `site` has the admin pages, and `browser`."""
import shutil

import pytest

from browser import Browser, start
from fixtures import *  # noqa: F401,F403 pytest finds fixtures and hooks by name


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One for all tests; each gets windows of its own."""
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("chromium and chromedriver are not installed")
    driver = start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium, site):
    """A person at a browser, signed in to nothing yet."""
    with Browser(chromium, site) as person:
        yield person
