"""device list, show, counts and unknown (administration.md 6: 2, 3)."""
import csv
import io

import pytest

import many_phones

NOW = 1_795_378_535     # 2026-11-22 20:15:35 UTC; before the clock of any test, so that all are gone unless the setting says
SECOND = 1_000_000
HOSTILE = "=cmd|'/c calc'!A1"


def kind(number, *, model="CX600", version="4.1", site="", state="current"):
    return (f"INSERT INTO device_count VALUES ({number}, 'ucphone/polycom/{model.lower()}/a/enu', 'UCPhone', 'POLYCOM', '{model}', 'A', "
            f"'ENU', '{version}', '{site}', '{state}', 0)")


def phone(number, of, mac="", *, serial="", address="10.0.0.1", user="", seen=0, offers=0):
    reverse = mac.replace("-", "")[::-1]
    user = user.replace("'", "''")
    return (f"INSERT INTO device_name VALUES ({number}, '{mac}', '{reverse}', '{serial}', '{address}', '{user}')",
            f"INSERT INTO device VALUES ({number}, {of}, '', '', 0, 'node1', 'internal', {NOW * SECOND}, "
            f"{(NOW + seen) * SECOND}, 12, 'offered', 'approved', '4.1', {NOW * SECOND}, {offers}, '', 0, 0, 0, '', 2, 0, 0)")


@pytest.fixture
def phones(ctl):
    """Four of them; nothing is gone for ten years."""
    ctl.text("setting", "set", "gone-after", "3650.00:00:00")
    for statement in ("INSERT INTO site VALUES ('berlin', 'Berlin')", kind(1, site="berlin"), kind(2, version="4.0", state="stuck"),
                      kind(3, model="CX700", version="", state="unknown"),
                      *phone(1, 1, "00-04-F2-00-01-76", serial="abc1", address="10.1.0.1", user="kim@contoso.com", seen=30),
                      *phone(2, 1, "00-04-F2-00-02-77", serial="abc1", seen=20), *phone(3, 2, "00-08-5D-00-03-76", seen=10, offers=4),
                      *phone(4, 3, address="10.9.9.9", user=HOSTILE),
                      "UPDATE device_count SET phones = (SELECT COUNT(*) FROM device WHERE count_id = device_count.id)",
                      "UPDATE device SET state = (SELECT c.state FROM device_count c WHERE c.id = count_id)",
                      "INSERT INTO device_version SELECT device_key, version, MIN(type), MIN(brand), MIN(model), MIN(revision), MIN(locale), "
                      "SUM(phones) FROM device_count GROUP BY device_key, version",
                      "INSERT INTO device_event VALUES (3, 1, 1795378535000000, 'check', 'node1', '10.0.0.1', '4.0', '4.1', 'offered', "
                      "'approved', '', 0)",
                      "INSERT INTO device_event VALUES (3, 2, 1795378595000000, 'download', 'node1', '10.0.0.1', '4.1', '', 'complete', "
                      "'', 'a/CPE.nbt', 70)"):
        ctl.sql(statement)
    return ctl


def found(ctl, *arguments):
    return [phone["id"] for phone in ctl.json("device", "list", *arguments)["phones"]]


def test_an_empty_inventory(ctl):
    assert ctl.text("device", "list") == "No such phones.\n"
    assert ctl.text("device", "counts") == "No such phones.\n"
    assert ctl.text("device", "sources") == "No such phones.\n"
    assert ctl.text("device", "unknown") == "Every phone that asked has a rule.\n"
    assert ctl.json("device", "list") == {"phones": [], "count": 0, "next": None}
    assert ctl.json("device", "counts") == ctl.json("device", "unknown") == []
    assert len(ctl.text("device", "list", "--csv").splitlines()) == 1
    assert "DU0823" in ctl.refused("device", "show", "00-04-F2-00-01-76")


@pytest.mark.parametrize("arguments, expected", [
    ([], [1, 2, 3, 4]), (["--model", "cx600"], [1, 2, 3]), (["--version", "4.1"], [1, 2]), (["--site", "BERLIN"], [1, 2]),
    (["--site", ""], [3, 4]), (["--state", "stuck"], [3]), (["--state", "gone"], []), (["--type", "3PIP"], []),
    (["--brand", "polycom", "--revision", "a", "--locale", "enu", "--version", "4.0"], [3]),
    (["--not-seen-since", "2026-11-22T20:15:50Z"], [3, 4]), (["0176"], [1]), (["76"], [1, 3]), (["00:04:f2"], [1, 2]), (["ABC1"], [1, 2]),
    (["10.1."], [1]), (["KIM@"], [1]), (["=cmd"], [4]), (["--sort", "mac"], [4, 1, 2, 3]), (["--sort", "model"], [3, 1, 2, 4])])
