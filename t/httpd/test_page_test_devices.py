"""The page of test devices (administration.md 1.7, 2.3; D1 to D6, F1, F2)."""
import json

import pytest

from pages import Pages, PagesClass, prepare
from phone import request_xml
from phones import Phones
from store import APPROVED, PENDING
from waiting import until

MAC = "00-04-F2-AB-CD-EF"
HOSTILE = "a&b'\u202egnp;--{x}"   # what a name may have in it


def devices(site):
    return {f"{row['scope']}/{row['name']}": row["compared_as"] for row in json.loads(site.store.ctl("test-device", "list", "--json"))}


def activities(site):
    """Of changes; what was refused is on record, too."""
    return [row for row in json.loads(site.store.ctl("activity", "list", "--json")) if row["action"] != "refuse"]


def add(pages, **fields):
    return pages.post("test_devices", {"action": "add", "scope": "global", "name": "desk", "kind": "mac", "identifier": MAC, **fields})


def choices(pages, *names):
    return [("device", row["choice"]) for row in pages.json("test_devices")["test_devices"] if f"{row['scope']}/{row['name']}" in names]


class Places(PagesClass):
    """Two sites; "berlin" is an operator of one of them."""

    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        store.ctl("site", "add", "Lab", "10.2.0.0/16")
        prepare(store, ("admin", "operator", "helpdesk", "viewer", "berlin", "stranger"))
        store.ctl("role", "set", "berlin", "operator", "--site", "Berlin")


@pytest.fixture
def clean(site):
    """No test devices are left by the test before."""
    for scope in ("global", "site:Berlin", "site:Lab"):
        site.store.ctl("test-device", "remove", "--all", "--scope", scope)
    return site


class TestAdding(Places):
    @pytest.mark.parametrize("text", ["0004f2abcdef", MAC, "00:04:f2:ab:CD:EF"])
    def test_D1_three_notations(self, clean, text):
        pages = Pages(clean, "operator")
        answer = pages.after(add(pages, identifier=text))
        assert "The test device was added." in answer.text and text in answer.text
        assert devices(clean) == {"global/desk": MAC}

    @pytest.mark.parametrize("text", ["00-04-F2-AB-CD", "00-04:F2-AB-CD-EF", "\u0660\u0661", "x" * 200])
    def test_D1_no_mac_address(self, clean, text):
        before = activities(clean)
        answer = add(Pages(clean), identifier=text, name="kept 'name'")
        assert answer.status == 400
        assert "is not a MAC address: six or more pairs" in answer.text and "DU0875" in answer.text
        assert "value=\"kept 'name'\"" in answer.text   # what was typed is still there
        assert (devices(clean), activities(clean)) == ({}, before)

    def test_D2_serial_number(self, clean):
        assert add(Pages(clean), kind="serial", identifier="AB37_679e-x").status == 303
        assert devices(clean) == {"global/desk": "ab37_679e-x"}
        answer = add(Pages(clean), name="two", kind="serial", identifier="07823/A")
        assert answer.status == 400 and '<option value="serial" selected="selected">' in answer.text

    def test_D3_names(self, clean):
        pages = Pages(clean)
        assert add(pages).status == 303
        assert add(pages, scope="site:Berlin").status == 303
        answer = add(pages, name="DESK", scope="site:Berlin")
        assert answer.status == 409 and "DU0723" in answer.text
        assert list(devices(clean)) == ["global/desk", "site:Berlin/desk"]

    @pytest.mark.parametrize("fields, status", [({"scope": "site:Paris"}, 404), ({"scope": "everywhere"}, 400), ({"scope": ""}, 400),
                                                ({"name": ""}, 400), ({"name": "a/b"}, 400), ({"name": "x" * 65}, 400), ({"identifier": ""}, 400)])
    def test_what_cannot_be(self, clean, fields, status):
        assert add(Pages(clean), **fields).status == status
        assert devices(clean) == {}

    def test_json(self, clean):
        pages = Pages(clean)
        sent = {"action": "add", "scope": "site:Lab", "name": "desk", "kind": "mac", "identifier": MAC, "token": pages.token("test_devices")}
        answer = pages.ask("POST", "test_devices", json.dumps(sent), {"Content-Type": "application/json", "Accept": "application/json"})
        assert answer.status == 200
        assert json.loads(answer.text) == {"result": "test_devices.added", "count": 1, "test_device": {
            "scope": "site:Lab", "name": "desk", "identifier_type": "mac", "identifier": MAC, "compared_as": MAC}}


