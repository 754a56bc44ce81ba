"""The page of settings (administration.md 1.5, 2.4; C1 to C3, C9, F1, F2)."""
import json

import pytest

from pages import Pages, PagesClass, prepare

SITES = 7   # settings that a site can have


def activities(site):
    """Of changes; what was refused is on record, too."""
    return [row for row in json.loads(site.store.ctl("activity", "list", "--json")) if row["action"] != "refuse"]


def values(site, scope="global"):
    return {row["name"]: row["value"] for row in json.loads(site.store.ctl("setting", "list", "--scope", scope, "--json"))}


def change(pages, action="set", **fields):
    return pages.post("settings?name=LogFlushInterval", {"action": action, **fields})


class Places(PagesClass):
    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        store.ctl("site", "add", "Lab", "10.2.0.0/16")
        prepare(store, ("admin", "operator", "helpdesk", "viewer", "berlin"))
        store.ctl("role", "set", "berlin", "operator", "--site", "Berlin")


@pytest.fixture
def clean(site):
    """Defaults everywhere."""
    for scope in ("global", "site:Berlin", "site:Lab"):
        site.store.ctl("setting", "reset", "--scope", scope)
    return site


class TestShowing(Places):
    def test_every_setting_with_its_range(self, clean):
        data = Pages(clean).json("settings")
        listed = json.loads(clean.store.ctl("setting", "list", "--json"))
        assert [{name: row[name] for name in listed[0]} for row in data["settings"]] == listed
        rows = {row["name"]: row for row in data["settings"]}
        assert (rows["LogFlushInterval"]["kind"], rows["LogFlushInterval"]["least"], rows["LogFlushInterval"]["most"]) == ("time", "00:01:00", "01:00:00")
        assert (rows["MaxLogFileSize"]["kind"], rows["MaxLogFileSize"]["least"]) == ("bytes", "65536")
        assert [choice["word"] for choice in rows["catalog-expiry"]["choices"]] == ["accept", "refuse"]
        text = Pages(clean).get("settings").text
        assert "From 00:01:00 to 01:00:00" in text and "1.0 MB" in text and "From 65,536 to 4,294,967,295 bytes (65.5 kB to 4.3 GB)" in text
        assert text.count('<p class="hint">') >= len(listed)   # each has its words

    def test_where_a_value_comes_from(self, clean):
        clean.store.ctl("setting", "set", "LogFlushInterval", "00:10:00")
        clean.store.ctl("setting", "set", "MaxLogFileSize", "70000", "--scope", "site:Berlin")
        rows = {row["name"]: row for row in Pages(clean).json("settings?scope=site:berlin")["settings"]}
        assert [(rows[name]["origin"], rows[name]["is_own"], rows[name]["value"]) for name in ("LogFlushInterval", "MaxLogFileSize", "log-quota")] == \
               [("global", False, "00:10:00"), ("site", True, "70000"), ("default", False, "0")]
        one = Pages(clean).json("settings?scope=site:Berlin&name=maxlogfilesize")["settings"][0]
        assert (one["value"], one["without"]) == ("70000", "1024000")

    @pytest.mark.parametrize("target, status", [("settings?scope=site:Paris", 404), ("settings?scope=Berlin", 400), ("settings?name=Nonsense", 404)])
    def test_what_is_not_there(self, clean, target, status):
        assert Pages(clean).get(target).status == status

    def test_japanese(self, clean):
        text = Pages(clean).get("settings?language=ja").text
        assert "古いログを毎日削除する時刻" in text and "既定値" in text


