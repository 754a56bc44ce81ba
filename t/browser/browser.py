"""A person at a browser: Debian's chromium, without a window, driven through WebDriver."""
import base64
import contextlib
import os
import pathlib
import subprocess

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 20  # seconds
WIDE, NARROW = (1300, 900), (390, 800)
PICTURES = pathlib.Path(os.environ["builddir"]) / "screenshots"
TOOLS = pathlib.Path(os.environ["builddir"]) / "node_modules"
AXE = TOOLS / "axe-core/axe.min.js"
GONE = "does not belong to the document"   # chromedriver's words when the page changes while it reads it, besides its own exception


def start(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def axe():
    """The source of axe-core, which npm has and Debian has not; None if it cannot be had."""
    if not AXE.exists():
        try:
            subprocess.run(["npm", "install", "--prefix", TOOLS.parent, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
                            "axe-core@4"], check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError):
            return None
    return AXE.read_text(encoding="utf-8")


class Browser:
    """The pages of a site."""

    def __init__(self, driver, site):
        self.driver, self.site = driver, site

    def __enter__(self):
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.media()
        self.resize(WIDE)
        self.driver.get_log("browser")
        return self

    def __exit__(self, *_):
        """A fresh window, so that nothing of this person is left; what the page complained about is an error of the test."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser") if "Failed to load resource" not in entry["message"]]
        self.javascript(True)
        self.driver.get("about:blank")
        assert not complaints, complaints

    def sign_in(self, user, password="secret"):
        """As the browser's own window for Basic does."""
        word = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Authorization": f"Basic {word}"}})
        return self

    def javascript(self, is_on):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not is_on})

    def media(self, dark=False, paper=False):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": "print" if paper else "", "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def resize(self, size):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    @contextlib.contextmanager
    def slow(self, upload):
        """As long as it holds, no more than so many bytes a second are sent."""
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
                "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})

    def open(self, target):
        """A page by its name and query; answers the browser, so that calls can follow each other."""
        self.driver.get(f"http://127.0.0.1:{self.site.port}/devupdate/{target}")
        return self

    @property
    def url(self):
        """What stands behind /devupdate/ in the address."""
        return self.driver.current_url.partition("/devupdate/")[2]

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, words):
        """A link or button by what is written on it, as soon as it is there."""
        path = f"//a[normalize-space()={words!r}] | //button[normalize-space()={words!r}]"
        self.until(lambda: self.driver.find_elements(By.XPATH, path), words)[0].click()
        return self

    def until(self, holds, what):
        """Waits, also through the change from one page to the next."""
        def holds_now(_):
            try:
                return holds()
            except StaleElementReferenceException:
                return False
            except WebDriverException as error:
                if GONE in error.msg:
                    return False
                raise
        return WebDriverWait(self.driver, PATIENCE, 0.1).until(holds_now, f"never: {what}\n{self.driver.current_url}")

    def reads(self, words):
        """Waits until the page says that."""
        self.until(lambda: words in self.text, words)
        return self

    def picture(self, name):
        """Keeps what is seen, the whole length of the page."""
        PICTURES.mkdir(exist_ok=True)
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.execute_script("return window.innerWidth")
        self.resize((width, max(height, 300)))
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def findings(self, rules=()):
        """What axe-core holds against the page, without what is minor; by these of its rules, or by all."""
        options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        self.driver.execute_script(axe())
        result = self.driver.execute_async_script(
            "const [options, done] = arguments; axe.run(options).then(done)", options)
        return [(item["id"], item["impact"], [node["html"] for node in item["nodes"]][:5]) for item in result["violations"]
                if item["impact"] not in ("minor", None)]

    def press(self, *keys):
        """Keys, at whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()
        return self

    def tab_to(self, element):
        """Goes there with Tab alone; everything on the way has a visible focus."""
        for _ in range(200):
            self.press(Keys.TAB)
            focus = self.driver.execute_script("""const e = document.activeElement, s = getComputedStyle(e);
                return [e === arguments[0], e === document.body || s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0,
                        e.outerHTML]""", element)
            assert focus[1], f"the focus cannot be seen: {focus[2]}"
            if focus[0]:
                return self
        raise AssertionError(f"Tab never comes to {element.get_attribute('outerHTML')}")
