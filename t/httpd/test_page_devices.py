"""The pages of phones: found, sorted, counted, explained; and what hostile phones say of themselves does no harm."""
import csv
import io
import json
import re
import urllib.parse

import pytest

import pages
from pages import Pages, PagesClass, without_store
from parsed import dangers, words
from phones import DAY, HOSTILE, NOW, SECOND, Phones, log_name

OLD = "4.0.7577.4387"


class PhonesClass(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        store.ctl("site", "add", "Here", "10.1.0.0/16")
        phones = Phones(store)
        phones.filled()
        phones.add(mac="00-04-F2-12-34-56", serial="abc-1", address="10.1.2.3", user_name="sip:Bob@contoso.com", site="here")
        phones.add(state="stuck", version=OLD, offered="4.0.7577.4463", offers=7, offered_time=(NOW - 5 * 86400) * SECOND,
                   result="offered", reason="approved")
        phones.add(seen=90)
        phones.add(key=("UCPhone", "POLYCOM", "CX500", "A", "ENU"), state="unknown", reason="no-rule", mac="", mac_reverse="")
        for number in range(1, 121):
            phones.event(1, number, time=NOW * SECOND - (120 - number) * DAY // 24)
        phones.event(1, 121, kind="upload", result="stored", reason="", file=f"DeviceUpdateLogs/Client/CELog/{log_name('abc-1')}", bytes=9)
        phones.run("UPDATE device SET events = 121 WHERE id = 1")
        phones.stranger("UCPhone", "NEWCOM", "X1", "A", "ENU")
        store.ctl("test-device", "add", "bob", "--mac", "0004F2123456")


def ids(document):
    return [phone["id"] for phone in document["phones"]]


class TestList(PhonesClass):
    @pytest.mark.parametrize("query, found", [
        ("", [1, 2, 4, 3]), ("q=00:04:f2:12:34:56", [1]), ("q=3456", [1]), ("q=ABC-1", [1]), ("q=10.1.2.3", [1]), ("q=sip:bob", [1]),
        ("q=nothing", []), ("state=stuck", [2]), ("state=gone", [3]), ("model=cx500", [4]), (f"version={OLD}", [2]), ("site=HERE", [1]),
        ("site=-", [2, 4, 3]), ("unseen=30", [3]), ("unseen=100", []), ("state=current&site=here", [1])])
    def test_found(self, site, query, found):
        document = Pages(site).json(f"devices?{query}")
        assert sorted(ids(document)) == sorted(found) and document["count"] == len(found)

    def test_sorted(self, site):
        macs = [phone["mac"] or "" for phone in Pages(site).json("devices?sort=mac")["phones"]]
        assert macs == sorted(macs)
        text = Pages(site).get("devices?sort=mac").text
        assert re.search(r'<th scope="col" aria-sort="ascending"><a href="devices\?sort=mac">', text)

    def test_counts_lead_to_phones(self, site):
        document = Pages(site).json("devices")
        assert {state["state"]: state["phones"] for state in document["states"] if state["phones"]} == \
            {"current": 1, "stuck": 1, "gone": 1, "unknown": 1}
        (cx600,) = [model for model in document["models"] if model["model"] == "CX600"]
        assert cx600["phones"] == 3
        for cell in cx600["cells"]:
            assert len(ids(Pages(site).json(cell["href"]))) == cell["phones"]
        assert document["unknown_kinds"] == 1

    def test_kinds_without_a_rule(self, site):
        phones, kind = Phones(site.store), ("UCPhone", "NEWCOM", "X1", "A", "ENU")

        def unknown():
            kinds = Pages(site).json("devices?kinds=unknown")["kinds"]
            counted = {Pages(site).json(page)["unknown_kinds"] for page in ("index", "devices")}
            assert counted == {len(kinds)}
            return [(one["brand"], one["phones"], one["checks"]) for one in kinds]
        assert unknown() == [("NEWCOM", 0, 5)]
        phones.insert("rule", id=99, device_key="/".join(kind).lower(), type=kind[0], brand=kind[1], model=kind[2], revision=kind[3],
                      locale=kind[4], update_type="CPE", pending="", approved="", restore="")
        assert unknown() == []
        phones.run("DELETE FROM rule WHERE id = 99")
        assert unknown() == [("NEWCOM", 0, 5)]

    @pytest.mark.parametrize("query", ["state=lost", "sort=user", "unseen=-1", "unseen=x", "after=nonsense", "format=xml", "id=0", "id=-1",
                                       "id=x", "id=1&before=-1", "unknown=1"])
    def test_what_is_no_question(self, site, query):
        assert Pages(site).get(f"devices?{query}").status == 400

    def test_csv(self, site):
        answer = Pages(site).ask("GET", "devices?format=csv&state=stuck")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["id"] for row in rows] == ["2"] and rows[0]["offered_version"] == "4.0.7577.4463"
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8" and "phones.csv" in answer.headers["Content-Disposition"]

    @pytest.mark.parametrize("user", ["viewer", "helpdesk", "operator"])
    def test_every_role_reads(self, site, user):
        assert Pages(site, user).get("devices").status == Pages(site, user).get("devices?id=1").status == 200
        assert Pages(site, user).ask("POST", "devices", b"").status == 403

    def test_japanese(self, site):
        assert "停滞" in Pages(site).get("devices?language=ja").text


class TestOne(PhonesClass):
    def test_what_it_is(self, site):
        document = Pages(site).json("devices?id=1")
        assert document["phone"]["serial"] == "abc-1" and document["test_device"] == "bob" and document["rule"]["approved_version"]
        assert document["events"][0]["log"] == f"device_logs?view=CELog%2f{log_name('abc-1')}"
        assert Pages(site, "viewer").json("devices?id=1")["events"][0]["log"] is None

    def test_history_has_pages(self, site):
        page, target, numbers = Pages(site), "devices?id=1", []
        while target:
            document = page.json(target)
            numbers += [event["number"] for event in document["events"]]
            target = document["next"]
        assert numbers == list(range(121, 0, -1))

    def test_why_it_is_stuck(self, site):
        text = Pages(site).get("devices?id=2").text
        assert "It was offered 4.0.7577.4463 7 times since" in text and f"still reports {OLD}" in text

    def test_nobody(self, site):
        assert Pages(site).get("devices?id=99").status == 404


def act(page, fields):
    """The list has no form that changes something, and so no token."""
    return page.post("devices", fields, token=page.made_token("devices"))


class TestHold(PagesClass):
    """Phone 1 is in Berlin, 2 nowhere; 3 is known by its address alone."""

    @staticmethod
    def prepare_store(store):
        pages.prepare(store, (*pages.USERS, "berlin"))
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        store.ctl("role", "set", "berlin", "helpdesk", "--site", "Berlin")
        phones = Phones(store)
        phones.filled()
        phones.add(address="10.1.2.3", site="berlin", version=OLD, state="offered", offered="4.0.7577.4463", offers=1, result="offered",
                   reason="approved")
        phones.add()
        phones.add(mac="", mac_reverse="", serial="")
        phones.run("UPDATE counter SET value = 100 WHERE name IN ('device', 'device_count')")

    @staticmethod
    def held(site, number=1):
        return Pages(site).json(f"devices?id={number}")["phone"]["held_version"]

    @pytest.mark.parametrize("version", ["*", "4.0.7577.4463"])
    def test_there_and_back(self, site, version):
        page = Pages(site, "helpdesk")
        text = page.get("devices?id=1").text
        assert "Hold this phone" in text and f'<option value="{version}"' in text
        answer = page.after(act(page, {"id": 1, "action": "hold", "version": version, "note": "burns its flash"}))
        assert "The phone is held." in answer.text and "Release this phone" in answer.text and self.held(site) == version
        assert ("offered nothing any more" if version == "*" else f"not offered {version} any more") in answer.text
        event = Pages(site).json("devices?id=1")["events"][0]
        assert (event["kind"], event["version"], event["result"], event["reason"]) == ("hold", version, "held", "helpdesk")
        again = act(page, {"id": 1, "action": "hold", "version": version})
        assert "DU0975" in again.text and again.status == 409
        answer = page.after(act(page, {"id": 1, "action": "release"}))
        assert "offered updates again" in answer.text and self.held(site) is None
        assert "DU0974" in act(page, {"id": 1, "action": "release"}).text
        rows = json.loads(site.store.ctl("activity", "list", "--json", "--user", "helpdesk"))[:2]
        assert [(row["action"], row["before"], row["after"], row["role"]) for row in rows] == \
               [("release", version, "", "helpdesk"), ("hold", "", version, "helpdesk")]
        assert rows[1]["note"] == "burns its flash" and rows[1]["object"] == "device 00-04-F2-00-00-01"

    @pytest.mark.parametrize("user, number, may", [("viewer", 1, False), ("helpdesk", 2, True), ("operator", 2, True), ("berlin", 1, True),
                                                   ("berlin", 2, False)])
    def test_F1_F2_who_may(self, site, user, number, may):
        page = Pages(site, user)
        assert page.json(f"devices?id={number}")["may_hold"] is may
        assert ("Hold this phone" in page.get(f"devices?id={number}").text) is may
        assert act(page, {"id": number, "action": "hold"}).status == (303 if may else 403)
        assert (self.held(site, number) == "*") is may
        assert act(page, {"id": number, "action": "release"}).status == (303 if may else 403)

    def test_nobody_in_particular(self, site):
        page = Pages(site)
        assert page.json("devices?id=3")["may_hold"] is False
        answer = act(page, {"id": 3, "action": "hold"})
        assert answer.status == 400 and "DU0973" in answer.text and self.held(site, 3) is None

    @pytest.mark.parametrize("fields, status", [({"action": "hold"}, 404), ({"id": 99, "action": "hold"}, 404), ({"id": 1}, 400),
                                                ({"id": 1, "action": "burn"}, 400), ({"id": "x", "action": "hold"}, 400)])
    def test_what_cannot_be(self, site, fields, status):
        assert act(Pages(site), fields).status == status
        assert self.held(site) is None


class TestHostile(PagesClass):
    """Every text that a phone says of itself is hostile."""

    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        phones = Phones(store)
        for text in HOSTILE:
            number = phones.add(key=(text,) * 5, version=text, mac="", serial=text, address=text, user_name=text, version_before=text,
                                node=text, offered=text, taken=text, held=text, reason=text, result=text, state="unknown")
            phones.event(number, 1, node=text, address=text, version=text, offered=text, result=text, reason=text, file=text, kind=text)
            phones.stranger(*(text,) * 5)
        phones.add(user_name=b"\xff\xfe<i>".decode("latin-1"), serial="ok")
        phones.run("UPDATE device_name SET user_name = CAST(x'FF3C693E' AS TEXT) WHERE serial = 'ok'")

    @pytest.mark.parametrize("target", ["devices", "devices?kinds=unknown", *(f"devices?id={number}" for number in range(1, 8)), "index"])
    def test_nothing_happens(self, site, target):
        answer = Pages(site).get(target)
        assert answer.status == 200
        assert not dangers(answer.text) and "\u202e" not in words(answer.text)
        Pages(site).json(target)

    def test_table_is_whole(self, site):
        table = Pages(site).get("devices").text.partition("<tbody>")[2].partition("</tbody>")[0]
        rows = table.split("<tr>")[1:]
        assert len(rows) == 7 and all(row.count("<td") == 8 and row.count("<th") == 1 for row in rows)

    def test_csv_has_no_formulas(self, site):
        rows = list(csv.reader(io.StringIO(Pages(site).ask("GET", "devices?format=csv").text)))
        assert len(rows) == 8 and len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell[:1]]

    @pytest.mark.parametrize("text", HOSTILE)
    def test_as_filters(self, site, text):
        for name in ("q", "model", "version", "site"):
            answer = Pages(site).get("devices?" + urllib.parse.urlencode({name: text}))
            assert answer.status in (200, 400)
            assert not dangers(answer.text)


class TestMany(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        phones = Phones(store)
        for number in range(1, 231):
            phones.add(mac=f"00-04-F2-00-{number >> 8:02X}-{number & 255:02X}", seen=number % 3)

    @pytest.mark.parametrize("sort", ["seen", "mac", "model"])
    def test_every_phone_is_on_one_page(self, site, sort):
        page, target, seen = Pages(site), f"devices?sort={sort}", []
        while target:
            document = page.json(target)
            seen += ids(document)
            target = document["next"] or None
        assert sorted(seen) == list(range(1, 231))


class TestStoreAway(PhonesClass):
    def test_503(self, site):
        with without_store(site):
            answers = [Pages(site).get(target).status for target in ("devices", "devices?id=1", "devices?format=csv")]
        assert answers == [503] * 3
        assert Pages(site).get("devices").status == 200
