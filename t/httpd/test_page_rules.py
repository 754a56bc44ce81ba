"""The page of rules: list, confirmation, change, one rule (administration.md 2.2; section 6, 3, 4, 11, 15; seeds F1 to F4)."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.parse
from html import unescape

import pytest

import many_phones
import pgsql
from pages import Pages, PagesClass, prepare
from parsed import dangers, words
from phones import HOSTILE, Phones
from sites import finish
from store import AASTRA, APPROVED, CX600, PENDING, PENDING_ONLY, RESTORE, key_of
from waiting import until

ACTIONS = ("approve", "reset", "restore", "withdraw", "remove")
KEYS = ("device_type", "brand", "model", "revision", "locale")


def rules(site):
    """What the store has, by id."""
    return {rule["id"]: rule for rule in site.store.rules()}


def id_of(site, key):
    return next(rule["id"] for rule in site.store.rules() if key_of(rule) == key)


def versions(rule):
    return tuple(rule[f"{slot}_version"] for slot in ("pending", "approved", "restore"))


def activities(site, action=None):
    return [row for row in json.loads(site.store.ctl("activity", "list", "--json", "--limit", "1000")) if row["action"] == (action or row["action"])]


def asked(site, action, *ids, user="admin", **parameters):
    """The confirmation, as data."""
    query = "&".join([f"confirm={action}", *(f"id={n}" for n in ids), *(f"{name}={value}" for name, value in parameters.items())])
    return Pages(site, user).json(f"rules?{query}")


def form_of(confirmation, **more):
    """What its form sends."""
    fields = [("action", confirmation["confirm"]), *(("id", rule["shown"]) for rule in confirmation["rules"])]
    return fields + ([("to", confirmation["to"])] if confirmation["to"] else []) + list(more.items())


def send(site, fields, user="admin", **options):
    pages = Pages(site, user)
    return pages.post("rules", fields, token=pages.made_token("rules"), **options)


def fields_of(html):
    """What the form of a confirmation sends, as a browser does."""
    form = html[html.index('<form method="post" action="rules">'):]
    return [(name, unescape(value)) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)]


def confirm(site, action, *ids, **parameters):
    """All of it: asks, looks, sends."""
    return send(site, form_of(asked(site, action, *ids, **parameters)))


TABLES = ("rule", "image", "image_file", "reading", "device", "device_name", "device_count", "device_version")


class RulesClass(PagesClass):
    """Each test begins with the rules of the template, and no known phone."""

    @pytest.fixture(autouse=True, scope="class")
    def original(self, site):
        """A copy of what tests change."""
        path = site.root / "original.sqlite"
        with contextlib.closing(sqlite3.connect(site.store.database)) as store, contextlib.closing(sqlite3.connect(path)) as copy:
            store.backup(copy)
        return path

    @pytest.fixture(autouse=True)
    def fresh(self, site, original):
        with contextlib.closing(sqlite3.connect(site.store.database, isolation_level=None)) as store:
            store.execute("ATTACH ? AS original", (str(original),))
            store.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                store.execute(f"DELETE FROM main.{table}")
                store.execute(f"INSERT INTO main.{table} SELECT * FROM original.{table}")
            store.execute("UPDATE main.counter SET value = value + 1 WHERE name = 'generation'")
            store.execute("COMMIT")


class TestList(RulesClass):
    def test_rows_are_those_of_the_command_line(self, site):
        page = Pages(site).json("rules")
        shown = [{name: rule[name] for name in rule if name not in ("href", "can", "is_chosen", "phones", "on_approved")} for rule in page["rules"]]
        assert shown == site.store.rules()
        assert (page["count"], page["total"], page["page"], page["pages"], page["next"], page["previous"]) == (3, 3, 1, 1, None, None)
        text = words(Pages(site).get("rules").text)
        for rule in site.store.rules():
            assert all(rule[name] in text for name in KEYS)

    def test_what_can_be_done_with_each(self, site):
        can = {key_of(rule): rule["can"] for rule in Pages(site).json("rules")["rules"]}
        assert can == {CX600: "approve reset restore remove", PENDING_ONLY: "approve reset remove", AASTRA: "withdraw remove"}

    @pytest.mark.parametrize("query, expected", [
        ("brand=polycom", 2), ("brand=POLY*", 2), ("brand=POLY", 0), ("type=UCPhone", 3), ("model=cx6*", 1), ("revision=a&locale=enu", 3),
        ("locale=JPN", 0), ("state=pending", 2), ("state=approved", 2), ("state=none", 0), ("q=6725", 1), ("q=7577.4387", 1), ("q=aast&state=pending", 0),
        ("brand=*", 3), ("brand=", 3)])
    def test_filters(self, site, query, expected):
        page = Pages(site).json(f"rules?{query}")
        assert (page["count"], len(page["rules"]), page["total"]) == (expected, expected, 3)
        html = Pages(site).get(f"rules?{query}").text
        assert ("No rule matches." in html) == (expected == 0)

    @pytest.mark.parametrize("query", ["brand=*x", "model=a*b", "state=restore", "sort=color", "sort=rules", "order=down", "page=0", "page=-1", "page=x",
                                       "page=1.5", "page=99999999999999999999", "id=x", "id=3@", "id=-1", "id=0", "confirm=delete&id=1", "unknown=1"])
    def test_what_cannot_be_asked(self, site, query):
        assert Pages(site).get(f"rules?{query}").status == 400
        assert Pages(site).json(f"rules?{query}", status=400)["error"].startswith("DU")

    def test_behind_the_last_page_is_the_last_one(self, site):
        assert Pages(site).json("rules?page=7")["page"] == 1

    @pytest.mark.parametrize("column", ["id", "type", "brand", "model", "revision", "locale", "update_type", "pending", "approved", "restore", "phones"])
    def test_order(self, site, column):
        member = {"type": "device_type"}.get(column, f"{column}_version" if column in ("pending", "approved", "restore") else column)

        def place_of(rule):
            value = rule[member]
            return (value or 0, rule["id"]) if column in ("id", "phones") else ((value or "").lower(), rule["id"])

        up = Pages(site).json(f"rules?sort={column}")
        assert up["rules"] == sorted(up["rules"], key=place_of)
        down = Pages(site).json(f"rules?sort={column}&order=descending")
        assert [rule["id"] for rule in down["rules"]] == [rule["id"] for rule in up["rules"]][::-1]
        links = {entry["column"]: entry for entry in up["columns"]}
        assert links[column]["sort"] == "ascending" and "order=descending" in links[column]["href"]
        assert Pages(site).json(links[column]["href"]) == down
        html = Pages(site).get(f"rules?sort={column}").text
        assert html.count('aria-sort="ascending"') == 1

    def test_japanese(self, site):
        assert "承認済み" in Pages(site).get("rules?language=ja").text

    def test_no_rules(self, site):
        Phones(site.store).run("DELETE FROM rule")
        assert "There are no rules yet." in Pages(site).get("rules").text


class TestPhones(RulesClass):
    def test_phones_are_counted_once_they_are_known(self, site):
        assert [rule["phones"] for rule in Pages(site).json("rules")["rules"]] == [None] * 3
        assert asked(site, "approve", id_of(site, CX600))["rules"][0]["phones"] is None
        phones = Phones(site.store)
        phones.filled()
        for version, count in ((APPROVED, 3), (PENDING, 2), ("1.0", 1)):
            for _ in range(count):
                phones.add(version=version)
        page = Pages(site).json("rules?sort=phones&order=descending")
        assert [(rule["phones"], rule["on_approved"]) for rule in page["rules"]] == [(6, 3), (0, 0), (0, 0)]
        assert key_of(page["rules"][0]) == CX600
        ids = {key: id_of(site, key) for key in (CX600, PENDING_ONLY, AASTRA)}
        plan = asked(site, "approve", *ids.values())
        assert (plan["count"], plan["known"], plan["touched"]) == (2, 6, 4)
        assert plan["rules"][0]["phones"] == {"known": 6, "other_version": 4, "test_devices_only": False}
        plan = asked(site, "reset", ids[CX600])
        assert plan["rules"][0]["phones"]["test_devices_only"] and plan["touched"] == 0
        plan = asked(site, "restore", ids[CX600])
        assert (plan["touched"], plan["known"]) == (6, 6)
        assert asked(site, "restore", ids[CX600], to=PENDING)["touched"] == 4
        html = words(Pages(site).get(f"rules?confirm=approve&id={ids[CX600]}").text)
        assert "4 of 6 known phones are offered something else then" in html and "4 of 6 with another version" in html
        one = Pages(site).json(f"rules?id={ids[CX600]}")
        assert (one["known"], one["on_approved"]) == (6, 3)
        assert {row["version"]: (row["phones"], row["percent"], row["place"]) for row in one["versions"]} == {
            APPROVED: (3, 50, "approved"), PENDING: (2, 33, "pending"), "1.0": (1, 16, "none")}
        assert len(Pages(site).json(one["versions"][0]["href"])["phones"]) == 3
        phones.run("UPDATE device SET held = CASE WHEN id % 2 = 0 THEN '*' ELSE ? END WHERE id < 6", PENDING)
        assert Pages(site).json(f"rules?id={ids[CX600]}")["held"] == [{"version": "*", "phones": 2, "is_all": True},
                                                                     {"version": PENDING, "phones": 3, "is_all": False}]
        html = words(Pages(site).get(f"rules?id={ids[CX600]}").text)
        assert "2 phones are offered nothing" in html and f"3 phones are not offered {PENDING} any more" in html


    @pytest.mark.parametrize("action, touched", [("approve", "4"), ("reset", "0")])
    def test_of_many_rules_each_has_a_line(self, site, action, touched):
        """What phones are offered stays when a pending version is cancelled."""
        phones = Phones(site.store)
        phones.filled()
        for version in (PENDING, "1.0", "1.1", APPROVED, APPROVED):
            phones.add(version=version)
        for number in range(100, 310):
            phones.insert("rule", id=number, device_key=f"many/{number}", type="UCPhone", brand="Many", model=f"M{number}", revision="A", locale="ENU",
                          update_type="CPE", pending="2", approved="1", restore="")
        html = Pages(site).get(f"rules?confirm={action}&all=yes").text
        lines = re.findall(r'<th scope="row">(\d+) [^<]*</th><td class="code">[^<]*</td><td class="number"><span>([^<]*)</span>', html)
        assert len(lines) == 212 and dict(lines)[str(id_of(site, CX600))] == touched


class TestWayBack(RulesClass):
    """Whatever is looked at or done on the way, one comes back to the same list."""

    LIST = {"brand": "POLY*", "state": "pending", "q": "cx", "sort": "model", "order": "descending", "page": "1"}

    def test_through_a_change(self, site):
        """As a browser does it: each form sends what is in it, and nothing else."""
        pages = Pages(site)
        html = pages.get("rules?" + urllib.parse.urlencode(self.LIST)).text
        chosen = html[html.index("<form method=\"get\" action=\"rules\" data-choose"):]
        sent = [(name, unescape(value)) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', chosen)]
        assert dict(sent) == self.LIST
        html = pages.get("rules?" + urllib.parse.urlencode([*sent, ("confirm", "approve"), ("id", id_of(site, CX600))])).text
        back = unescape(re.search(r'<a class="button" href="([^"]*)"', html)[1])
        assert dict(urllib.parse.parse_qsl(back.partition("?")[2])) == self.LIST
        answer = pages.post("rules", [(name, value) for name, value in fields_of(html) if name != "token"], token=dict(fields_of(html))["token"])
        assert answer.status == 303
        location = dict(urllib.parse.parse_qsl(answer.headers["Location"].partition("?")[2]))
        assert location.pop("done") and location == self.LIST
        assert [rule["model"] for rule in pages.json("rules?" + urllib.parse.urlencode(location))["rules"]] == ["CX500"]

    def test_through_one_rule(self, site):
        pages = Pages(site)
        one = pages.json(pages.json("rules?" + urllib.parse.urlencode(self.LIST))["rules"][0]["href"])
        assert dict(urllib.parse.parse_qsl(one["back"].partition("?")[2])) == self.LIST
        one = pages.json(f"rules?sort=model&id={id_of(site, CX600)}")
        plan = pages.json(next(image["restore"] for image in one["images"] if image["restore"]))
        assert (plan["back"], plan["to"]) == ("rules?sort=model", RESTORE)

    def test_what_was_chosen_is_still_chosen(self, site):
        """One of two rules is gone: it is named, and the other one is still marked in the list."""
        plan = asked(site, "remove", id_of(site, AASTRA), id_of(site, CX600))
        site.store.ctl("rule", "remove", id_of(site, AASTRA))
        answer = send(site, form_of(plan, note="both are old", sort="model"))
        assert answer.status == 404 and f"there is no rule {id_of(site, CX600) + 1}" in answer.text
        boxes = re.findall(r'<input type="checkbox" name="id"[^>]*>', answer.text)
        assert [f'value="{id_of(site, CX600)}"' in box for box in boxes] == ["checked" in box for box in boxes] and len(boxes) == 2

    def test_links_of_a_refusal_can_be_followed(self, site):
        """They are GETs, and have nothing in them that only a change has."""
        pages, number = Pages(site), id_of(site, AASTRA)
        answer = send(site, {"action": "restore", "id": number, "note": "back, please", "brand": "*"})
        assert answer.status == 409
        links = {unescape(link) for link in re.findall(r'href="(rules[^"]*)"', answer.text)}
        assert len(links) > 10
        assert {link: pages.get(link).status for link in links if pages.get(link).status not in (200, 409)} == {}

    def test_the_reason_is_not_lost(self, site):
        plan = asked(site, "approve", id_of(site, CX600))
        site.store.ctl("rule", "restore", id_of(site, CX600), "--to", RESTORE)
        answer = send(site, form_of(plan, note="tested for a week"))
        assert answer.status == 409 and 'value="tested for a week"' in answer.text


class TestConfirmation(RulesClass):
    def test_it_says_what_would_be_and_changes_nothing(self, site):
        before, generation = rules(site), site.store.generation()
        plan = asked(site, "approve", id_of(site, CX600))
        rule = plan["rules"][0]
        assert versions(rule["before"]) == (PENDING, APPROVED, RESTORE) and versions(rule["after"]) == (None, PENDING, APPROVED)
        assert rule["shown"] == f"{rule['id']}@{PENDING}/{APPROVED}/{RESTORE}"
        assert (plan["unverified"], rule["is_unverified"], plan["withdrawn"]) == (1, True, 0)
        html = Pages(site).get(f"rules?confirm=approve&id={rule['id']}").text
        assert "Not verified" in html and re.sub(r"\s+", " ", words(html)).count(f"{APPROVED} → {PENDING}") == 1
        assert (rules(site), site.store.generation()) == (before, generation)

    def test_F4_only_what_was_filtered_is_meant(self, site):
        """A filter and then everything: its rules and no others, on the page and across pages."""
        brand = [rule["id"] for rule in site.store.rules() if rule["brand"] == "POLYCOM"]
        boxes = re.findall(r'type="checkbox" name="id" value="(\d+)"', Pages(site).get("rules?brand=POLYCOM").text)
        assert list(map(int, boxes)) == brand
        plan = Pages(site).json("rules?confirm=remove&all=yes&brand=POLYCOM")
        assert [rule["id"] for rule in plan["rules"]] == brand
        some = Pages(site).json(f"rules?confirm=remove&id={brand[0]}&brand=POLYCOM")
        assert ([rule["id"] for rule in some["rules"]], some["all_count"]) == (brand[:1], 2)
        assert [rule["id"] for rule in Pages(site).json(some["all"])["rules"]] == brand
        assert "Instead: all 2 rules that match the filter" in Pages(site).get(f"rules?confirm=remove&id={brand[0]}&brand=POLYCOM").text
        before = rules(site)
        answer = send(site, form_of(plan, brand="POLYCOM"))
        assert answer.status == 303 and "brand=POLYCOM" in answer.headers["Location"]
        assert set(rules(site)) == set(before) - set(brand)

    def test_what_has_nothing_to_do_is_left_out_by_name(self, site):
        plan = asked(site, "approve", *rules(site))
        assert sorted(key_of(rule) for rule in plan["rules"]) == sorted([CX600, PENDING_ONLY])
        assert [key_of(rule) for rule in plan["idle"]] == [AASTRA]
        html = words(Pages(site).get("rules?confirm=approve&" + "&".join(f"id={n}" for n in rules(site))).text)
        assert "Left out, because nothing is pending:" in html

    @pytest.mark.parametrize("action, key", [("approve", AASTRA), ("reset", AASTRA), ("restore", AASTRA), ("restore", PENDING_ONLY), ("withdraw", CX600),
                                             ("withdraw", PENDING_ONLY)])
    def test_F3_a_button_that_does_nothing_is_refused_by_name(self, site, action, key):
        """Also without a script that would have greyed it; the list stays, to choose again."""
        before, number = rules(site), id_of(site, key)
        asking = Pages(site).get(f"rules?confirm={action}&id={number}&brand=*")
        assert asking.status == 409 and f"there is nothing to {action}: rule {number} ({key})" in asking.text
        assert 'name="id"' in asking.text and "DU0743" in asking.text
        assert Pages(site).json(f"rules?confirm={action}&id={number}", status=409)["error"] == "DU0743"
        sent = send(site, {"action": action, "id": number})
        assert sent.status == 409 and f"rule {number} ({key})" in sent.text
        assert rules(site) == before

    def test_nothing_chosen(self, site):
        answer = Pages(site).get("rules?confirm=approve&brand=POLYCOM")
        assert answer.status == 400 and "no rule was chosen" in answer.text and "CX500" in answer.text and "6725ip" not in words(answer.text)
        assert send(site, {"action": "approve"}).status == 400
        assert send(site, {"action": "remove", "all": "yes"}).status == 400
        assert len(rules(site)) == 3

    def test_withdrawing_is_said(self, site):
        plan = asked(site, "withdraw", id_of(site, AASTRA))
        assert plan["withdrawn"] == 1 and plan["unverified"] == 0
        assert "Rules whose phones are offered nothing then: 1." in Pages(site).get(f"rules?confirm=withdraw&id={id_of(site, AASTRA)}").text

    @pytest.mark.parametrize("query, status", [("confirm=restore&id=1&to=9.9", 404), ("confirm=approve&id=1&to=1", 400), ("confirm=restore&id=1&id=2&to=1", 400),
                                               ("confirm=restore&all=yes&to=1", 400), ("confirm=approve&id=999", 404), ("action=approve&id=1", 405), ("note=x", 400)])
    def test_what_cannot_be_confirmed(self, site, query, status):
        assert Pages(site).json(f"rules?{query}", status=status)["message"]


class TestChange(RulesClass):
    def test_approved_with_a_note_and_on_record(self, site):
        number = id_of(site, CX600)
        answer = send(site, form_of(asked(site, "approve", number), note="tested for a week"))
        assert "Rules approved: 1." in Pages(site).after(answer).text
        assert versions(rules(site)[number]) == (None, PENDING, APPROVED)
        row = activities(site)[0]
        assert (row["actor"], row["role"], row["action"], row["object"], row["note"]) == ("admin", "administrator", "approve", f"rule {number}", "tested for a week")
        assert row["before"] == f"pending={PENDING} approved={APPROVED} restore={RESTORE}"

    @pytest.mark.parametrize("action, key, expected", [
        ("reset", CX600, (None, APPROVED, RESTORE)), ("restore", CX600, (PENDING, RESTORE, None)), ("withdraw", AASTRA, (None, None, None)),
        ("approve", PENDING_ONLY, (None, PENDING, None))])
    def test_each_action(self, site, action, key, expected):
        number = id_of(site, key)
        assert confirm(site, action, number).status == 303
        assert versions(rules(site)[number]) == expected

    def test_F3_all_that_are_chosen_change_at_once(self, site):
        before = len(activities(site, "approve"))
        generation = site.store.generation()
        answer = confirm(site, "approve", *rules(site))
        assert "Rules approved: 2." in Pages(site).after(answer).text
        assert [rule["pending_version"] for rule in rules(site).values()] == [None] * 3
        assert len(activities(site, "approve")) == before + 2 and site.store.generation() == generation + 1

    def test_to_any_stored_version(self, site):
        number = id_of(site, CX600)
        links = {image["version"]: image["restore"] for image in Pages(site).json(f"rules?id={number}")["images"]}
        assert set(links) == {RESTORE, APPROVED, PENDING} and links[APPROVED] is None and links[PENDING] is None
        plan = Pages(site).json(links[RESTORE])
        assert plan["to"] == RESTORE
        assert send(site, form_of(plan)).status == 303
        assert versions(rules(site)[number]) == (PENDING, RESTORE, APPROVED)

    @pytest.mark.parametrize("action", ["approve", "reset", "restore", "remove"])
    def test_somebody_else_was_faster(self, site, action):
        """Two administrators look at the same; the second one is told, and is shown how it is now."""
        number = id_of(site, CX600)
        plan = asked(site, action, number)
        site.store.ctl("rule", "restore", number, "--to", RESTORE)
        now, count = rules(site), len(activities(site))
        answer = send(site, form_of(plan))
        assert answer.status == 409 and f"rule {number} ({CX600}) has other versions than were shown" in answer.text
        assert f'value="{number}@{PENDING}/{RESTORE}/{APPROVED}"' in answer.text
        assert (rules(site), len(activities(site))) == (now, count)
        answer = send(site, form_of(plan), headers={"Accept": "application/json"})
        assert json.loads(answer.text)["error"] == "DU0713"

    def test_one_of_several_was_changed(self, site):
        plan = asked(site, "approve", *rules(site))
        site.store.ctl("rule", "reset", id_of(site, PENDING_ONLY))
        now = rules(site)
        assert send(site, form_of(plan)).status == 409
        assert rules(site) == now

    def test_what_was_pending_is_not_any_more(self, site):
        """The form that scripts know from the command line: ID@VERSION."""
        number = id_of(site, CX600)
        assert send(site, {"action": "approve", "id": f"{number}@9.9"}).status == 409
        assert send(site, {"action": "approve", "id": f"{number}@{PENDING}"}).status == 303

    def test_removed_by_somebody_else(self, site):
        number = id_of(site, AASTRA)
        plan = asked(site, "remove", number)
        site.store.ctl("rule", "remove", number)
        answer = send(site, form_of(plan))
        assert answer.status == 404 and f"there is no rule {number}" in answer.text

    def test_json(self, site):
        pages, number = Pages(site), id_of(site, CX600)
        body = json.dumps({"action": "approve", "id": [f"{number}@{PENDING}", id_of(site, AASTRA)], "note": "by script"})
        answer = pages.ask("POST", "rules", body.encode(), {"Content-Type": "application/json", "Accept": "application/json",
                                                           "X-DevUpdate-Token": pages.made_token("rules")})
        said = json.loads(answer.text)
        assert (answer.status, said["result"], said["count"]) == (200, "rules.approved", 1)
        assert versions(said["rules"][0]["after"]) == (None, PENDING, APPROVED)
        assert [key_of(rule) for rule in said["idle"]] == [AASTRA]

    @pytest.mark.parametrize("fields", [{"action": "import"}, {"action": ""}, {"action": "approve", "id": "1;2"}, {"action": "approve", "id": "x"}])
    def test_what_cannot_be_done(self, site, fields):
        before = rules(site)
        assert send(site, fields).status == 400
        assert rules(site) == before

    def test_no_token(self, site):
        before = rules(site)
        assert Pages(site).post("rules", {"action": "approve", "id": id_of(site, CX600)}, token=None).status == 403
        assert rules(site) == before

    def test_a_phone_gets_what_was_approved(self, site):
        until(lambda: site.offered() == APPROVED, "as at the beginning", limit=20)
        assert confirm(site, "approve", id_of(site, CX600)).status == 303
        until(lambda: site.offered() == PENDING, "offered", limit=20)
        assert confirm(site, "restore", id_of(site, CX600)).status == 303
        until(lambda: site.offered() == APPROVED, "restored", limit=20)


class TestRoles(RulesClass):
    MAY = {"admin": ACTIONS, "operator": ("reset",), "helpdesk": (), "viewer": (), "berlin": ()}

    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        prepare(store, ("admin", "operator", "helpdesk", "viewer", "berlin", "stranger"))
        store.ctl("role", "set", "berlin", "administrator", "--site", "Berlin")

    @pytest.mark.parametrize("user", MAY)
    def test_F1_who_may_see_sees_no_button_that_is_not_theirs(self, site, user):
        html = Pages(site, user).get("rules").text
        assert CX600.split("/")[2] in html
        shown = re.findall(r'name="confirm" value="(\w+)"', html)
        assert shown == [action for action in ("approve", "reset", "restore", "remove") if action in self.MAY[user]]
        assert ('type="checkbox" name="id"' in html) == bool(shown)
        one = Pages(site, user).json(f"rules?id={id_of(site, CX600)}")
        assert [entry["action"] for entry in one["actions"]] == [action for action in ("approve", "reset", "restore", "remove") if action in self.MAY[user]]
        assert any(image["restore"] for image in one["images"]) == ("restore" in self.MAY[user])

    @pytest.mark.parametrize("user", MAY)
    @pytest.mark.parametrize("action, key", [("approve", CX600), ("reset", CX600), ("restore", CX600), ("withdraw", AASTRA)])
    def test_F1_F2_a_direct_post_is_refused(self, site, user, action, key):
        """Rules are everyone's, so an administrator of one site changes none of them."""
        before, number = rules(site), id_of(site, key)
        asking = Pages(site, user).get(f"rules?confirm={action}&id={number}")
        answer = send(site, {"action": action, "id": number}, user=user)
        if action in self.MAY[user]:
            assert (asking.status, answer.status) == (200, 303)
        else:
            assert (asking.status, answer.status) == (403, 403)
            assert "does not allow this" in answer.text and rules(site) == before

    @pytest.mark.parametrize("user", [user for user in MAY if user != "admin"])
    def test_F1_F2_nobody_else_removes(self, site, user):
        before = rules(site)
        assert send(site, {"action": "remove", "id": id_of(site, AASTRA)}, user=user).status == 403
        assert rules(site) == before

    def test_no_role(self, site):
        answer = Pages(site, "stranger").get("rules")
        assert answer.status == 403 and "CX600" not in answer.text

    def test_operators_approve_where_the_setting_says_so(self, site):
        site.store.ctl("setting", "set", "operators-approve", "yes")
        try:
            assert send(site, {"action": "approve", "id": id_of(site, CX600)}, user="operator").status == 303
        finally:
            site.store.ctl("setting", "set", "operators-approve", "no")


