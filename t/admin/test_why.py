"""device why and replay: what a phone is told and why, from its record or from the inventory; recorded checks decided once more."""
import datetime

import pytest

from conftest import AASTRA, CX600, NEW, OLD
from test_ingest import CHECKS, HEADER, OURS, check_line, write

START = datetime.datetime(2026, 11, 20, 12)
MAC = "00-04-F2-00-01-76"


def put(ctl, *lines, node="node1", day="2026-11-20", ingest=True):
    """Records of a node, taken into the inventory."""
    path = ctl.files / CHECKS.format(node, day)
    write(path, ("" if path.exists() else OURS + "\n") + "".join(lines))
    if ingest:
        ctl.text("ingest")
    return path


def at(seconds=0, **options):
    return check_line(START + datetime.timedelta(seconds=seconds), "10.1.0.5", **{"mac": MAC, **options})


def why(ctl, *arguments, name=MAC):
    return ctl.json("device", "why", name, *arguments)["why"]


def steps(document):
    return [step["answer"] for step in document["steps"]]


def changes(document):
    return [change["change"] for change in document["changes"]]


@pytest.fixture
def offering(ctl, package):
    """CX600 has an approved version, the other kind a pending one."""
    ctl.text("import", package(CX600, AASTRA, version=OLD))
    ctl.text("rule", "approve", "1")
    return ctl


def test_an_offer(offering):
    put(offering, at(version="1.0", offered=OLD))
    document = why(offering)
    assert (document["source"], document["result"], document["reason"], document["offered_version"]) == ("record", "offered", "approved", OLD)
    assert document["told"] == {"time": "2026-11-20T12:00:00Z", "result": "offered", "reason": "approved", "offered_version": OLD, "node": "node1"}
    assert steps(document) == ["complete", "rule", "no-test", "approved", "other-file", "not-held"]
    assert document["steps"][0]["about"] == CX600 and document["steps"][4]["about"] == "CPE.nbt 1.0"
    assert document["rule"] == 1 and document["is_decided"] and not document["is_changed"] and document["activities"] == []
    text = offering.text("device", "why", MAC)
    assert f"offered {OLD} (approved), 2026-11-20 12:00:00 UTC by node1" in text
    assert "Does it run that?" in text and "no, its file of that name has another version: CPE.nbt 1.0" in text
    assert "another answer" not in text and "CHANGED SINCE" not in text


@pytest.mark.parametrize("line, arrange, reason, answer, change", [
    ({"version": OLD}, [], "current", "same-file", "import"),
    ({"version": "1", "model": "CX500"}, [], "no-rule", "no-rule", "kind"),
    ({"version": "1", "model": ""}, [], "incomplete", "incomplete", "say"),
    ({"version": "1"}, [["rule", "restore", "1"]], "no-approved", "no-version", "import"),
])
def test_reasons(offering, line, arrange, reason, answer, change):
    put(offering, at(**line))
    for command in arrange:
        offering.text(*command)
    document = why(offering)
    assert document["reason"] == reason and steps(document)[-1] == answer and change in changes(document)


def test_what_was_changed_since_is_said(offering, package):
    put(offering, at(version="1.0", offered=OLD))
    offering.text("import", package(CX600, version=NEW, name="new.cab"))
    offering.text("rule", "approve", "1", "--note", "a reason")
    document = why(offering)
    assert document["is_changed"] and document["offered_version"] == NEW and document["told"]["offered_version"] == OLD
    assert [(row["action"], row["object"]) for row in document["activities"]][:2] == [("approve", "rule 1"), ("import", "package 2")]
    assert "rule 2" not in str(document["activities"])
    text = offering.text("device", "why", MAC)
    assert "which is another answer" in text and "CHANGED SINCE" in text and "rule restore 1" in text


def test_a_test_device_here_and_elsewhere(offering, package):
    offering.text("import", package(CX600, version=NEW, name="new.cab"))
    offering.text("site", "add", "Berlin", "10.1.0.0/16")
    offering.text("test-device", "add", "desk", "--mac", MAC, "--scope", "site:Berlin")
    put(offering, at(version=OLD))
    document = why(offering)
    assert document["reason"] == "pending" and document["steps"][2] == {"step": "test", "answer": "test-here", "about": "desk, Berlin"}
    put(offering, at(60, version=OLD).replace("10.1.0.5", "10.2.0.5"))
    document = why(offering)
    assert document["reason"] == "current" and document["steps"][2]["answer"] == "test-elsewhere" and "site" in changes(document)


def test_all_files_count_if_the_record_is_there(offering):
    """The inventory keeps the first one only."""
    path = put(offering, at(version=f"{OLD};#CPE.nbt;1.0").replace("CPE.nbt;", "other.bin;", 1))
    assert why(offering)["reason"] == "approved"
    path.unlink()
    document = why(offering)
    assert document["source"] == "inventory" and document["reason"] == "current" and document["is_decided"]
    assert "with the version of its first file only" in offering.text("device", "why", MAC)


def test_a_refused_check_is_explained(offering):
    """Nothing of it was read: what is known otherwise is decided."""
    put(offering, "2026-11-20 12:00:00,10.1.0.9,,,,,,,,,,,external,refused,unauthenticated\n")
    document = why(offering, name="10.1.0.9")
    assert document["told"]["reason"] == "unauthenticated" and not document["is_decided"] and not document["is_changed"]
    assert "refused (unauthenticated: it came from outside without signing in)" in offering.text("device", "why", "10.1.0.9")


