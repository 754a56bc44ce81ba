"""The overview: what needs attention, and pictures with their figures."""
import re
import xml.etree.ElementTree

import pages
from imports import Imports
from pages import Pages, PagesClass
from phones import NOW, SECOND, Phones

HOUR = 3600 * SECOND


class TestOverview(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        phones = Phones(store)
        phones.filled()
        phones.add()
        phones.add()
        phones.add(version="4.0.7577.4387", state="stuck")
        phones.add(state="refused", version="4.0.7577.4387")
        phones.add(seen=90, held="4.0.7577.4463")
        phones.stranger("UCPhone", "NEWCOM", "X1", "A", "ENU")
        hour = NOW * SECOND - NOW * SECOND % HOUR
        for back, checks in ((0, 50), (1, 100), (60, 1000)):
            phones.insert("traffic", hour=hour - back * HOUR, node="node1", checks=checks, offers=1, refused=2, downloads=3, bytes=4, uploads=5)
        for back in range(3):
            phones.insert("rollout", rule_id=1, hour=hour - back * HOUR, version="4.0.7577.4463", current=3 - back, phones=5)
        store.ctl("setting", "set", "log-quota", "1000000")

    def test_attention(self, site):
        text = Pages(site).get("index").text
        for words in ("Rules with a pending version: 2", "Phones that are stuck: 1", "Phones that were refused at their last request: 1",
                      "Kinds of phones without a rule: 1", "Phones that were not seen for long: 1", "Phones that are held: 1"):
            assert words in text
        assert "take" not in Pages(site).get("index").text.partition("quota")[0][-200:]

    def test_logs_near_their_quota(self, site):
        directory = site.store.files / "DeviceUpdateLogs" / "Client" / "CELog"
        directory.mkdir(parents=True)
        (directory / "a").write_bytes(b"x" * 950_000)
        assert Pages(site).json("index")["logs_are_many"] is True
        (directory / "a").write_bytes(b"x" * 800_000)
        assert Pages(site).json("index")["logs_are_many"] is False

    def test_last_change_is_no_refused_attempt(self, site):
        Pages(site, "stranger").get("index")
        assert Pages(site).json("index")["last_actor"] not in ("stranger", "")

    def test_pictures_and_figures_agree(self, site):
        document = Pages(site).json("index")
        (model,) = document["models"]
        bars = document["version_chart"]["rows"][0]["bars"]
        assert [cell["phones"] for cell in model["cells"]] == [3, 2] and sum(bar["width"] for bar in bars) == 510
        assert bars[0]["x"] + bars[0]["width"] == bars[1]["x"] and bars[0]["width"] == 510 * 3 // 5
        hours = document["hour_chart"]["hours"]
        assert [(hour["checks"], hour["height"]) for hour in hours] == [(100, 140), (50, 70)]
        (rollout,) = document["rollouts"]
        assert (rollout["known"], rollout["on_approved"]) == (5, 3) and len(rollout["line"].split()) == 3

    def test_svg(self, site):
        pictures = re.findall(r"<svg.*?</svg>", Pages(site).get("index").text, re.S)
        assert len(pictures) == 3
        for picture in pictures:
            root = xml.etree.ElementTree.fromstring(picture)
            assert root.get("role") == "img" and root.get("aria-label") and root.get("viewBox").startswith("0 0 700 ")
            for part in root.iter():
                assert not {"style", "onload"} & set(part.keys())
        assert Pages(site).get("index").text.count("<details>") == 3

    def test_empty_and_roles(self, site):
        for user in ("viewer", "helpdesk", "operator"):
            assert Pages(site, user).get("index").status == 200
        assert "電話機" in Pages(site).get("index?language=ja").text


class TestWithoutPhones(PagesClass):
    def test_says_so(self, site):
        document = Pages(site).json("index")
        assert document["models"] == [] and document["is_filled"] is False
        text = Pages(site).get("index").text
        assert "No record of a check was read yet" in text and "<svg" not in text


class TestTrouble(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        phones = Phones(store)
        now, minute = NOW * SECOND, 60 * SECOND
        for name, seen, behind in (("slow", 0, 10 * minute), ("dead", 60 * minute, 0), ("<b>well</b>", 0, 0)):
            phones.insert("node", name=name, seen=now - seen + 10 * minute, generation=3, compiled=now - 30 * minute,
                          behind_since=now - behind if behind else 0)

    def test_nodes(self, site):
        document = Pages(site).json("index")
        states = {node["node"]: node["state"] for node in document["nodes"]}
        assert states == {"slow": "behind", "dead": "silent", "<b>well</b>": "follows", **{name: "follows" for name in set(states) - {"slow", "dead"}}}
        assert [node["node"] for node in document["nodes_behind"]] == ["slow"]
        assert [node["node"] for node in document["nodes_silent"]] == ["dead"]
        text = Pages(site).get("index").text
        assert "Node slow has not followed" in text and "Node dead was last heard of" in text and "<b>well" not in text

    def test_failed_imports(self, site):
        assert Pages(site).json("index")["imports_failed"] == 0
        imports = Imports(site)
        imports.ended(imports.begin(b"no cabinet"))
        assert Pages(site).json("index")["imports_failed"] == 1
        assert "Imports of the last days that came to nothing: 1" in Pages(site).get("index").text