class TestOneRule(RulesClass):
    def test_everything_about_it(self, site):
        number = id_of(site, CX600)
        one = Pages(site).json(f"rules?id={number}")
        assert one["rule"] == rules(site)[number]
        assert [(image["version"], image["place"], image["trust"]) for image in one["images"]] == [
            (PENDING, "pending", "unverified"), (APPROVED, "approved", "unverified"), (RESTORE, "restore", "unverified")]
        shown = {image["version"]: image["files"] for image in json.loads(site.store.ctl("rule", "show", number, "--json"))["images"]}
        assert {image["version"]: image["files"] for image in one["images"]} == shown
        assert one["images"][0]["bytes"] == sum(file["size"] + file["signature_size"] for file in shown[PENDING])
        assert {row["object"] for row in one["activities"]} == {f"rule {number}"} and one["activities"][0]["id"] == max(row["id"] for row in one["activities"])
        html = Pages(site).get(f"rules?id={number}").text
        assert shown[PENDING][0]["sha256"] in html and words(html).count("Restore to this version") == 1

    def test_forecast_before_and_outcome_afterwards(self, site):
        number, phones = id_of(site, CX600), Phones(site.store)
        for version in (APPROVED, PENDING, "1.0"):
            phones.add(version=version)
        phones.add(version="1.0", held="*")

        def shown():
            one = Pages(site).json(f"rules?id={number}")
            told = json.loads(site.store.ctl("rule", "forecast", number, "--json"))
            assert (one["forecast"], one["outcome"]) == (told["forecast"], told["outcome"])
            return one, words(Pages(site).get(f"rules?id={number}").text)
        one, text = shown()
        assert [one["forecast"][name] for name in ("version", "known", "on_version", "held", "phones")] == [PENDING, 4, 1, 1, 2]
        assert one["forecast"]["bytes"] == 2 * one["forecast"]["bytes_each"] > 0
        assert f"When {PENDING} is approved, 2 of 4 known phones are offered it" in text
        site.store.ctl("rule", "approve", number)
        one, text = shown()
        assert one["forecast"] is None and "are offered it" not in text
        assert [one["outcome"][name] for name in ("version", "known_then", "phones_foretold", "on_version")] == [PENDING, 4, 3, 1]
        assert f"When {PENDING} was approved, 3 of 4 known phones did not run it" in text
        site.store.ctl("rule", "restore", number)
        assert "was approved, 3 of 4" in shown()[1]    # as many do not run the version before

    def test_its_activity_and_nobody_elses(self, site):
        Phones(site.store).insert("rule", id=10, device_key="a/b/c/d/e", type="a", brand="b", model="c", revision="d", locale="e",
                                  update_type="CPE", pending="1", approved="", restore="")
        site.store.ctl("rule", "reset", 10)
        assert {row["object"] for row in Pages(site).json("rules?id=10")["activities"]} == {"rule 10"}
        assert "rule 10" not in {row["object"] for row in Pages(site).json("rules?id=1")["activities"]}

    def test_none(self, site):
        assert Pages(site).get("rules?id=999").status == 404

    def test_buttons(self, site):
        assert [entry["action"] for entry in Pages(site).json(f"rules?id={id_of(site, AASTRA)}")["actions"]] == ["withdraw", "remove"]


