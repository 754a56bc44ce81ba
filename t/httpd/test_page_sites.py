"""The page of sites."""
import json

import pytest

from pages import Pages, PagesClass, prepare
from phones import Phones

HOSTILE = "a&b'\u202egnp;--{x}"


def sites(site):
    return {row["name"]: row["subnets"] for row in json.loads(site.store.ctl("site", "list", "--json"))}


def activities(site):
    """Of changes; what was refused is on record, too."""
    return [row for row in json.loads(site.store.ctl("activity", "list", "--json")) if row["action"] != "refuse"]


def shown(pages, name):
    return pages.json(f"sites?site={name}")["shown"]


class Places(PagesClass):
    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        prepare(store, ("admin", "operator", "helpdesk", "viewer", "berlin", "berlin-admin"))
        store.ctl("role", "set", "berlin", "operator", "--site", "Berlin")
        store.ctl("role", "set", "berlin-admin", "administrator", "--site", "Berlin")


class TestSites(Places):
    @pytest.fixture
    def clean(self, site):
        """Berlin as it was, and nothing else."""
        for name in sites(site):
            if name != "Berlin":
                site.store.ctl("site", "remove", name)
        site.store.ctl("site", "set", "Berlin", "10.1.0.0/16")
        return site

    def test_list(self, clean):
        clean.store.ctl("test-device", "add", "desk", "--serial", "1", "--scope", "site:Berlin")
        row, = Pages(clean).json("sites")["sites"]
        assert row == {"name": "Berlin", "scope": "site:Berlin", "subnets": ["10.1.0.0/16"], "test_devices": 1, "settings": 0, "roles": 2,
                       "href": "sites?site=Berlin"}
        clean.store.ctl("setting", "new", "--scope", "site:Berlin")
        assert Pages(clean).json("sites")["sites"][0]["settings"] == 7
        assert "7 of its own" in Pages(clean).get("sites").text
        clean.store.ctl("setting", "reset", "--scope", "site:Berlin")
        clean.store.ctl("test-device", "remove", "desk", "--scope", "site:Berlin")

    def test_its_phones(self, clean):
        phones = Phones(clean.store)
        phones.add(site="berlin")
        phones.add()
        link = Pages(clean).json("sites?site=berlin")["phones_href"]
        assert [phone["site"] for phone in Pages(clean).json(link)["phones"]] == ["Berlin"]
        assert f'href="{link}"' in Pages(clean).get("sites?site=Berlin").text

    def test_adding(self, clean):
        pages = Pages(clean)
        answer = pages.after(pages.post("sites", {"action": "add", "name": "Lab", "subnets": "10.2.3.4/16, 2001:db8::/32\r\n10.2.0.0/16 10.9.9.9"}))
        assert "The site was added." in answer.text
        assert sites(clean)["Lab"] == ["10.2.0.0/16", "10.9.9.9/32", "2001:db8::/32"]
        assert activities(clean)[0]["actor"] == "admin"
        sent = {"action": "add", "name": "Test", "subnets": ["10.3.0.0/16", "10.4.0.0/16"], "token": pages.token("sites")}
        answer = pages.ask("POST", "sites", json.dumps(sent), {"Content-Type": "application/json", "Accept": "application/json"})
        assert json.loads(answer.text) == {"result": "sites.added", "count": 1, "site": {"name": "Test", "subnets": ["10.3.0.0/16", "10.4.0.0/16"]}}

    @pytest.mark.parametrize("fields, status, words", [
        ({"name": "berlin"}, 409, "there is a site berlin already"), ({"name": ""}, 400, "cannot be the name of a site"),
        ({"name": "a/b"}, 400, "cannot be the name of a site"), ({"name": "x" * 65}, 400, "cannot be the name of a site"),
        ({"subnets": "10.1.0.0/16"}, 409, "belongs to site Berlin already"), ({"subnets": "10.0.0.0/33"}, 400, "is not a subnet"),
        ({"subnets": "10.5.0.0/16\nnonsense\u202e"}, 400, "is not a subnet")])
    def test_what_cannot_be(self, clean, fields, status, words):
        before = activities(clean)
        answer = Pages(clean).post("sites", {"action": "add", "name": "New", "subnets": "10.7.0.0/16", **fields})
        assert answer.status == status and words in answer.text
        assert (sites(clean), activities(clean)) == ({"Berlin": ["10.1.0.0/16"]}, before)
        if "nonsense" in fields.get("subnets", ""):
            assert "10.5.0.0/16\nnonsense\\xe2\\x80\\xae</textarea>" in answer.text   # what was typed, line by line

    def test_changing(self, clean):
        pages = Pages(clean)
        assert "10.1.0.0/16</textarea>" in pages.get("sites?site=berlin").text
        fields = {"action": "set", "site": "berlin", "subnets": "10.8.0.0/16\n10.1.0.0/16", "shown": shown(pages, "Berlin")}
        assert "The subnets were changed." in pages.after(pages.post("sites", fields)).text
        assert sites(clean) == {"Berlin": ["10.1.0.0/16", "10.8.0.0/16"]}
        before = activities(clean)
        answer = pages.after(pages.post("sites", {**fields, "shown": shown(pages, "Berlin")}))
        assert "Nothing to do" in answer.text and activities(clean) == before

    @pytest.mark.parametrize("fields", [{"action": "set", "subnets": "10.9.0.0/16"}, {"action": "remove", "confirm": "remove"}])
    def test_changed_meanwhile(self, clean, fields):
        pages = Pages(clean)
        seen = shown(pages, "Berlin")
        clean.store.ctl("test-device", "add", "late", "--serial", "1", "--scope", "site:Berlin")
        answer = pages.post("sites", {"site": "Berlin", "shown": seen, **fields})
        assert answer.status == 409 and "site:Berlin was changed since it was shown" in answer.text
        assert ">late<" in answer.text   # what it is now
        assert sites(clean) == {"Berlin": ["10.1.0.0/16"]}
        clean.store.ctl("test-device", "remove", "late", "--scope", "site:Berlin")

    @pytest.mark.parametrize("action", ["set", "remove"])
    def test_no_such_site(self, clean, action):
        assert Pages(clean).get("sites?site=Paris").status == 404
        answer = Pages(clean).post("sites", {"action": action, "site": "Paris", "subnets": "10.9.0.0/16"})
        assert answer.status == 404 and 'there is no site "Paris"' in answer.text

    def test_hostile_name(self, clean):
        pages = Pages(clean)
        assert pages.post("sites", {"action": "add", "name": HOSTILE, "subnets": ""}).status == 303
        row = next(row for row in pages.json("sites")["sites"] if row["name"] == HOSTILE)
        text = pages.get(row["href"]).text
        assert "<bdi>a&amp;b'\\xe2\\x80\\xaegnp;--{x}</bdi>" in text
        fields = {"action": "remove", "site": HOSTILE, "shown": pages.json(row["href"])["shown"]}
        assert pages.post("sites", fields).status == 303
        assert HOSTILE not in sites(clean)

    @pytest.mark.parametrize("user", ["operator", "helpdesk", "viewer", "berlin", "berlin-admin"])
    def test_F1_F2_only_administrators_of_everything(self, clean, user):
        pages, before = Pages(clean, user), activities(clean)
        token = pages.made_token("sites")
        assert "10.1.0.0/16" in pages.get("sites").text and "<form" not in pages.get("sites").text
        assert "Berlin" in pages.get("sites?site=Berlin").text and '"post"' not in pages.get("sites?site=Berlin").text
        for fields in ({"action": "add", "name": "New", "subnets": ""}, {"action": "set", "site": "Berlin", "subnets": ""},
                       {"action": "remove", "site": "Berlin"}, {"action": "nonsense"}):
            assert pages.post("sites", fields, token=token).status == 403
        assert activities(clean) == before


class TestRemoving(Places):
    def test_all_that_goes_with_it(self, site):
        """Each of it is named on the confirmation, and gone afterwards."""
        store, pages = site.store, Pages(site)
        store.ctl("test-device", "add", "desk phone", "--serial", "07823-A345", "--scope", "site:Berlin")
        store.ctl("setting", "set", "MaxLogFileSize", "70000", "--scope", "site:Berlin")
        asked = pages.get("sites?site=Berlin&confirm=remove").text
        for words in ("10.1.0.0/16", "desk phone", "07823-A345", "MaxLogFileSize", "70000", ">berlin<", ">berlin-admin<", "goes with it"):
            assert words in asked
        assert sites(site)
        answer = pages.post("sites", {"action": "remove", "site": "Berlin", "shown": shown(pages, "Berlin")})
        assert "The site was removed." in pages.after(answer).text
        assert sites(site) == {}
        assert json.loads(store.ctl("test-device", "list", "--json")) == []
        assert "berlin" not in store.ctl("role", "list")
        assert Pages(site, "berlin").get("sites").status == 403