class TestList(Places):
    def test_order_and_scope(self, clean):
        for scope in ("site:Lab", "site:Berlin", "global"):
            for name in ("b", "a"):
                clean.store.ctl("test-device", "add", name, "--serial", name, "--scope", scope)
        rows = Pages(clean).json("test_devices")["test_devices"]
        assert [f"{row['scope']}/{row['name']}" for row in rows] == \
               ["global/a", "global/b", "site:Berlin/a", "site:Berlin/b", "site:Lab/a", "site:Lab/b"]
        rows = Pages(clean).json("test_devices?show=site:berlin")["test_devices"]
        assert [f"{row['scope']}/{row['name']}" for row in rows] == ["site:Berlin/a", "site:Berlin/b"]
        assert all(row["listed_twice"] for row in rows)
        assert Pages(clean).get("test_devices?show=nonsense").status == 400
        assert [Pages(clean, user).json(f"test_devices{query}")["may_empty"] for user, query in (
            ("admin", ""), ("admin", "?show=global"), ("viewer", "?show=global"), ("berlin", "?show=site:Berlin"), ("berlin", "?show=site:Lab"))] == \
               [False, True, False, True, False]

    def test_hostile_names(self, clean):
        assert add(Pages(clean), name=HOSTILE, kind="serial", identifier="x").status == 303
        text = Pages(clean).get("test_devices").text
        assert "<bdi>a&amp;b'\\xe2\\x80\\xaegnp;--{x}</bdi>" in text
        assert Pages(clean).json("test_devices")["test_devices"][0]["name"] == HOSTILE
        answer = Pages(clean).post("test_devices", [("action", "remove"), *choices(Pages(clean), f"global/{HOSTILE}")])
        assert answer.status == 303 and devices(clean) == {}

    def test_japanese(self, clean):
        text = Pages(clean).get("test_devices?language=ja").text
        assert "テスト デバイスの追加" in text and "MAC アドレス" in text


class TestRemoving(Places):
    @pytest.fixture
    def six(self, clean):
        for scope in ("global", "site:Berlin", "site:Lab"):
            clean.store.ctl("test-device", "add", "one", "--serial", "1", "--scope", scope)
            clean.store.ctl("test-device", "add", "two", "--mac", MAC, "--scope", scope)
        return clean

    def test_several_with_a_confirmation(self, six):
        pages = Pages(six)
        chosen = choices(pages, "global/one", "site:Lab/two")
        asked = pages.get("test_devices?confirm=remove&device=global/one@1&device=site:Lab/two@" + MAC)
        assert "Remove these test devices?" in asked.text and asked.text.count('name="device"') == 2
        assert len(devices(six)) == 6
        answer = pages.after(pages.post("test_devices", [("action", "remove"), *chosen]))
        assert "Test devices removed: 2." in answer.text
        assert sorted(devices(six)) == ["global/two", "site:Berlin/one", "site:Berlin/two", "site:Lab/one"]
        assert [(row["actor"], row["action"], row["object"]) for row in activities(six)[:2]] == \
               [("admin", "remove", "test-device site:Lab/two"), ("admin", "remove", "test-device global/one")]

    @pytest.mark.parametrize("scope", ["global", "site:Berlin"])
    def test_D5_a_whole_scope(self, six, scope):
        pages = Pages(six)
        asked = pages.json(f"test_devices?confirm=empty&show={scope}")
        assert [row["scope"] for row in asked["test_devices"]] == [scope] * 2
        chosen = [("device", row["choice"]) for row in asked["test_devices"]]
        assert pages.post("test_devices", [("action", "remove"), *chosen]).status == 303
        assert len(devices(six)) == 4 and not any(name.startswith(f"{scope}/") for name in devices(six))
        assert add(pages, scope=scope).status == 303   # the scope is still there

    def test_all_or_none(self, six):
        before = activities(six)
        answer = Pages(six).post("test_devices", [("action", "remove"), ("device", "global/one@1"), ("device", "global/gone@1")])
        assert answer.status == 404 and "scope global has no test device gone" in answer.text
        assert len(devices(six)) == 6 and activities(six) == before

    def test_another_phone_meanwhile(self, six):
        chosen = choices(Pages(six), "global/one")
        six.store.ctl("test-device", "remove", "one")
        six.store.ctl("test-device", "add", "one", "--serial", "2")
        asked = Pages(six).json("test_devices?confirm=remove&device=global/one@1")
        assert (asked["gone"], asked["test_devices"]) == (1, [])
        answer = Pages(six).post("test_devices", [("action", "remove"), *chosen])
        assert answer.status == 409 and "is another phone now: its identifier is 2, not 1" in answer.text
        assert devices(six)["global/one"] == "2"

    @pytest.mark.parametrize("chosen", [[], [("device", "one")], [("device", "global/one")], [("device", "nowhere/one@1")]])
    def test_nothing_chosen(self, six, chosen):
        assert Pages(six).post("test_devices", [("action", "remove"), *chosen]).status == 400
        assert len(devices(six)) == 6

    def test_D6_a_phone_notices(self, six):
        """An ordinary phone, a test device, an ordinary phone again."""
        mac = "00-04-F2-00-00-77"
        pages, body = Pages(six), request_xml(MacAddress=mac)
        assert six.offered(body) == APPROVED
        add(pages, name="its", identifier=mac)
        until(lambda: six.offered(body) == PENDING, "the pending version is offered")
        pages.post("test_devices", [("action", "remove"), *choices(pages, "global/its")])
        until(lambda: six.offered(body) == APPROVED, "the approved version is offered")


