"""rule list and show, and approve as the model of what changes rules; test_life_cycle.py has the others."""
import pytest

from conftest import AASTRA, CX600, NEW, OLD


def versions(ctl):
    return {rule["id"]: (rule["pending_version"], rule["approved_version"], rule["restore_version"])
            for rule in ctl.json("rule", "list")}


def test_list(filled):
    first, second = filled.json("rule", "list")
    assert first == {"id": 1, "device_type": "UCPhone", "brand": "POLYCOM", "model": "CX600", "revision": "A",
                     "locale": "ENU", "update_type": "CPE", "pending_version": NEW, "approved_version": OLD,
                     "restore_version": None}
    assert second["id"] == 2 and second["brand"] == "Aastra"
    lines = filled.text("rule", "list").splitlines()
    assert lines[1].split() == ["1", "UCPhone", "POLYCOM", "CX600", "A", "ENU", "CPE", NEW, OLD, "-"]
    assert [line.index("UCPhone") for line in lines[1:]] == [lines[0].index("TYPE")] * 2


@pytest.mark.parametrize("filters, ids", [
    ([], [1, 2]),
    (["--brand", "polycom"], [1]),
    (["--type", "UCPHONE"], [1, 2]),
    (["--type", "UCPhone", "--model", "6725IP"], [2]),
    (["--model", "CX60"], []),
    (["--revision", "B"], []),
    (["--locale", "enu"], [1, 2]),
    (["--state", "pending"], [1, 2]),
    (["--state", "approved"], [1]),
    (["--state", "none"], []),
    (["--state", "approved", "--brand", "Aastra"], []),
    (["--brand", ""], []),
    (["--brand", "poly*"], [1]),
    (["--model", "*"], [1, 2]),
    (["--model", "CX6*", "--type", "uc*"], [1]),
    (["--model", "X6*"], []),
])
def test_B1_filters(filled, filters, ids):
    assert [rule["id"] for rule in filled.json("rule", "list", *filters)] == ids
    text = filled.text("rule", "list", *filters)
    assert [int(line.split()[0]) for line in text.splitlines()[1:]] == ids or text == "No such rules.\n"


@pytest.mark.parametrize("command", ["show", "approve", "reset", "restore", "remove"])
@pytest.mark.parametrize("identity", ["*", "1*"])
def test_B1_an_identity_with_a_wildcard_is_refused(filled, command, identity):
    before = filled.state()
    assert f'DU0808: "{identity}" is not the number of a row' in filled.refused("rule", command, identity, code=2)
    assert filled.state() == before


def test_state_none(filled):
    filled.sql("UPDATE rule SET pending = '' WHERE id = 2")
    assert [rule["id"] for rule in filled.json("rule", "list", "--state", "none")] == [2]


def test_show(filled):
    document = filled.json("rule", "show", "1")
    assert [image["version"] for image in document["images"]] == [NEW, OLD]
    assert document["pending_version"] == NEW and document["images"][0]["files"][0]["name"] == "CPE.nbt"
    text = filled.text("rule", "show", "1")
    assert f"Pending version   {NEW}\n" in text and "Restore version   -\n" in text
    assert all(image["files"][0]["sha256"] in text for image in document["images"])


def test_approve_says_what_it_did(filled):
    assert filled.text("rule", "approve", "1", "2") == \
           f"rule 1 {CX600}: approved; pending {NEW} -> none, approved {OLD} -> {NEW}, restore none -> {OLD}\n" \
           f"rule 2 {AASTRA}: approved; pending {OLD} -> none, approved none -> {OLD}\n"
    assert versions(filled) == {1: (None, NEW, OLD), 2: (None, OLD, None)}


def test_approve_as_json(filled):
    (result,) = filled.json("rule", "approve", "1")
    assert (result["id"], result["result"], result["dry_run"]) == (1, "approved", False)
    assert result["before"] == {"pending_version": NEW, "approved_version": OLD, "restore_version": None}
    assert result["after"] == {"pending_version": None, "approved_version": NEW, "restore_version": OLD}


def test_approve_is_on_record(filled):
    filled.text("rule", "approve", "1", "--note", "tested for a week")
    assert filled.sql("SELECT note FROM activity WHERE action = 'approve' ORDER BY id DESC LIMIT 1") == \
           [("tested for a week",)]


def test_nothing_pending_is_a_success(filled):
    filled.text("rule", "approve", "1")
    before = filled.state()
    assert filled.text("rule", "approve", "1") == f"rule 1 {CX600}: nothing pending\n"
    assert filled.json("rule", "approve", "1")[0]["result"] == "nothing"
    assert filled.state() == before


def test_A10_approve_all(filled):
    assert [rule["id"] for rule in filled.json("rule", "approve", "--all")] == [1, 2]
    assert filled.text("rule", "approve", "--all") == "Nothing to do: no rule has a pending version.\n"
    assert filled.json("rule", "approve", "--all") == []


def test_a_rule_given_twice_is_approved_once(filled):
    assert filled.text("rule", "approve", "1", "1").count("\n") == 1


@pytest.mark.parametrize("command", [["rule", "show", "9"], ["rule", "approve", "9"]])
def test_no_such_rule(filled, command):
    assert "DU0540: there is no rule 9" in filled.refused(*command)


def test_one_wrong_number_and_nothing_is_approved(filled):
    before = filled.state()
    filled.refused("rule", "approve", "1", "9", "2")
    assert filled.state() == before


# Somebody whose change comes between our reading of rule 1 and our writing.
FASTER = """CREATE TRIGGER faster AFTER UPDATE ON counter WHEN NEW.name = 'generation'
            BEGIN UPDATE rule SET pending = '9.9' WHERE id = 1 AND pending <> '9.9'; END"""


@pytest.mark.parametrize("rules", [["1"], ["1", "2"], ["2", "1"], ["--all"], ["--json", "--all"]])
def test_somebody_else_was_faster(filled, rules):
    """All or none."""
    filled.sql(FASTER)
    before = filled.state()
    assert f"DU0701: rule 1 ({CX600}): somebody else was faster, nothing was changed" in \
           filled.refused("rule", "approve", *rules)
    assert filled.state() == before


def test_a_store_that_fails_in_between(filled):
    """Nothing is approved half."""
    filled.sql("CREATE TRIGGER broken BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    before = filled.state()
    assert "DU0522" in filled.refused("rule", "approve", "1", "2")
    assert filled.state() == before
