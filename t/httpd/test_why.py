"""Why a phone is told what it is told: what real phones asked, decided once more and explained on the page of one phone."""
import json
import random

import pytest

import audit
from pages import Pages, PagesClass, prepare
from parsed import dangers, words
from phone import installed, request_xml
from place import give
from store import APPROVED, CX600, PENDING, RESTORE
from waiting import until

MAC = "00-04-F2-AA-00-01"
TESTER = "00-04-F2-AA-00-02"
HOSTILE = ["<script>alert(1)</script>", "\"' onmouseover=\"alert(1)", "\u202egnp.exe", "=cmd|' /C calc'!A0", "'=1,2", "a;b#c", "T48\tG", "-1", "\u00e4 \u30ab"]
CHECKS = 3000


class TestReplay:
    """Thousands of checks of every kind that httpd answers; its children record them at the same time."""

    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "Here", "127.0.0.0/8")
        store.ctl("test-device", "add", "desk", "--mac", TESTER)
        store.ctl("test-device", "add", "local", "--serial", "-s1", "--scope", "site:Here")

    @staticmethod
    def body(chance):
        odd = chance.choice(HOSTILE)
        module = (chance.choice(["CPE.nbt", "cpe.NBT", "other.bin", odd]), chance.choice([RESTORE, APPROVED, PENDING, odd]), chance.choice(["", odd]))
        return request_xml(modules=[module] * chance.randrange(3) + [module] * chance.randrange(2),
                           MacAddress=chance.choice([MAC, TESTER, TESTER.replace("-", "").lower(), odd, None]),
                           SerialNumber=chance.choice(["-S1", "-s1", odd, None]), Vendor=chance.choice(["POLYCOM", "polycom", "Aastra", odd]),
                           Model=chance.choice(["CX600", "cx600", "CX500", "CX\t600", "6725ip", odd]), Locale=chance.choice(["ENU"] * 9 + [None]),
                           UserID=odd)

    def test_every_check_is_answered_as_recorded(self, site):
        chance = random.Random(6)
        for _ in range(CHECKS):
            assert site.check(self.body(chance)).status == 200
        files = [str(path) for path in audit.files(site.store)]
        document = json.loads(site.store.ctl("--json", "replay", *files))
        assert document["differences"] == [] and (document["same"], document["different"], document["bad"]) == (CHECKS, 0, 0)
        assert {record["Reason"] for record in audit.records(site.store)} == {"approved", "pending", "current", "no-rule", "no-approved", "incomplete"}


