"""The page of rules: what it shows, what it asks before a change, what a change does, who may (issue 5; seeds F1 to F4)."""
import json
import re

import pytest

from pages import Pages, PagesClass
from store import AASTRA, APPROVED, CX600, PENDING, PENDING_ONLY, RESTORE
from waiting import until

HOSTILE = '<script>alert(1)</script>"\''


def rule_of(store, key):
    return next(rule for rule in store.rules()
                if key == "/".join(rule[part] for part in ("device_type", "brand", "model", "revision", "locale")))


def versions(store, key):
    rule = rule_of(store, key)
    return tuple(rule[f"{slot}_version"] for slot in ("pending", "approved", "restore"))


def choice(store, key):
    """A rule as a confirmation shows it."""
    return f"{rule_of(store, key)['id']}@" + "/".join(version or "" for version in versions(store, key))


def post(site, fields, user="admin"):
    """A confirmation that is sent."""
    pages = Pages(site, user)
    return pages.post("rules", fields, token=pages.made_token("rules"))


class TestList(PagesClass):
    def test_columns(self, site):
        data = Pages(site).json("rules")
        assert [column["name"] for column in data["columns"]] == [
            "id", "type", "brand", "model", "revision", "locale", "update_type", "pending", "approved", "restore"]
        row = next(row for row in data["rules"] if row["model"] == "CX600")
        assert (row["pending_version"], row["approved_version"], row["restore_version"]) == (PENDING, APPROVED, RESTORE)
        assert (data["count"], data["pages"]) == (3, 1)
        assert row["can"].split() == ["pending", "restore"]

    def test_html(self, site):
        text = Pages(site).get("rules").text
        assert text.count("<tr>") == 1 + 3
        assert 'value="approve"' in text and 'value="remove"' in text

    @pytest.mark.parametrize("query, models", [
        ("brand=polycom", ["CX600", "CX500"]), ("model=CX*", ["CX600", "CX500"]), ("state=pending", ["CX600", "CX500"]),
        ("state=none", []), ("state=approved", ["CX600", "6725ip"]), ("q=aastra", ["6725ip"]), ("q=nothing", []),
        (f"q={RESTORE}", ["CX600"]), ("type=UCPhone&locale=enu&revision=a&brand=Aastra", ["6725ip"])])
    def test_filters(self, site, query, models):
        assert sorted(row["model"] for row in Pages(site).json(f"rules?{query}")["rules"]) == sorted(models)

    @pytest.mark.parametrize("query, models", [
        ("sort=model", ["6725ip", "CX500", "CX600"]), ("sort=model&order=falling", ["CX600", "CX500", "6725ip"]),
        ("sort=brand", ["6725ip", "CX600", "CX500"]), ("", ["CX600", "6725ip", "CX500"]),
        ("order=falling", ["CX500", "6725ip", "CX600"])])
    def test_order(self, site, query, models):
        assert [row["model"] for row in Pages(site).json(f"rules?{query}")["rules"]] == models

    @pytest.mark.parametrize("query, status", [
        ("sort=password", 400), ("state=great", 400), ("model=C*X", 400), ("page=0", 400), ("page=-1", 400), ("page=x", 400),
        ("page=2", 200), ("id=99", 404), ("id=x", 404), ("confirm=delete&id=1", 400), ("confirm=approve&id=99", 404),
        ("confirm=approve&id=x", 400), ("action=approve&id=1", 405)])
    def test_odd_requests(self, site, query, status):
        assert Pages(site).get(f"rules?{query}").status == status

    def test_one(self, site):
        data = Pages(site).json(f"rules?id={rule_of(site.store, CX600)['id']}")
        assert [(image["slot"], image["version"], image["trust"]) for image in data["images"]] == [
            ("pending", PENDING, "unverified"), ("approved", APPROVED, "unverified"), ("restore", RESTORE, "unverified")]
        assert [row["version"] for row in data["stored"]] == [RESTORE, APPROVED, PENDING]
        assert data["images"][0]["files"][0]["name"] == "CPE.nbt"
        assert data["activities"][0]["action"]
        assert "restore&amp;id=" in Pages(site).get(f"rules?id={rule_of(site.store, CX600)['id']}").text


class TestConfirmation(PagesClass):
    def test_names_everything(self, site):
        chosen = "&".join(f"id={rule_of(site.store, key)['id']}" for key in (CX600, PENDING_ONLY, AASTRA))
        data = Pages(site).json(f"rules?confirm=approve&{chosen}")
        assert (data["count"], data["idle_count"]) == (2, 1)
        assert data["idle"][0]["model"] == "6725ip"
        row = next(row for row in data["rules"] if row["model"] == "CX600")
        assert row["before"] == {"pending_version": PENDING, "approved_version": APPROVED, "restore_version": RESTORE}
        assert row["after"] == {"pending_version": None, "approved_version": PENDING, "restore_version": APPROVED}
        assert row["is_unverified"] is True
        text = Pages(site).get(f"rules?confirm=approve&{chosen}").text
        assert "Approve these versions?" in text and "not verified" in text and f'value="{choice(site.store, CX600)}"' in text

    def test_F4_select_all_acts_on_the_filtered_rows(self, site):
        data = Pages(site).json("rules?confirm=approve&all=yes&brand=POLYCOM")
        assert sorted(row["model"] for row in data["rules"]) == ["CX500", "CX600"]
        data = Pages(site).json("rules?confirm=remove&all=yes&brand=Aastra")
        assert [row["model"] for row in data["rules"]] == ["6725ip"]

    def test_to_any_stored_version(self, site):
        rule = rule_of(site.store, CX600)["id"]
        data = Pages(site).json(f"rules?confirm=restore&id={rule}&to={PENDING}")
        assert data["rules"][0]["after"]["approved_version"] == PENDING
        answer = Pages(site).get(f"rules?confirm=restore&id={rule}&to=9.9.9.9")
        assert answer.status == 404 and "not stored" in answer.text

    def test_nothing_to_do(self, site):
        answer = Pages(site).get(f"rules?confirm=approve&id={rule_of(site.store, AASTRA)['id']}")
        assert answer.status == 200 and "None of the chosen rules" in answer.text