class TestHostile(RulesClass):
    """Names that should never have come in: shown harmlessly in every field of every view."""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_every_field(self, site, text):
        phones, version = Phones(site.store), text[:1000]   # a form has no more room, and an import takes in 20
        phones.insert("rule", id=50, device_key=f"hostile{len(text)}", type=text, brand=text, model=text, revision=text, locale=text,
                      update_type=text, pending=version, approved=f"{version}2", restore=f"{version}3")
        phones.insert("image", id=5000, rule_id=50, version=version, package_id=1, trust="unverified", signer=text)
        phones.insert("image_file", image_id=5000, position=0, name=text, size=1, digest="0" * 64, signature=text, signature_size=1,
                      signature_digest="0" * 64, timestamp=text)
        phones.insert("activity", id=9_000_000 + HOSTILE.index(text), time=1, actor=text, node=text, action=text, object="rule 50", before=text, after=text,
                      note=text, role=text, digest="")
        pages = Pages(site)
        assert pages.get("rules").text.count("<tr") == 5
        for target in ("rules", "rules?id=50", "rules?confirm=approve&id=50", "rules?confirm=remove&id=50", "rules?confirm=approve&all=yes"):
            answer = pages.get(target)
            assert answer.status == 200 and dangers(answer.text) == [], target
        assert next(rule for rule in pages.json("rules")["rules"] if rule["id"] == 50)["brand"] == text
        assert send(site, form_of(asked(site, "approve", 50))).status == 303

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\"'><i>", "\u202eabc", "=1+1"])
    def test_every_parameter(self, site, text):
        pages = Pages(site)
        for name in ("q", "type", "brand", "model", "revision", "locale"):
            answer = pages.ask("GET", f"rules?{name}=" + "".join(f"%{byte:02X}" for byte in text.encode()), headers={"Accept": "text/html"})
            assert answer.status == 200 and dangers(answer.text) == []