class TestPage(PagesClass):
    """Three phones that ask this very server, and one that was there long ago."""

    @staticmethod
    def prepare_store(store):
        prepare(store)
        store.ctl("test-device", "add", "desk", "--mac", TESTER)
        give(store.directory)

    @pytest.fixture(scope="class")
    def ids(self, site):
        """The phones by their MAC addresses, when the node has read what they did."""
        site.check(request_xml(MacAddress=MAC, SerialNumber=None, modules=installed(RESTORE)))
        site.check(request_xml(MacAddress=TESTER, SerialNumber=None, modules=installed(PENDING)))
        site.check(request_xml(MacAddress="00-04-F2-AA-00-03", SerialNumber=None, Model=HOSTILE[0], modules=[(HOSTILE[1], HOSTILE[2], "")]))
        site.check(request_xml(MacAddress="00-04-F2-AA-00-04", SerialNumber=None, modules=[("CPE.nbt", APPROVED, ""), ("B.nbt", "1", "")]))

        def found():
            phones = Pages(site).json("devices")["phones"]
            return len(phones) == 4 and {phone["mac"]: phone["id"] for phone in phones}

        return until(found, "the inventory")

    def page(self, site, phone, more=""):
        return Pages(site).json(f"devices?id={phone}{more}")

    def test_an_offer_is_explained(self, site, ids):
        why = self.page(site, ids[MAC])["why"]
        assert (why["source"], why["reason"], why["offered_version"], why["is_changed"]) == ("record", "approved", APPROVED, False)
        assert [step["answer"] for step in why["steps"]] == ["complete", "rule", "no-test", "approved", "other-file", "not-held"]
        assert why["request"]["files"] == [{"name": "CPE.nbt", "version": RESTORE}]
        text = " ".join(words(Pages(site).get(f"devices?id={ids[MAC]}").text).split())
        assert "No, its file of that name has another version: CPE.nbt " + RESTORE in text
        assert "it installs what it is offered" in text and f"Rule 1: approved {APPROVED}" in text

    def test_the_same_as_on_the_command_line(self, site, ids):
        for mac, phone in ids.items():
            assert json.loads(site.store.ctl("--json", "device", "why", mac))["why"] == self.page(site, phone)["why"]

    def test_a_test_device(self, site, ids):
        why = self.page(site, ids[TESTER])["why"]
        assert why["reason"] == "current" and why["steps"][2] == {"step": "test", "answer": "test-everywhere", "about": "desk"}

    def test_history_leads_to_checks_of_the_past(self, site, ids):
        event = self.page(site, ids[MAC])["events"][-1]
        assert event["kind"] == "check" and event["why"].endswith("#why")
        document = Pages(site).json(event["why"].removesuffix("#why"))
        assert document["at"] == event["time"] == document["why"]["told"]["time"]
        assert document["why_last"] == f"devices?id={ids[MAC]}"
        assert "Its last check" in words(Pages(site).get(event["why"].removesuffix("#why")).text)

    def test_before_the_first_record(self, site, ids):
        document = self.page(site, ids[MAC], "&at=2020-01-01T00:00:00Z")
        assert document["why"] is None and document["phone"]["mac"] == MAC
        assert "The record of that check is gone." in words(Pages(site).get(f"devices?id={ids[MAC]}&at=2020-01-01").text)

    @pytest.mark.parametrize("time", ["yesterday", "1", "2026-13-01", "-1"])
    def test_no_time(self, site, ids, time):
        assert Pages(site).get(f"devices?id={ids[MAC]}&at={time}").status == 400

    def test_hostile(self, site, ids):
        answer = Pages(site).get(f"devices?id={ids['00-04-F2-AA-00-03']}")
        assert answer.status == 200 and not dangers(answer.text) and "\u202e" not in words(answer.text)

    @pytest.mark.parametrize("user", ["viewer", "helpdesk", "operator"])
    def test_every_role_reads(self, site, ids, user):
        assert "Why it is told what it is told" in Pages(site, user).get(f"devices?id={ids[MAC]}").text

    def test_japanese(self, site, ids):
        assert "この回答になる理由" in Pages(site).get(f"devices?id={ids[MAC]}&language=ja").text


class TestLater(PagesClass):
    """One phone asked once; then the rules change, and its record goes."""

    def test_what_was_changed_since(self, site):
        site.check(request_xml(MacAddress=MAC, SerialNumber=None, modules=installed(RESTORE)))
        (phone,) = until(lambda: Pages(site).json("devices")["phones"], "the inventory")
        page = f"devices?id={phone['id']}"
        assert not Pages(site).json(page)["why"]["is_changed"]
        site.store.approve(CX600)
        why = Pages(site).json(page)["why"]
        assert why["is_changed"] and why["offered_version"] == PENDING and why["told"]["offered_version"] == APPROVED
        assert why["activities"][0]["action"] == "approve"
        assert "The answer is another one now." in words(Pages(site).get(page).text)
        for path in audit.files(site.store):
            path.unlink()
        why = Pages(site).json(page)["why"]
        assert (why["source"], why["reason"], why["told"]["reason"], why["told"]["offered_version"]) == ("inventory", "approved", "approved", APPROVED)
        assert "The record of its last check is gone" in words(Pages(site).get(page).text)