class TestChanges(PagesClass):
    """Each test begins with the versions that the one before left, and says which it needs."""

    def test_approve_and_a_phone_gets_it(self, site):
        pages = Pages(site)
        assert site.offered() == APPROVED
        answer = post(site, {"action": "approve", "id": choice(site.store, CX600), "note": "tried for a week"})
        assert "Versions approved: 1." in pages.after(answer).text
        assert versions(site.store, CX600) == (None, PENDING, APPROVED)
        until(lambda: site.offered() == PENDING, "phones get it")
        newest = json.loads(site.store.ctl("activity", "list", "--json", "--action", "approve"))[0]
        assert (newest["actor"], newest["role"], newest["note"]) == ("admin", "administrator", "tried for a week")
        assert newest["after"] and newest["before"]

    def test_restore_brings_it_back(self, site):
        approved = versions(site.store, CX600)[1]
        site.store.ctl("rule", "restore", rule_of(site.store, CX600)["id"], "--to", RESTORE)
        answer = post(site, {"action": "restore", "id": choice(site.store, CX600)})
        assert answer.status == 303
        assert versions(site.store, CX600)[1] == approved
        until(lambda: site.offered() == approved, "phones go back")

    def test_cancel_pending(self, site):
        assert versions(site.store, PENDING_ONLY)[0] == PENDING
        answer = post(site, user="operator", fields={"action": "reset", "id": choice(site.store, PENDING_ONLY)})
        assert answer.status == 303
        assert versions(site.store, PENDING_ONLY) == (None, None, None)

    def test_somebody_else_was_faster(self, site):
        shown = choice(site.store, AASTRA)
        site.store.import_package(AASTRA, version="5.0.0.1", size=1000)
        before = versions(site.store, AASTRA)
        answer = post(site, {"action": "restore", "id": shown})
        assert answer.status == 409
        assert f"rule {rule_of(site.store, AASTRA)['id']}" in answer.text
        assert "<table>" in answer.text, "the page shows the new state"
        assert versions(site.store, AASTRA) == before

    def test_F3_several_at_once(self, site):
        for key in (CX600, AASTRA):
            site.store.import_package(key, version="6.0.0.1", size=1000)
        fields = [("action", "approve"), *(("id", choice(site.store, key)) for key in (CX600, AASTRA))]
        answer = post(site, fields)
        assert "Versions approved: 2." in Pages(site).after(answer).text
        assert [versions(site.store, key)[1] for key in (CX600, AASTRA)] == ["6.0.0.1"] * 2

    def test_json(self, site):
        site.store.import_package(CX600, version="7.0.0.1", size=1000)
        body = json.dumps({"action": "approve", "id": [choice(site.store, CX600)], "note": "by a script"})
        answer = Pages(site).ask("POST", "rules", body, {"Content-Type": "application/json", "Accept": "application/json",
                                                         "X-DevUpdate-Token": Pages(site).made_token("rules")})
        assert answer.status == 200, answer
        data = json.loads(answer.text)
        assert (data["result"], data["count"]) == ("rules.approve", 1)
        assert data["rules"][0]["after"]["approved_version"] == "7.0.0.1"

    @pytest.mark.parametrize("fields, status", [
        ({"action": "approve"}, 400), ({"action": "explode", "id": "1"}, 400), ({"action": "approve", "id": "99"}, 404),
        ({"action": "approve", "id": "1@9.9.9"}, 409), ({"action": "restore", "id": "1", "to": "9.9.9.9"}, 404)])
    def test_refused(self, site, fields, status):
        before = site.store.rules()
        answer = post(site, fields)
        assert answer.status == status
        assert site.store.rules() == before

    def test_remove(self, site):
        answer = post(site, {"action": "remove", "id": choice(site.store, AASTRA)})
        assert answer.status == 303
        assert len(site.store.rules()) == 2


class TestRoles(PagesClass):
    @pytest.mark.parametrize("user, actions", [("admin", {"approve", "reset", "restore", "remove"}), ("operator", {"reset"}),
                                               ("helpdesk", set()), ("viewer", set())])
    def test_buttons(self, site, user, actions):
        text = Pages(site, user).get("rules").text
        assert set(re.findall(r'name="confirm" value="(\w+)"', text)) == actions

    @pytest.mark.parametrize("user, action", [(user, action) for user in ("operator", "helpdesk", "viewer")
                                              for action in ("approve", "restore", "remove", "reset")
                                              if (user, action) != ("operator", "reset")])
    def test_F1_who_may_only_look_changes_nothing(self, site, user, action):
        before = site.store.rules()
        pages = Pages(site, user)
        answer = pages.post("rules", {"action": action, "id": choice(site.store, CX600)}, token=pages.made_token("rules"))
        assert answer.status == 403
        assert site.store.rules() == before


class TestHostile(PagesClass):
    def test_notes_and_searches(self, site):
        answer = post(site, {"action": "reset", "id": choice(site.store, CX600), "note": HOSTILE})
        assert answer.status == 303
        text = Pages(site).get(f"rules?id={rule_of(site.store, CX600)['id']}").text
        assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
        text = Pages(site).get("rules?q=%3Cscript%3Ealert%281%29%22").text
        assert "<script>alert" not in text and "&lt;script&gt;" in text
