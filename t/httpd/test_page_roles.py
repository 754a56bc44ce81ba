"""The page of roles (administration.md 2.6, F1)."""
import json
import os
import pathlib
import re

import pytest

from pages import Pages, PagesClass, prepare

HOSTILE = "<script>alert(1)</script>\"'&\u202e"
HEADER = pathlib.Path(os.environ["srcdir"]) / "mod_devupdate" / "lib" / "du_access.h"


def grants(site):
    return {row["account"]: f"{row['role']} {row['scope']}" for row in json.loads(site.store.ctl("role", "list", "--json"))}


def activities(site):
    """Of changes; what was refused is on record, too."""
    return [row for row in json.loads(site.store.ctl("activity", "list", "--json")) if row["action"] != "refuse"]


def change(pages, fields):
    """The list has no form that changes anything: each change has its confirmation."""
    return pages.post("roles?confirm=remove&account=viewer", fields)


class Places(PagesClass):
    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        prepare(store, ("admin", "operator", "helpdesk", "viewer", "berlin-admin", "stranger"))
        store.ctl("role", "set", "berlin-admin", "administrator", "--site", "Berlin")


START = {"admin": "administrator global", "operator": "operator global", "helpdesk": "helpdesk global", "viewer": "viewer global",
         "berlin-admin": "administrator site:Berlin"}