class TestRoles(Places):
    @pytest.mark.parametrize("user", ["helpdesk", "viewer"])
    def test_F1_may_look_only(self, clean, user):
        clean.store.ctl("test-device", "add", "desk", "--serial", "1")
        before = activities(clean)
        pages, token = Pages(clean, user), Pages(clean, user).made_token("test_devices")
        seen = pages.get("test_devices").text
        assert "desk" in seen and "<form class=\"fields\"" not in seen and 'type="checkbox"' not in seen
        for fields in ([("action", "add"), ("scope", "global"), ("name", "x"), ("kind", "serial"), ("identifier", "x")],
                       [("action", "remove"), ("device", "global/desk@1")]):
            assert pages.post("test_devices", fields, token=token).status == 403
        assert pages.get("test_devices?confirm=empty&show=global").status == 403
        assert activities(clean) == before

    def test_F2_limited_to_a_site(self, clean):
        for scope in ("global", "site:Berlin", "site:Lab"):
            clean.store.ctl("test-device", "add", "desk", "--serial", "1", "--scope", scope)
        pages = Pages(clean, "berlin")
        rows = pages.json("test_devices")
        assert [(row["scope"], row["may_change"]) for row in rows["test_devices"]] == \
               [("global", False), ("site:Berlin", True), ("site:Lab", False)]
        assert [row["scope"] for row in rows["own_scopes"]] == ["site:Berlin"]
        for scope, status in (("global", 403), ("site:Lab", 403), ("site:Berlin", 303)):
            assert add(pages, scope=scope, name="new").status == status
            assert pages.post("test_devices", {"action": "remove", "device": f"{scope}/desk@1"}).status == status
        # one of two is not theirs: nothing happens to the other either
        both = [("device", "site:Berlin/new@" + MAC), ("device", "site:Lab/desk@1")]
        assert pages.post("test_devices", [("action", "remove"), *both]).status == 403
        assert list(devices(clean)) == ["global/desk", "site:Berlin/new", "site:Lab/desk"]

    def test_unknown_action(self, clean):
        answer = Pages(clean).post("test_devices", {"action": "rename"})
        assert answer.status == 400 and "DU0737" in answer.text


class TestNote(Places):
    def test_why_is_on_record(self, clean):
        assert add(Pages(clean), note=" for the <b>pilot</b>, ÄÖ ").status == 303
        assert activities(clean)[0]["note"] == "for the <b>pilot</b>, ÄÖ"
        text = Pages(clean).get("test_devices").text
        assert 'name="note"' in text and "<label><span>Reason" in text

    def test_too_long(self, clean):
        assert add(Pages(clean), note="x" * 1001).status == 400 and devices(clean) == {}
        assert add(Pages(clean), note="x" * 1000).status == 303

    def test_not_in_a_url(self, clean):
        answer = Pages(clean).get("test_devices?note=x")
        assert answer.status == 400 and "DU1135" in answer.text


class TestPhones(Places):
    def test_what_is_known_of_one(self, clean):
        Phones(clean.store).add(mac=MAC, serial="07823-a345")
        for kind, identifier in (("mac", MAC.replace("-", ":")), ("serial", "07823-A345")):
            assert add(Pages(clean), name=kind, kind=kind, identifier=identifier).status == 303
        for row in Pages(clean).json("test_devices")["test_devices"]:
            assert [phone["mac"] for phone in Pages(clean).json(row["phone_href"])["phones"]] == [MAC], row
            assert f'href="{row["phone_href"]}"' in Pages(clean).get("test_devices").text