def test_which_phones_are_listed(phones, arguments, expected):
    assert found(phones, *arguments) == expected
    assert phones.json("device", "list", *arguments)["count"] == len(expected)


def test_one_page_after_the_other(phones):
    for sort in ("seen", "mac", "model"):
        ids, after = [], []
        while True:
            page = phones.json("device", "list", "--sort", sort, "--limit", "1", *after)
            ids += [phone["id"] for phone in page["phones"]]
            if not page["next"]:
                break
            after = ["--after", page["next"]]
        assert ids == found(phones, "--sort", sort)


def test_list_as_a_table(phones):
    lines = phones.text("device", "list", "--limit", "2").splitlines()
    assert lines[0].split() == ["PHONE", "BRAND", "MODEL", "REV", "LOCALE", "VERSION", "SITE", "STATE", "LAST", "SEEN"]
    assert lines[1].split() == ["00-04-F2-00-01-76", "POLYCOM", "CX600", "A", "ENU", "4.1", "Berlin", "current", "2026-11-22", "20:16:05", "UTC"]
    assert lines[3] == f"2 of 4; go on with --after {(NOW + 20) * SECOND}.2"


def test_csv_has_all_and_no_formula(phones):
    text = phones.text("device", "list", "--csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[3]["user"] == "'" + HOSTILE and rows[0]["last_seen"] == "2026-11-22 20:16:05" and rows[0]["downloaded"] == ""
    assert rows[2]["why"] == "was offered 4.1 4 times since 2026-11-22 and still reports 4.0"


def test_show_tells_what_a_phone_did(phones):
    (shown,) = phones.json("device", "show", "0008:5d:00".replace(":", "") + "0376")
    assert (shown["id"], shown["state"], shown["version"], shown["offers"]) == (3, "stuck", "4.0", 4)
    assert shown["serial"] is None and shown["held_version"] is None
    assert [(event["number"], event["kind"], event["bytes"]) for event in shown["events"]] == [(2, "download", 70), (1, "check", 0)]
    text = phones.text("device", "show", "00:08:5D:00:03:76")
    assert "stuck: was offered 4.1 4 times since 2026-11-22 and still reports 4.0" in text and "a/CPE.nbt" in text


def test_two_phones_that_say_the_same_serial_number(phones):
    assert [phone["id"] for phone in phones.json("device", "show", "ABC1")] == [1, 2]
    assert [phone["id"] for phone in phones.json("device", "show", "10.9.9.9")] == [4]
    assert "DU0823" in phones.refused("device", "show", "10.1.0.1")     # that one is known by more


def test_counts(phones):
    assert phones.json("device", "counts") == [{"model": "CX600", "version": "4.1", "phones": 2}, {"model": "CX600", "version": "4.0", "phones": 1},
                                               {"model": "CX700", "version": None, "phones": 1}]
    assert phones.json("device", "counts", "--by", "site,state") == [
        {"site": "Berlin", "state": "current", "phones": 2}, {"site": None, "state": "stuck", "phones": 1},
        {"site": None, "state": "unknown", "phones": 1}]
    assert phones.json("device", "counts", "--by", "model", "--site", "Berlin") == [{"model": "CX600", "phones": 2}]
    assert phones.text("device", "counts", "--by", "state", "--csv") == "state,phones\ncurrent,2\nstuck,1\nunknown,1\n"
    assert phones.text("device", "counts", "--by", "brand").split() == ["BRAND", "PHONES", "POLYCOM", "4"]


def test_who_is_gone_depends_on_the_setting(phones):
    assert found(phones, "--state", "gone") == []
    phones.sql(f"UPDATE device SET last_seen = {SECOND} WHERE id IN (1, 3)")
    assert found(phones, "--state", "gone") == [3, 1]
    assert found(phones, "--state", "current") == [2]
    assert phones.json("device", "counts", "--by", "state") == [{"state": "gone", "phones": 2}, {"state": "current", "phones": 1},
                                                                {"state": "unknown", "phones": 1}]


UNKNOWN = {"device_type": "UCPhone", "brand": "POLYCOM", "model": "CX700", "revision": "A", "locale": "ENU", "phones": 1, "checks": 7,
           "first_seen": "2026-11-22T20:15:35Z", "last_seen": "2026-11-22T20:15:36Z"}


def test_kinds_without_a_rule(phones):
    phones.sql("INSERT INTO stranger VALUES ('ucphone/polycom/cx700/a/enu', 'UCPhone', 'POLYCOM', 'CX700', 'A', 'ENU', 7, "
               "1795378535000000, 1795378536000000), ('b', '3PIP', '=NEW', 'X1', '', '', 2, 0, 0), ('c', '3PIP', '=NEW', 'X1', '', '', 2, 1, 1)")
    kinds = phones.json("device", "unknown")
    assert kinds[0] == UNKNOWN and [kind["phones"] for kind in kinds] == [1, 0]
    assert "CX700" in phones.text("device", "unknown")
    rows = list(csv.DictReader(io.StringIO(phones.text("device", "unknown", "--csv"))))
    assert [(row["model"], row["phones"], row["checks"]) for row in rows] == [("CX700", "1", "7"), ("X1", "0", "2")]
    assert rows[1]["brand"] == "'=NEW"


def test_a_kind_is_known_as_long_as_there_is_a_rule(phones, package):
    phones.sql("INSERT INTO stranger VALUES ('ucphone/polycom/cx600/a/enu', 'UCPhone', 'POLYCOM', 'CX600', 'A', 'ENU', 7, 1, 2)")
    assert len(phones.json("device", "unknown")) == 1
    phones.text("import", package("UCPhone/POLYCOM/CX600/A/ENU"))
    assert phones.json("device", "unknown") == []
    phones.text("rule", "remove", "1")
    assert [kind["model"] for kind in phones.json("device", "unknown")] == ["CX600"]


def held(ctl, *arguments):
    return {phone["id"]: phone["held_version"] for phone in ctl.json("device", "held", *arguments)}


def test_hold_and_release(phones):
    phones.sql("UPDATE counter SET value = 100 WHERE name IN ('device', 'device_count')")
    assert phones.text("device", "held") == "No phone is held.\n"
    assert phones.json("device", "hold", "00-08-5D-00-03-76", "--version", "4.1", "--note", "burns") == {"result": "held", "phones": 1}
    assert "is not offered anything any more" in phones.text("device", "hold", "00-04-F2-00-01-76")
    assert held(phones) == {1: "*", 3: "4.1"} and held(phones, "--version", "4.1") == {3: "4.1"}
    assert held(phones, "--model", "CX700") == {} and held(phones, "--site", "berlin") == {1: "*"}
    assert "00-08-5D-00-03-76" in phones.text("device", "held")
    assert phones.json("activity", "list")[1]["note"] == "burns"
    phones.sql("INSERT INTO rule VALUES (1, (SELECT device_key FROM device_count WHERE id = 1), 'UCPhone', 'POLYCOM', 'CX600', 'A', 'ENU', "
               "'CPE', '', '', '')")
    assert phones.json("rule", "show", "1")["held"] == [{"version": "*", "phones": 1}, {"version": "4.1", "phones": 1}]
    assert "*: 1 phone, 4.1: 1 phone\n" in phones.text("rule", "show", "1")
    before = phones.content()
    assert phones.json("device", "release", "--version", "4.1", "--dry-run") == {"result": "would-release", "phones": 1}
    assert phones.content() == before
    assert phones.json("device", "release", "--version", "4.1") == {"result": "released", "phones": 1}
    assert held(phones) == {1: "*"}
    assert phones.text("device", "release", "--all") == "1 phone will be offered updates again\n" and held(phones) == {}
    assert "DU0974" in phones.refused("device", "release", "--all")


@pytest.mark.parametrize("arguments, number, code", [
    (["hold", "abc1"], "DU0978", 1), (["hold", "10.9.9.9"], "DU0973", 1), (["hold", "10.1.0.1"], "DU0823", 1),
    (["hold", "00-08-5D-00-03-76", "--version", ""], "DU0977", 1), (["hold", "00-08-5D-00-03-76", "--version", "x" * 65], "DU0977", 1),
    (["release"], "DU0979", 2), (["release", "abc1", "--all"], "DU0979", 2), (["release", "--all", "--model", "CX600"], "DU0979", 2),
    (["release", "--state", "ill"], "DU0820", 2), (["release", "abc1"], "DU0978", 1), (["release", "00-08-5D-00-03-76"], "DU0974", 1)])
def test_what_cannot_be_held_or_released(phones, arguments, number, code):
    before = phones.content()
    assert number in phones.refused("device", *arguments, code=code)
    assert phones.content() == before


@pytest.mark.parametrize("arguments, left", [
    (["--model", "cx600"], [4]), (["--model", "CX600", "--state", "stuck"], [1, 2, 4]), (["--subnet", "10.1.0.0/16"], [2, 3, 4]),
    (["--nameless"], [1, 2, 3]), (["0376"], [1, 2, 4]), (["--site", ""], [1, 2]), (["--all"], []), (["--first-seen-since", "2030-01-01"], None),
    (["--not-seen-since", "2026-11-22T20:15:50Z"], [1, 2])])
def test_purge(phones, arguments, left):
    everything = found(phones)
    expected = len(everything) - len(everything if left is None else left)
    assert phones.json("device", "purge", *arguments, "--dry-run") == {"result": "would-purge", "phones": expected, "held": 0}
    assert found(phones) == everything
    assert phones.json("device", "purge", *arguments, "--note", "flood") == {"result": "purged", "phones": expected, "held": 0}
    assert found(phones) == (everything if left is None else left)
    rows = [row for row in phones.json("activity", "list") if row["action"] == "purge"]
    assert [row["note"] for row in rows] == ["flood"] * (expected > 0)
    if rows:
        assert rows[0]["before"] == (" ".join(arguments).strip() if arguments != ["--all"] else "all") and rows[0]["after"] == f"{expected} devices"
    assert phones.text("store", "check") == "Nothing is wrong with the store.\n"


def test_purge_keeps_those_that_are_held(phones):
    phones.sql("UPDATE device SET held = '4.1' WHERE id IN (1, 3)")
    assert "2 phones forgotten; 2 more are held and stay" in phones.text("device", "purge", "--all")
    assert found(phones) == [1, 3]
    assert "2 phones forgotten; 2 of them held" in phones.text("device", "purge", "--all", "--held")
    assert phones.text("device", "purge", "--all") == "0 phones forgotten\n"


@pytest.mark.parametrize("arguments, number", [([], "DU0988"), (["--all", "--model", "CX600"], "DU0988"), (["--held"], "DU0988"),
                                               (["--subnet", "10.1"], "DU0987"), (["--state", "ill"], "DU0820")])
def test_what_cannot_be_purged(phones, arguments, number):
    assert number in phones.refused("device", "purge", *arguments, code=2)
    assert found(phones) == [1, 2, 3, 4]


@pytest.mark.parametrize("arguments, number", [
    (["list", "--state", "ill"], "DU0820"), (["list", "--sort", "age"], "DU0821"), (["list", "--csv", "--json"], "DU0822"),
    (["list", "--csv", "--limit", "3"], "DU0822"), (["counts", "--by", "colour"], "DU0824"), (["list", "--limit", "0"], "DU0891"),
    (["list", "--limit", "10001"], "DU0891"), (["list", "--not-seen-since", "yesterday"], "DU0890")])
def test_what_cannot_be_asked(ctl, arguments, number):
    assert number in ctl.refused("device", *arguments, code=2)


def test_a_page_that_does_not_begin(phones):
    assert "DU0920" in phones.refused("device", "list", "--after", "nowhere")
    assert "DU0920" in phones.refused("device", "list", "--sort", "model", "--after", "99.1")


def test_the_tool_makes_a_sound_store(ctl):
    """What the bench and the tests of pages stand on."""
    spec = ctl.where[1]
    many_phones.fill(spec, many_phones.parse([spec, "--phones", "700", "--events", "2000", "--rules", "40", "--sites", "3"]))
    assert ctl.json("device", "counts", "--by", "type")[0]["device_type"] == "UCPhone"
    assert sum(row["phones"] for row in ctl.json("device", "counts")) == ctl.json("device", "list")["count"] == 700
    assert {row["state"] for row in ctl.json("device", "counts", "--by", "state")} >= {"current", "stuck", "gone", "unknown"}
    assert ctl.sql("SELECT COUNT(*) FROM device_event") == [(2000,)]
    assert len(ctl.json("rule", "list")) == 40
    wrong = ctl.sql("SELECT COUNT(*) FROM device_count c WHERE phones <> (SELECT COUNT(*) FROM device d WHERE d.count_id = c.id)")
    assert wrong == [(0,)]
