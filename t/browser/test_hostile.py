"""Names that should never have come in, in every field that any page shows: they are only text."""
import json
import subprocess
from urllib.parse import quote

import pytest

from imports import Imports
from pages import Pages, PagesClass, prepare
from phones import HOSTILE, NOW, SECOND, Phones
from views import PAGES

NAMES = (*HOSTILE, "<img src=x onerror=hostile=1>")
FIRST = 50   # id of the first in every table


def fill(store):
    """Each table has one row for each name, with it in every text that is not a key to something else."""
    phones = Phones(store)
    phones.filled()
    for number, name in enumerate(NAMES, start=FIRST):
        kind = {"device_key": f"hostile{number}", "type": name, "brand": name, "model": name, "revision": name, "locale": name}
        phones.insert("package", id=number, digest=f"{number:064}", filename=name, size=1, imported=NOW * SECOND, actor=name, note=name,
                      trust="unverified", signer=name)
        phones.insert("rule", id=number, **kind, update_type=name, pending=name[:900], approved=f"{name[:900]}2", restore=f"{name[:900]}3")
        phones.insert("image", id=number, rule_id=number, version=name[:900], package_id=number, trust="unverified", signer=name)
        phones.insert("image_file", image_id=number, position=0, name=name, size=1, digest="0" * 64, signature=name, signature_size=1,
                      signature_digest="0" * 64, timestamp=name)
        phones.insert("site", name_key=name, name=name)
        phones.insert("site_subnet", subnet=f"10.{number}.0.0/16", name_key=name)
        phones.insert("test_device", site_key=name, name_key=name, name=name, kind="serial", identifier=f"h{number}", shown=name)
        phones.insert("setting", scope=name, name="ValidLogFileTypes", value=name)
        phones.insert("role", name=name, role="viewer", site_key=name)
        phones.insert("activity", id=9_000_000 + number, time=NOW * SECOND, actor=name, node=name, action=name, object=f"rule {number}", before=name,
                      after=name, note=name, role=name)
        phones.insert("node", name=name, seen=1, generation=1, compiled=1, behind_since=1)
        phones.insert("traffic", hour=NOW * SECOND, node=name, checks=1, offers=1, refused=1, downloads=1, bytes=1, uploads=1)
        phones.insert("rollout", rule_id=number, hour=NOW * SECOND, version=f"{name[:900]}2", current=1, phones=2)
        phones.insert("stranger", **kind, checks=1, first_seen=1, last_seen=NOW * SECOND)
        device = phones.add(key=(name,) * 5, version=name, site=name, mac="", mac_reverse="", serial=name, address=name, user_name=name, version_before=name,
                            node=name, offered=name, taken=name, held=name, reason=name, result=name, state="unknown")
        phones.event(device, 1, node=name, address=name, version=name, offered=name, result=name, reason=name, file=name, kind=name)


def views(number, name):
    """Everything that shows one of them by itself."""
    site = quote(name, safe="")
    return [f"rules?id={number}", *(f"rules?confirm={action}&id={number}" for action in ("approve", "reset", "restore", "remove")),
            f"packages?id={number}", f"devices?id={number - FIRST + 1}", f"sites?site={site}", f"sites?site={site}&confirm=remove",
            f"settings?scope=site:{site}", f"settings?scope=site:{site}&name=ValidLogFileTypes", f"settings?scope=site:{site}&confirm=reset",
            f"roles?account={site}", f"roles?confirm=remove&account={site}", f"test_devices?show=site:{site}", f"activity?actor={site}",
            f"devices?model={site}", f"rules?q={site}"]


ALL = [*PAGES, "rules?confirm=approve&all=yes", "devices?kinds=unknown", "packages?view=files", "packages?view=clear", "activity?verify=yes",
       "test_devices?confirm=empty", "device_logs?confirm=old&days=1"]

LOOK = """
const visible = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
while (visible.nextNode()) texts.push(visible.currentNode.data);
const width = (row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
return {
  ran: typeof hostile !== "undefined",
  strange: [...document.querySelectorAll("body script, img, iframe, object, body style, b > i")].map((element) => element.outerHTML),
  handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some((one) => one.name.startsWith("on"))).length,
  broken: [...document.querySelectorAll("table")].filter((table) => new Set([...table.rows].map(width)).size > 1).map((table) => table.outerHTML),
  turned: texts.some((text) => text.includes("\\u202e")),
  wider: Math.max(0, document.documentElement.scrollWidth - window.innerWidth)};
"""
HARMLESS = {"ran": False, "strange": [], "handlers": 0, "broken": [], "turned": False, "wider": 0}


class TestHostileNames(PagesClass):
    prepare_store = staticmethod(prepare)

    @pytest.fixture(scope="class")
    def hostile(self, site):
        """Put behind the node's back: no import and no form would take them, and no rule set is compiled of them."""
        fill(site.store)
        imports = Imports(site)
        job = imports.begin(b"no cabinet", filename=NAMES[0].replace("/", "\\"), note=NAMES[-1])
        imports.ended(job)
        return f"packages?job={job}"

    def look(self, browser, site, targets):
        """A dialog would fail the next command, and what the policy of contents had to stop is a complaint in the console."""
        browser.sign_in("admin")
        for target in targets:
            assert Pages(site).get(target).status in (200, 400, 404, 413), target
            found = browser.open(target).driver.execute_script(LOOK)
            assert found == HARMLESS, target
            answer = Pages(site).get(target).text.encode()
            said = subprocess.run(["tidy", "-q", "-e", "--drop-empty-elements", "no"], input=answer, capture_output=True, check=False)
            assert [line for line in said.stderr.decode().splitlines() if "proprietary attribute" not in line] == [], target

    @pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
    def test_alone(self, browser, site, hostile, name):
        self.look(browser, site, views(FIRST + NAMES.index(name), name))

    def test_among_others(self, browser, site, hostile):
        self.look(browser, site, [*ALL, hostile])
        assert len(json.loads(Pages(site).ask("GET", "rules", headers={"Accept": "application/json"}).text)["rules"]) > len(NAMES)