class TestChanging(Places):
    @pytest.mark.parametrize("name, value, kept", [
        ("LogCleanUpInterval", "1.", "1.00:00:00"), ("LogCleanUpInterval", "365.00:00:00", "365.00:00:00"), ("LogCleanUpInterval", "366.", None),
        ("LogCleanUpInterval", "0.", None), ("LogFlushInterval", "00:00:59", None), ("LogFlushInterval", "00:01:00", "00:01:00"),
        ("LogFlushInterval", "01:00:00", "01:00:00"), ("LogFlushInterval", "01:01:00", None), ("LogCleanUpTimeOfDay", "3:00", "03:00"),
        ("LogCleanUpTimeOfDay", "24:00", None), ("MaxLogFileSize", "65535", None), ("catalog-expiry", "maybe", None), ("log-quota", "-1", None)])
    def test_C3_ranges(self, clean, name, value, kept):
        before = values(clean)[name]
        answer = change(Pages(clean), name=name, value=value)
        assert answer.status == (303 if kept else 400)
        assert values(clean)[name] == (kept or before)
        if not kept:   # the sentence states the range, and what was typed is still there
            assert f"{name} cannot be" in answer.text
            assert name == "catalog-expiry" or f'value="{value}"' in answer.text

    @pytest.mark.parametrize("operation, words, kept", [
        ("remove", "celog, diaglog", "Watson,Config"), ("add", "Trace,watson", "Watson,CELog,Config,DiagLog,Trace"), ("replace", "Trace", "Trace"),
        ("replace", "", "")])
    def test_C9_lists(self, clean, operation, words, kept):
        answer = change(Pages(clean), name="ValidLogFileTypes", value=words, operation=operation)
        assert "The setting was changed." in Pages(clean).after(answer).text
        assert values(clean)["ValidLogFileTypes"] == kept

    def test_of_a_site(self, clean):
        pages = Pages(clean)
        answer = change(pages, scope="site:Lab", name="MaxLogFileSize", value="80000")
        assert answer.headers["Location"].startswith("settings?scope=site%3aLab&done=")
        assert (values(clean, "site:Lab")["MaxLogFileSize"], values(clean)["MaxLogFileSize"]) == ("80000", "1024000")
        assert (activities(clean)[0]["actor"], activities(clean)[0]["object"]) == ("admin", "setting site:Lab/MaxLogFileSize")
        assert change(pages, scope="site:Lab", name="log-quota", value="80000").status == 400   # is one for all sites
        assert 'name="value"' not in pages.get("settings?scope=site:Lab&name=log-quota").text

    def test_nothing_to_do(self, clean):
        change(Pages(clean), name="LogFlushInterval", value="00:10:00")
        before = activities(clean)
        assert "Nothing to do" in Pages(clean).after(change(Pages(clean), name="LogFlushInterval", value="00:10:00")).text
        assert activities(clean) == before

    def test_reset_one(self, clean):
        pages = Pages(clean)
        change(pages, name="LogFlushInterval", value="00:10:00")
        change(pages, name="MaxLogFileSize", value="80000")
        assert "The value was taken back." in pages.after(change(pages, "reset", name="LogFlushInterval")).text
        assert (values(clean)["LogFlushInterval"], values(clean)["MaxLogFileSize"]) == ("00:05:00", "80000")
        assert "Nothing to do" in pages.after(change(pages, "reset", name="LogFlushInterval")).text

    def test_C1_settings_of_its_own(self, clean):
        pages = Pages(clean)
        change(pages, name="MaxLogFileSize", value="80000")
        asked = pages.json("settings?scope=site:Berlin&confirm=new")
        assert [(row["name"], row["value"], row["after"]) for row in asked["changes"]] == [("MaxLogFileSize", "80000", "1024000")]
        done = change(pages, "new", scope="site:Berlin", shown=asked["shown"])
        assert "settings of its own now" in pages.after(done).text
        assert sum(row["is_own"] for row in pages.json("settings?scope=site:Berlin")["settings"]) == SITES
        assert change(pages, "new", scope="site:Berlin").status == 409   # a second time
        assert change(pages, "new", scope="global").status == 409
        assert "Give it settings of its own" not in pages.get("settings?scope=site:Berlin&confirm=new").text

    def test_C2_all_taken_back(self, clean):
        pages = Pages(clean)
        change(pages, name="MaxLogFileSize", value="80000")
        change(pages, scope="site:Berlin", name="MaxLogFileSize", value="90000")
        asked = pages.json("settings?scope=site:Berlin&confirm=reset")
        assert [(row["value"], row["after"]) for row in asked["changes"]] == [("90000", "80000")]
        assert change(pages, "reset", scope="site:Berlin", shown=asked["shown"]).status == 303
        assert values(clean, "site:Berlin")["MaxLogFileSize"] == "80000"
        asked = pages.json("settings?confirm=reset")
        assert [(row["value"], row["after"]) for row in asked["changes"]] == [("80000", "1024000")]
        assert "All values were taken back." in pages.after(change(pages, "reset", shown=asked["shown"])).text
        assert len(pages.json("settings")["settings"]) == len(values(clean)) and values(clean)["MaxLogFileSize"] == "1024000"

    def test_changed_meanwhile(self, clean):
        pages = Pages(clean)
        one, whole = pages.json("settings?name=MaxLogFileSize")["settings"][0]["shown"], pages.json("settings")["shown"]
        clean.store.ctl("setting", "set", "MaxLogFileSize", "70000")
        for answer in (change(pages, name="MaxLogFileSize", value="80000", shown=one),
                       change(pages, "reset", name="MaxLogFileSize", shown=one), change(pages, "reset", shown=whole)):
            assert answer.status == 409 and "was changed since it was shown" in answer.text
        assert values(clean)["MaxLogFileSize"] == "70000"
        assert change(pages, name="LogFlushInterval", value="00:10:00", shown=pages.json("settings?name=LogFlushInterval")["settings"][0]["shown"]).status == 303

    def test_hostile_value(self, clean):
        word = "a&b'\u202e{x}"
        assert change(Pages(clean), name="ValidLogFileTypes", value=word).status == 303
        assert "a&amp;b'\\xe2\\x80\\xae{x}" in Pages(clean).get("settings").text


class TestRoles(Places):
    @pytest.mark.parametrize("user", ["helpdesk", "viewer"])
    def test_F1_may_look_only(self, clean, user):
        pages, before = Pages(clean, user), activities(clean)
        token = pages.made_token("settings")
        assert "LogFlushInterval" in pages.get("settings").text and '"post"' not in pages.get("settings").text
        for fields in ({"action": "set", "name": "LogFlushInterval", "value": "00:10:00"}, {"action": "reset"},
                       {"action": "reset", "name": "LogFlushInterval"}, {"action": "new", "scope": "site:Berlin"}):
            assert pages.post("settings", fields, token=token).status == 403
        assert activities(clean) == before

    def test_operators_change_those_of_sites(self, clean):
        pages = Pages(clean, "operator")
        token = pages.made_token("settings")
        for scope, status in (("global", 403), ("site:Lab", 303)):
            fields = {"action": "set", "scope": scope, "name": "LogFlushInterval", "value": "00:10:00"}
            assert pages.post("settings", fields, token=token).status == status

    def test_F2_limited_to_a_site(self, clean):
        pages = Pages(clean, "berlin")
        assert pages.json("settings")["scope"] == "site:Berlin"
        token = pages.made_token("settings")
        for scope, status in (("global", 403), ("site:Lab", 403), ("site:Berlin", 303)):
            for fields in ({"action": "set", "name": "LogFlushInterval", "value": "00:10:00"}, {"action": "reset"}):
                assert pages.post("settings", {"scope": scope, **fields}, token=token).status == status
            assert pages.json(f"settings?scope={scope}")["may_change"] == (status == 303)
