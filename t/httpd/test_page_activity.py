"""The page of activity (administration.md 6, 18)."""
import contextlib
import csv
import io
import json
import sqlite3

import pytest

from pages import Pages, PagesClass, prepare

NOTE = "=1+1,\"x\" <script>alert(1)</script> \u202e" + "y" * 900


def ids(pages, query=""):
    return [row["id"] for row in pages.json(f"activity{query}")["rows"]]


def change_row(site, row, what):
    with contextlib.closing(sqlite3.connect(site.store.database)) as connection, connection:
        connection.execute(f"UPDATE activity SET {what} WHERE id = ?", (row,))


class Recorded(PagesClass):
    @staticmethod
    def prepare_store(store):
        prepare(store)
        for number in range(130):
            store.ctl("setting", "set", "MaxLogFileSize", 70000 + number)
        store.ctl("site", "add", "Berlin", "10.1.0.0/16", "--note", "new building")


class TestActivity(Recorded):
    def test_rows(self, site):
        rows = Pages(site).json("activity")["rows"]
        assert rows == json.loads(site.store.ctl("activity", "list", "--limit", 100, "--json"))
        assert (rows[0]["action"], rows[0]["object"], rows[0]["after"], rows[0]["note"]) == ("add", "site:Berlin", "10.1.0.0/16", "new building")
        text = Pages(site).get("activity").text
        assert "<bdi>new building</bdi>" in text and f'<time datetime="{rows[0]["time"]}"' in text

    def test_pages(self, site):
        pages, seen, target = Pages(site), [], "activity?object=setting"
        while target:
            data = pages.json(target)
            seen += [row["id"] for row in data["rows"]]
            assert (data["newest"] is None) == (target == "activity?object=setting")
            target = data["next"]
        assert len(seen) == 130 and seen == sorted(seen, reverse=True)

    @pytest.mark.parametrize("query, matches", [
        ("?actor=nobody", False), ("?action=add", True), ("?object=site:", True), ("?object=SITE:", False), ("?until=2020-01-01", False),
        ("?since=2020-01-01&until=2999-01-01T00:00:00Z", True), ("?action=add&object=site:B&since=2020-01-01%2000:00:00", True), ("?object=%25", False)])
    def test_filters(self, site, query, matches):
        found = [(row["action"], row["object"]) for row in Pages(site).json(f"activity{query}")["rows"]]
        assert (("add", "site:Berlin") in found) == matches
        if "action" in query:
            assert {action for action, _ in found} <= {"add"}
        assert ("There are no such activities" in Pages(site).get(f"activity{query}").text) == (not found)

    def test_filter_stays(self, site):
        text = Pages(site).get("activity?object=setting%20%22%3E&actor=a%26b").text
        assert 'name="object" autocomplete="off" spellcheck="false" value="setting &quot;&gt;"' in text and 'value="a&amp;b"' in text

    @pytest.mark.parametrize("query", ["?before=0", "?before=-1", "?before=x", "?before=99999999999999999999", "?since=yesterday", "?until=2026-13-01",
                                       "?format=xml", "?limit=5"])
    def test_nonsense(self, site, query):
        assert Pages(site).get(f"activity{query}").status == 400

    @pytest.mark.parametrize("user", ["admin", "operator", "helpdesk", "viewer"])
    def test_F1_everybody_may_read(self, site, user):
        assert len(ids(Pages(site, user))) == 100
        assert Pages(site, user).ask("POST", "activity", b"").status == 405

    def test_csv(self, site):
        answer = Pages(site).get("activity?object=setting&format=csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8" and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''activity.csv"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        listed = json.loads(site.store.ctl("activity", "list", "--object", "setting", "--limit", 1000, "--json"))
        assert [{**row, "id": int(row["id"])} for row in rows] == listed

    def test_whole(self, site):
        assert Pages(site).json("activity")["chain"] is None   # only when it is asked for
        data = Pages(site).json("activity?verify=yes")
        assert data["chain"]["result"] == "whole" and data["chain"]["rows"] == data["rows"][0]["id"]
        assert "The record is whole" in Pages(site).get("activity?verify=yes").text


class TestHostile(PagesClass):
    def test_shown_harmlessly(self, site):
        """A reason, an account and a name that strangers chose."""
        site.store.ctl("role", "set", "<b>'\u202e", "viewer", "--note", NOTE)
        text = Pages(site).get("activity").text
        assert "<script>alert" not in text and "<b>'" not in text
        assert "=1+1,\"x\" &lt;script&gt;alert(1)&lt;/script&gt; \\xe2\\x80\\xaeyyy" in text
        assert "role &lt;b&gt;'\\xe2\\x80\\xae" in text
        assert Pages(site).json("activity")["rows"][0]["note"] == NOTE

    def test_csv_has_no_formulas(self, site):
        row = next(csv.DictReader(io.StringIO(Pages(site).get("activity?format=csv").text)))
        assert row["note"] == "'" + NOTE

    def test_rows_of_other_programs(self, site):
        """A role or a node that this version does not know is shown as it stands."""
        change_row(site, 1, "role = 'emperor', node = x'6eff'")
        text = Pages(site).get("activity").text
        assert ">emperor</bdi>" in text and "n\\xff</bdi>" in text
        assert Pages(site).json("activity")["rows"][-1]["role"] == "emperor"

    def test_changed_row(self, site):
        data = Pages(site).json("activity?verify=yes")
        assert (data["chain"]["result"], data["chain"]["bad_row"], data["chain"]["rows"]) == ("changed", 1, 0)
        assert "The record is not whole: row 1 " in Pages(site).get("activity?verify=yes").text
