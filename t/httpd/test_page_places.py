"""What the pages of test devices, sites, settings, roles and activity have in common: PostgreSQL, a store that is away, a full one."""
import pytest

import pages as frame
import pgsql
from pages import Pages, PagesClass, without_store
from sites import finish

NAMES = ("test_devices", "sites", "settings", "roles", "activity")


class TestPostgresql(PagesClass):
    """The main paths on the other database."""

    @pytest.fixture(scope="class")
    def server(self):
        made = pgsql.start()
        yield made
        made.close()

    @pytest.fixture(scope="class")
    def site(self, new_site, server):
        made = new_site("PlacesOnPostgresql", empty=True)
        made.store = pgsql.new_store(made.store.directory, server, "places").init()
        frame.prepare(made.store)
        made.start(config=self.config, modules=self.modules)
        yield made
        finish(made)

    def test_a_life(self, site):
        pages = Pages(site)

        def post(target, **fields):
            return pages.after(pages.post(target, fields)).text

        post("sites", action="add", name="Berlin", subnets="10.1.0.0/16 2001:db8::/32")
        post("sites?site=Berlin", action="set", site="Berlin", subnets="10.1.0.0/16")
        post("test_devices", action="add", scope="site:Berlin", name="desk", kind="mac", identifier="0004f2abcdef")
        post("test_devices", action="add", scope="global", name="desk", kind="serial", identifier="07823-A345")
        post("settings?name=MaxLogFileSize", action="set", scope="site:Berlin", name="MaxLogFileSize", value="70000")
        post("roles?account=new&confirm=remove", action="set", account="new", role="operator", scope="site:Berlin")
        row, = pages.json("sites")["sites"]
        assert (row["subnets"], row["test_devices"], row["settings"], row["roles"]) == (["10.1.0.0/16"], 1, 1, 1)
        choice, = [row["choice"] for row in pages.json("test_devices?show=global")["test_devices"]]
        assert "Test devices removed: 1." in post("test_devices", action="remove", device=choice)
        answer = pages.post("test_devices", {"action": "remove", "device": choice})
        assert answer.status == 404 and "DU0725" in answer.text
        shown = pages.json("sites?site=Berlin")["shown"]
        post("sites?site=Berlin&confirm=remove", action="remove", site="Berlin", shown=shown)
        assert pages.json("sites")["sites"] == [] and pages.json("test_devices")["test_devices"] == []
        assert "new" not in [row["account"] for row in pages.json("roles")["grants"]]
        rows = pages.json("activity?actor=admin&object=site:")["rows"]
        assert [row["action"] for row in rows] == ["remove", "set", "add"]
        assert pages.json("activity?verify=yes")["chain"]["result"] == "whole"
        assert pages.get("activity?format=csv").text.count("\n") == len(pages.json("activity")["rows"]) + 1

    @pytest.mark.parametrize("name", NAMES)
    def test_html(self, site, name):
        assert Pages(site).get(name).status == 200


class TestStoreAway(PagesClass):
    @pytest.mark.parametrize("name", NAMES)
    def test_says_so_and_comes_back(self, site, name):
        pages = Pages(site)
        with without_store(site):
            answer = pages.get(name)
        assert answer.status == 503 and "Retry-After" in answer.headers
        assert pages.get(name).status == 200


class TestWho(PagesClass):
    @staticmethod
    def changes(pages):
        return [row for row in pages.json("activity")["rows"] if row["action"] != "refuse"]

    @pytest.mark.parametrize("name", NAMES)
    def test_nobody_and_strangers(self, site, name):
        assert Pages(site, None).get(name).status == 401
        answer = Pages(site, "stranger").get(name)
        assert answer.status == 403 and "has no role here" in answer.text and "<table" not in answer.text

    @pytest.mark.parametrize("name", [name for name in NAMES if name != "activity"])
    @pytest.mark.parametrize("token", [None, "1-00", "another page's"])
    def test_without_a_token(self, site, name, token):
        pages = Pages(site)
        if token == "another page's":
            token = pages.made_token("index")
        before = self.changes(pages)
        answer = pages.post(name, {"action": "add"}, token=token)
        assert answer.status == 403 and "no valid token" in answer.text
        assert self.changes(pages) == before

    @pytest.mark.parametrize("name", [name for name in NAMES if name != "activity"])
    def test_a_get_changes_nothing(self, site, name):
        pages = Pages(site)
        before = self.changes(pages)
        pages.get(f"{name}?action=add&name=x&scope=global&token={pages.made_token(name)}")
        assert pages.get(f"{name}?unknown=1").status == 400
        assert self.changes(pages) == before
