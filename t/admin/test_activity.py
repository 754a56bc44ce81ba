"""activity list and verify: who changed what, and that nobody changed that."""
import hashlib
import json
import os
import sqlite3
import subprocess

import pytest

from conftest import NEW, OLD

COLUMNS = ("id", "time", "actor", "node", "action", "object", "before", "after", "note", "role")


def chained(previous, row):
    """The digest of a row as du_activity.h describes it."""
    texts = [previous, *map(str, row)]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(text.encode()), text.encode()) for text in texts)).hexdigest()


def rows_of(ctl):
    return ctl.sql(f"SELECT {', '.join(COLUMNS)}, digest FROM activity ORDER BY id")


def test_the_chain_is_as_described(filled):
    """Everybody can compute it without this product."""
    filled.text("site", "add", "München", "10.1.0.0/16", "--note", "über alles: 3:abc")
    digest = "mod_devupdate activity"
    rows = rows_of(filled)
    for row in rows:
        digest = chained(digest, row[:-1])
        assert row[-1] == digest
    assert filled.text("activity", "verify") == \
        f"The record of changes is whole: {len(rows)} rows. Digest of the last one:\n{digest}\n"
    assert filled.json("activity", "verify") == {"result": "whole", "rows": len(rows), "digest": digest, "bad_row": None}


def test_an_empty_record(ctl):
    assert ctl.text("activity", "verify") == "The record of changes is empty.\n"
    assert ctl.json("activity", "verify") == {"result": "whole", "rows": 0, "digest": None, "bad_row": None}
    assert ctl.text("activity", "list") == "No such activities.\n" and ctl.json("activity", "list") == []


@pytest.mark.parametrize("damage, result, bad, words", [
    ("UPDATE activity SET actor = 'lee' WHERE id = 2", "changed", 2, "row 2 of the record of changes was changed"),
    ("DELETE FROM activity WHERE id = 3", "missing", 3, "row 3 of the record of changes is missing"),
    ("DELETE FROM activity WHERE id >= 3", "cut", 3, "row 3 of the record of changes and all behind it are missing"),
    ("INSERT INTO activity SELECT 99, time, actor, node, action, object, before, after, note, role, digest FROM activity "
     "WHERE id = 1", "inserted", 99, "row 99 of the record of changes was put in"),
])
def test_what_is_wrong_is_named(filled, damage, result, bad, words):
    filled.sql(damage)
    assert f"DU0892: {words}" in filled.refused("activity", "verify")
    verified = filled("activity", "verify", "--json")
    assert verified.code == 1
    document = json.loads(verified.out)
    assert (document["result"], document["bad_row"]) == (result, bad)
    assert filled.text("activity", "list")


def test_every_kind_of_change_is_in_the_chain(filled):
    for command in (["rule", "approve", "1"], ["site", "add", "Lab", "10.1.0.0/16"],
                    ["test-device", "add", "desk", "--serial", "1", "--scope", "site:Lab"],
                    ["test-device", "remove", "desk", "--scope", "site:Lab"], ["site", "remove", "Lab"]):
        before = filled.json("activity", "verify")
        filled.text(*command)
        after = filled.json("activity", "verify")
        assert after["result"] == "whole" and after["rows"] == before["rows"] + 1 and after["digest"] != before["digest"]


def test_list(filled):
    filled.text("rule", "approve", "1", "--note", "tested for a week")
    newest = filled.json("activity", "list")[0]
    assert {name: newest[name] for name in ("action", "object", "note", "role", "before", "after")} == {
        "action": "approve", "object": "rule 1", "note": "tested for a week", "role": "",
        "before": f"pending={NEW} approved={OLD} restore=", "after": f"pending= approved={NEW} restore={OLD}"}
    lines = filled.text("activity", "list").splitlines()
    assert lines[0].split() == ["ID", "TIME", "USER", "NODE", "ROLE", "ACTION", "OBJECT", "BEFORE", "AFTER", "NOTE"]
    ids = [int(line.split()[0]) for line in lines[1:]]
    assert ids == sorted(ids, reverse=True) == [row["id"] for row in filled.json("activity", "list")]


def test_filters(filled):
    account = filled.json("activity", "list")[0]["actor"]

    def ids(*filters):
        return [row["id"] for row in filled.json("activity", "list", *filters)]

    everything = ids()
    assert ids("--user", account) == everything and ids("--user", "nobody-else") == []
    assert ids("--limit", "2") == everything[:2]
    approved = ids("--action", "approve")
    assert len(approved) == 1 and ids("--action", "approve", "--object", "rule 1") == approved
    assert ids("--object", "rule 1", "--action", "import", "--user", account)
    assert ids("--since", "2020-01-01") == everything and ids("--since", "2100-01-01T00:00:00Z") == []
    assert ids("--until", "2020-01-01 00:00:00") == [] and ids("--until", "2100-01-01") == everything
    packages = filled.json("activity", "list", "--object", "package")
    assert packages and all(row["object"].startswith("package ") for row in packages)


@pytest.mark.parametrize("option", [["--limit", "0"], ["--limit", "100001"], ["--limit", "x"], ["--limit", "-1"], ["--limit", ""]])
def test_wrong_limits(ctl, option):
    assert "DU0891" in ctl.refused("activity", "list", *option, code=2)


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01", "2026-11-00", "2026-1-1", "2026-11-22T24:00:00Z", "2026-11-22T10:00:00",
                                  "2026-11-22 10:00", "1969-12-31", "2026-11-2x", ""])
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_wrong_times(ctl, option, time):
    assert "DU0890" in ctl.refused("activity", "list", option, time, code=2)


def fill(ctl, count):
    """A record with that many rows, whose chain is right."""
    def rows():
        digest = "mod_devupdate activity"
        for number in range(1, count + 1):
            row = (number, 1283170088000000 + number, "kim", "node1", "approve", f"rule {number}", "", "x" * 100, "", "")
            digest = chained(digest, row)
            yield (*row, digest)

    with sqlite3.connect(ctl.database) as store:
        store.executemany("INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
        store.execute("UPDATE counter SET value = ? WHERE name = 'activity'", (count,))


def memory_of(ctl, *command):
    """What a run takes at most, in KiB."""
    process = subprocess.Popen([os.environ["CTL"], *ctl.where, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


def is_sanitized():
    return b"__asan_init" in subprocess.run(["nm", "-D", os.environ["CTL"]], capture_output=True, check=False).stdout


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps freed memory")
def test_memory_does_not_grow_with_the_record(ctl):
    fill(ctl, 2000)
    few = memory_of(ctl, "activity", "verify")
    ctl.sql("DELETE FROM activity")
    fill(ctl, 200_000)
    assert ctl.json("activity", "verify")["rows"] == 200_000
    many = memory_of(ctl, "activity", "verify")
    assert many < few + 4096, f"{few} KiB with 2,000 rows, {many} KiB with 200,000"
    assert ctl.json("activity", "list", "--user", "kim", "--limit", "1")[0]["id"] == 200_000