def test_at_a_time_of_the_past(offering):
    put(offering, at(version="1.0", offered=OLD), at(7200, version=OLD))
    put(offering, at(3600, version="1.5", offered=OLD), node="node2")
    put(offering, at(86400, version="2.0", offered=OLD), day="2026-11-21")
    told = {time: why(offering, "--at", time)["told"] for time in (
        "2026-11-20T12:00:00Z", "2026-11-20T12:59:59Z", "2026-11-20T13:00:00Z", "2026-11-20T14:00:00Z", "2026-11-21", "2027-01-01")}
    assert [(answer["time"], answer["node"]) for answer in told.values()] == [
        ("2026-11-20T12:00:00Z", "node1"), ("2026-11-20T12:00:00Z", "node1"), ("2026-11-20T13:00:00Z", "node2"),
        ("2026-11-20T14:00:00Z", "node1"), ("2026-11-20T14:00:00Z", "node1"), ("2026-11-21T12:00:00Z", "node1")]
    assert why(offering)["told"]["time"] == "2026-11-21T12:00:00Z"
    assert "DU0982" in offering.refused("device", "why", MAC, "--at", "2026-11-20T11:59:59Z")
    assert "DU0890" in offering.refused("device", "why", MAC, "--at", "yesterday", code=2)


def test_who_is_meant(offering):
    put(offering, at(serial="abc"), at(1, mac="00-04-F2-00-02-77", serial="abc"))
    assert "DU0823" in offering.refused("device", "why", "00-04-F2-00-09-99")
    message = offering.refused("device", "why", "abc")
    assert "DU0983" in message and MAC in message and "00-04-F2-00-02-77" in message
    assert why(offering, name="0004f2000277")["told"]["time"] == "2026-11-20T12:00:01Z"
    assert "DU" in offering.refused("device", "why", code=2)


def test_a_hostile_phone(offering):
    text = "\u202e<script>=cmd"
    put(offering, at(model=text, version=f"\x1b[2J{text}"))
    document = why(offering)
    assert document["reason"] == "no-rule"
    printed = offering.text("device", "why", MAC)
    assert "\x1b" not in printed and "\u202e" not in printed and "<script>" in printed


def test_replay(offering, package):
    path = put(offering, at(version="1.0", offered=OLD), at(1, version=OLD), at(2, model="CX500", outcome=("none", "no-rule")),
               "2026-11-20 12:00:00,10.1.0.9,,,,,,,,,,,external,refused,malformed\n", "garbage\n")
    cut = put(offering, at(version="1.0", offered=OLD), at(1, version=OLD)[:-3], node="node2", ingest=False)
    document = offering.json("replay", str(path), str(cut))
    assert document == {"same": 4, "different": 0, "refused": 1, "bad": 1, "other_records": 0, "differences": []}
    offering.text("import", package(CX600, version=NEW, name="new.cab"))
    assert offering.json("replay", str(path))["different"] == 0
    offering.text("rule", "approve", "1")
    document = offering.json("replay", str(path))
    assert (document["same"], document["different"]) == (1, 2)
    assert [(line["line"], line["mac"], line["recorded"]["reason"], line["now"]) for line in document["differences"]] == [
        (2, MAC, "approved", {"result": "offered", "reason": "approved", "offered_version": NEW}),
        (3, MAC, "current", {"result": "offered", "reason": "approved", "offered_version": NEW})]
    text = offering.text("replay", str(path))
    assert text.startswith("1 checks are answered as recorded, 2 in another way") and f"{path}:3" in text


def test_replay_of_what_is_no_audit_file(offering, tmp_path):
    (tmp_path / "text").write_text("To be or not\n")
    good = put(offering, at(version=OLD))
    assert "DU0935" in offering.refused("replay", str(tmp_path / "text"))
    assert "DU0984" in offering.refused("replay", str(tmp_path / "nothing"))
    result = offering("--json", "replay", str(tmp_path / "nothing"), str(good))
    assert result.code == 1 and "DU0984" in result.err and '"same": 1' in result.out
    assert "DU" in offering.refused("replay", code=2)


def test_replay_of_the_original(offering, tmp_path):
    path = tmp_path / "original.log"
    path.write_text(HEADER + f"\n8/30/2010 12:08:08 PM,10.0.0.1,UCPhone,0004F2000176,,POLYCOM,CX600,A,ENU,CPE.nbt;1;t,CPE.nbt;CPE.cat;{OLD};t,kim\n"
                    "8/30/2010 12:08:09 PM,10.0.0.1,UCPhone,0004F2000176,,Aastra,6725ip,A,ENU,CPE.nbt;1;t,,kim\n")
    assert AASTRA == "UCPhone/Aastra/6725ip/A/ENU"
    document = offering.json("replay", str(path))
    assert (document["same"], document["different"]) == (2, 0)


def test_a_held_phone(offering):
    """The check before was offered something; now it is held, and why says by whom and how that ends."""
    put(offering, at(version="1.0", offered=OLD))
    offering.text("device", "hold", MAC, "--note", "a reason")
    document = why(offering)
    assert (document["result"], document["reason"], steps(document)[-1], changes(document)) == ("none", "held", "held-all", ["release"])
    assert document["hold"]["version"] == "*" and document["hold"]["by"] and document["is_changed"]
    text = offering.text("device", "why", MAC)
    assert "yes, whatever there is" in text and f"device release {MAC}" in text
    offering.text("device", "release", MAC)
    document = why(offering)
    assert (document["reason"], document["hold"], document["is_changed"]) == ("approved", None, False)
