"""The pages of phones: found, sorted, counted, explained; and what hostile phones say of themselves does no harm."""
import csv
import io
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
        assert Pages(site).json("devices?kinds=unknown")["kinds"][0]["brand"] == "NEWCOM"

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
        assert Pages(site, user).ask("POST", "devices", b"").status == 405

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
        phones.run("UPDATE device SET user_name = CAST(x'FF3C693E' AS TEXT) WHERE serial = 'ok'")

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