class TestStoreAway(RulesClass):
    def test_says_so(self, site, ledger):
        ledger.declare("DU0520")
        away = site.store.database.with_suffix(".away")
        site.store.database.rename(away)
        try:
            assert Pages(site).get("rules").status == 503
        finally:
            away.rename(site.store.database)


@pytest.fixture(scope="module")
def server():
    made = pgsql.start()
    yield made
    made.close()


class TestMany(PagesClass):
    """2,000 rules on either database; only one test changes them, and the others do not look at their versions."""

    RULES = 2000

    @pytest.fixture(scope="class", params=["sqlite3", "pgsql"])
    def site(self, request, new_site):
        made = new_site(f"many-{request.param}", empty=True)
        if request.param == "pgsql":
            made.store = pgsql.new_store(made.store.directory, request.getfixturevalue("server"), "many_rules")
        made.store.init()
        many_phones.fill(made.store.spec, many_phones.parse([made.store.spec, "--phones", "4000", "--events", "0", "--rules", str(self.RULES), "--sites", "3"]))
        prepare(made.store)
        made.start(config=self.config, modules=self.modules)
        yield made
        finish(made)

    def test_pages(self, site):
        pages, seen, target = Pages(site), [], "rules?sort=model"
        while target:
            page = pages.json(target)
            seen += [rule["id"] for rule in page["rules"]]
            target = page["next"]
        total = page["total"]
        assert len(seen) == len(set(seen)) == total > 1000
        assert page["pages"] == page["page"] == -(-total // 100) and page["previous"].endswith(f"page={page['pages'] - 1}")
        assert "Page 2 of" in pages.get("rules?page=2").text

    def test_F4_all_that_match_across_pages(self, site):
        """What a filter matches is more than a page; one form takes it there and back."""
        pages = Pages(site)
        total = pages.json("rules")["total"]
        some = pages.json("rules?brand=POLYCOM&page=2")
        assert some["pages"] > 2
        plan = pages.json(f"rules?confirm=restore&id={some['rules'][0]['id']}&brand=POLYCOM")
        assert plan["all_count"] == some["count"] < total
        plan = pages.json(plan["all"])
        assert plan["count"] == some["count"] and {rule["brand"] for rule in plan["rules"]} == {"POLYCOM"}
        assert len(plan["models"]) == 20 and plan["more_models"] > 0
        assert plan["models"] == sorted(plan["models"], key=lambda model: (-model["touched"], -model["count"])) and plan["known"] > plan["touched"] > 0
        before = rules(site)
        assert f"Rules restored: {plan['count']}." in pages.after(send(site, form_of(plan))).text
        after = rules(site)
        assert {rule["brand"] for number, rule in before.items() if after[number] != rule} == {"POLYCOM"}
        assert sum(after[number] != rule for number, rule in before.items()) == plan["count"]
        assert len(activities(site, "restore")) == min(plan["count"], 1000)
        back = pages.json("rules?confirm=withdraw&all=yes&brand=POLYCOM")
        assert back["withdrawn"] == plan["count"]

    @pytest.mark.skipif(bool(os.environ.get("SANITIZER_RUNTIME")), reason="a sanitizer needs memory of its own")
    @pytest.mark.parametrize("query", ["", "confirm=remove&all=yes"])
    def test_memory(self, site, query):
        """Under 32 MB, also with all rules in one form. A process begins with the peak of the one that starts it, so a small one does."""
        code = ("import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL);"
                "_, status, usage = os.wait4(p.pid, 0); print(status, usage.ru_maxrss)")
        environment = {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "REMOTE_USER": "admin", "HTTP_ACCEPT": "text/html",
                       "DEVUPDATE_STORE": site.store.spec, "DEVUPDATE_FILES": str(site.store.files)}
        said = subprocess.run([sys.executable, "-S", "-c", code, os.environ["builddir"] + "/admin/rules"], env={**os.environ, **environment},
                              capture_output=True, text=True, check=True)
        status, peak = map(int, said.stdout.split())
        assert status == 0 and peak < 32 * 1024, f"{peak} KiB {said.stderr}"

    def test_everything_at_once(self, site):
        pages = Pages(site)
        html = pages.get("rules?confirm=remove&all=yes").text
        assert html.count('name="id"') == pages.json("rules")["total"]
        assert "By model" in html