class TestRoles(Places):
    @pytest.fixture
    def clean(self, site):
        """Roles as at the beginning."""
        for account in grants(site).keys() - START.keys():
            site.store.ctl("role", "remove", account)
        for account, text in START.items():
            role, _, scope = text.partition(" ")
            site.store.ctl("role", "set", account, role, *(["--site", "Berlin"] if scope != "global" else []))
        return site

    def test_list(self, clean):
        rows = Pages(clean).json("roles")["grants"]
        assert {row["account"]: f"{row['role']} {row['scope']}" for row in rows} == START
        assert [row["account"] for row in rows if row["is_self"]] == ["admin"]

    def test_the_table_is_the_list_of_rights(self, clean):
        """Cell by cell against the macro, read here in another way than the page reads it."""
        lines = re.findall(r'X\(DU_RIGHT_\w+,\s*"([\w-]+)",\s*(\w+),\s*(\w+),\s*(\w+),', HEADER.read_text())
        order = ["VIEWER", "HELPDESK", "OPERATOR", "ADMINISTRATOR"]
        table = {row["right"]: row for row in Pages(clean).json("roles")["rights"]}
        assert [name for name, *_ in lines] == list(table)
        for name, limit, at_site, everywhere in lines:
            cells = {cell["role"].upper(): cell["may"] for cell in table[name]["roles"]}
            for role in order:
                may = "yes" if order.index(role) >= order.index(everywhere) else "site" if order.index(role) >= order.index(at_site) else "no"
                assert cells[role] == ("setting" if (role, name) == ("OPERATOR", "approve") else may), (name, role)
            assert table[name]["limited"] == {"FREE": "all", "OWN": "own", "NEVER": "none"}[limit]
        assert "if operators-approve is yes" in Pages(clean).get("roles").text

    def test_giving(self, clean):
        pages = Pages(clean)
        assert Pages(clean, "stranger").get("roles").status == 403
        asked = pages.json("roles?confirm=set&account=stranger&role=operator&scope=site:Berlin")
        assert (asked["before"], asked["after"]) == (None, {"account": "stranger", "role": "operator", "scope": "site:Berlin"})
        assert grants(clean) == START
        fields = {"action": "set", "account": "stranger", "role": "operator", "scope": "site:Berlin", "shown": asked["shown"]}
        assert "The role was given." in pages.after(change(pages, fields)).text
        assert grants(clean)["stranger"] == "operator site:Berlin"
        assert (activities(clean)[0]["actor"], activities(clean)[0]["object"]) == ("admin", "role stranger")
        assert Pages(clean, "stranger").get("roles").status == 200   # from the next request on

    def test_changing_and_taking(self, clean):
        pages = Pages(clean)
        assert '<option value="operator" selected="selected">' in pages.get("roles?account=operator").text
        asked = pages.json("roles?confirm=set&account=operator&role=helpdesk")
        assert asked["before"]["role"] == "operator" and not asked["is_own_loss"]
        assert change(pages, {"action": "set", "account": "operator", "role": "helpdesk", "shown": asked["shown"]}).status == 303
        assert grants(clean)["operator"] == "helpdesk global"
        asked = pages.json("roles?confirm=remove&account=operator")
        assert asked["after"] is None
        assert "The role was taken away." in pages.after(change(pages, {"action": "remove", "account": "operator", "shown": asked["shown"]})).text
        assert "operator" not in grants(clean)

    def test_nothing_to_do(self, clean):
        before = activities(clean)
        pages = Pages(clean)
        assert "Nothing to do" in pages.after(change(pages, {"action": "set", "account": "viewer", "role": "viewer"})).text
        assert activities(clean) == before

    @pytest.mark.parametrize("fields, status, words", [
        ({"role": "king"}, 400, '"king" is no role: those are administrator, operator, helpdesk, viewer'), ({"role": ""}, 400, "is no role"),
        ({"scope": "site:Paris"}, 404, "there is no site Paris"), ({"scope": "Berlin"}, 400, "the scope is global or site:NAME"),
        ({"account": ""}, 400, "cannot be an account"), ({"account": "x" * 257}, 400, "cannot be an account"), ({"account": "a\nb"}, 400, "cannot be an account")])
    def test_what_cannot_be(self, clean, fields, status, words):
        answer = change(Pages(clean), {"action": "set", "account": "new", "role": "viewer", **fields})
        assert answer.status == status and words in answer.text.replace("&quot;", '"')
        assert grants(clean) == START

    @pytest.mark.parametrize("fields", [{"action": "remove"}, {"action": "set", "role": "operator"},
                                        {"action": "set", "role": "administrator", "scope": "site:Berlin"}])
    def test_the_last_administrator_stays(self, clean, fields):
        """One who is limited to a site does not count: that one cannot give roles."""
        answer = change(Pages(clean), {"account": "admin", **fields})
        assert answer.status == 409 and "admin is the last administrator of everything" in answer.text
        assert grants(clean) == START

    @pytest.mark.parametrize("query, loses", [("remove&account=admin", True), ("set&account=admin&role=operator", True), ("remove&account=viewer", False),
                                              ("set&account=admin&role=administrator&scope=site:Berlin", True), ("set&account=admin&role=administrator", False)])
    def test_ones_own_role(self, clean, query, loses):
        answer = Pages(clean).get(f"roles?confirm={query}")
        assert ("This is your own role" in answer.text) == loses

    def test_own_role_taken(self, clean):
        clean.store.ctl("role", "set", "stranger", "administrator")
        pages = Pages(clean, "stranger")
        assert change(pages, {"action": "remove", "account": "stranger"}).status == 303
        assert pages.get("roles").status == 403

    def test_changed_meanwhile(self, clean):
        pages = Pages(clean)
        seen = pages.json("roles?confirm=remove&account=viewer")["shown"]
        clean.store.ctl("role", "set", "viewer", "operator")
        for fields in ({"action": "remove", "confirm": "remove"}, {"action": "set", "confirm": "set", "role": "helpdesk"}):
            answer = change(pages, {"account": "viewer", "shown": seen, **fields})
            assert answer.status == 409 and "the role of viewer was changed since it was shown" in answer.text
        assert grants(clean)["viewer"] == "operator global"
        assert change(pages, {"action": "remove", "account": "gone"}).status == 404

    def test_hostile_account(self, clean):
        pages = Pages(clean)
        assert change(pages, {"action": "set", "account": HOSTILE, "role": "viewer"}).status == 303
        row = next(row for row in pages.json("roles")["grants"] if row["account"] == HOSTILE)
        for target in ("roles", row["href"]):
            text = pages.get(target).text
            assert "<script>alert" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;\"'&amp;\\xe2\\x80\\xae</bdi>" in text
        assert change(pages, {"action": "remove", "account": HOSTILE}).status == 303
        assert grants(clean) == START

    @pytest.mark.parametrize("user", ["operator", "helpdesk", "viewer", "berlin-admin"])
    def test_F1_everybody_may_read(self, clean, user):
        pages, before = Pages(clean, user), activities(clean)
        token = pages.made_token("roles")
        text = pages.get("roles").text
        assert "berlin-admin" in text and "What each role may do" in text and "<form" not in text
        assert '"post"' not in pages.get("roles?account=viewer").text
        for fields in ({"action": "set", "account": user, "role": "administrator"}, {"action": "remove", "account": "viewer"}):
            assert pages.post("roles", fields, token=token).status == 403
        assert (grants(clean), activities(clean)) == (START, before)
