"""rule approve, reset, restore, remove: the rows of the state table in administration.md 1.4, singly, several, all, by
filter; dry runs, and the phones that audit files tell of."""
import pytest

from conftest import AASTRA, CX600, NEW, OLD, Ctl
from test_rule import versions

CX500 = "UCPhone/POLYCOM/CX500/A/ENU"
V1, V2, V3, V4 = "4.0.1", "4.0.2", "4.0.3", "4.0.4"
AUDIT = "DeviceUpdateLogs/Server/Audit/ImageUpdates"
HEADER = "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale," \
         "Request Modules,Response Modules,User ID,Endpoint,Result,Reason\n"


@pytest.fixture
def bring(ctl, package):
    """Imports a version for devices (CX600 if none are named); the same package again for the same arguments."""
    def do(version, *devices):
        devices = devices or (CX600,)
        name = f"{version}-{'-'.join(device.split('/')[2] for device in devices)}.cab"
        return ctl.text("import", package(*devices, name=name, version=version))
    return do


def only(ctl):
    """Pending, approved and restore version of the only rule."""
    (rule,) = ctl.json("rule", "list")
    return tuple(rule[name] or "" for name in ("pending_version", "approved_version", "restore_version"))


@pytest.fixture
def three(ctl, bring):
    """Rule 1 with versions 3 pending, 2 approved, 1 to go back to."""
    for version in (V1, V2):
        bring(version)
        ctl.text("rule", "approve", "1")
    bring(V3)
    return ctl


def test_A1_import_of_a_package_for_two_devices(ctl, bring):
    bring(V1, CX600, AASTRA)
    assert versions(ctl) == {1: (V1, None, None), 2: (V1, None, None)}
    for key in (CX600, AASTRA):
        assert (ctl.files / "DeviceUpdateStore" / key / V1 / "CPE" / "CPE.nbt").is_file()


def test_A3_approve(ctl, bring):
    bring(V1)
    ctl.text("rule", "approve", "1")
    assert only(ctl) == ("", V1, "")


def test_A4_approve_over_an_approved_version(ctl, bring):
    for version in (V1, V2):
        bring(version)
        ctl.text("rule", "approve", "1")
    assert only(ctl) == ("", V2, V1)
    assert (ctl.files / "DeviceUpdateStore" / CX600 / V1 / "CPE" / "CPE.nbt").is_file()


def test_approve_a_third_version(three):
    three.text("rule", "approve", "1")
    assert only(three) == ("", V3, V2)


def test_reset(three):
    assert three.text("rule", "reset", "1") == f"rule 1 {CX600}: reset; pending {V3} -> none\n"
    assert only(three) == ("", V2, V1)


def test_reset_of_the_first_version(ctl, bring):
    bring(V1)
    ctl.text("rule", "reset", "1")
    assert only(ctl) == ("", "", "")


def test_restore(three):
    three.text("rule", "reset", "1")
    assert three.text("rule", "restore", "1") == \
           f"rule 1 {CX600}: restored; approved {V2} -> {V1}, restore {V1} -> none\n"
    assert only(three) == ("", V1, "")


def test_restore_while_something_is_pending(three):
    three.text("rule", "restore", "1")
    assert only(three) == (V3, V1, "")


def test_A7_restore_without_a_version_before(ctl, bring):
    bring(V1)
    ctl.text("rule", "approve", "1")
    ctl.text("rule", "restore", "1")
    assert only(ctl) == ("", "", "")


@pytest.mark.parametrize("to, after", [
    (V1, (V3, V1, V2)),
    (V3, ("", V3, V2)),
])
def test_restore_to_a_stored_version(three, to, after):
    three.text("rule", "restore", "1", "--to", to)
    assert only(three) == after
    three.text("rule", "restore", "1")
    assert only(three)[1] == V2, "a plain restore leads back"


def test_restore_further_back_than_one_level(three, bring):
    three.text("rule", "approve", "1")
    bring(V4)
    three.text("rule", "approve", "1")
    assert only(three) == ("", V4, V3)
    three.text("rule", "restore", "1", "--to", V1)
    assert only(three) == ("", V1, V4)


@pytest.mark.parametrize("flags, number", [([], "DU0702"), (["--dry-run"], "DU0856")])
def test_restore_to_a_version_that_is_not_stored(three, flags, number):
    before = three.state()
    assert number in three.refused("rule", "restore", "1", "--to", "9.9", *flags)
    assert three.state() == before


def test_restore_to_the_approved_version(three):
    before = three.state()
    assert three.text("rule", "restore", "1", "--to", V2) == f"rule 1 {CX600}: approved already\n"
    assert three.state() == before


def test_A9_reset_with_nothing_pending_is_refused(three):
    three.text("rule", "reset", "1")
    before = three.state()
    assert "DU0706: rule 1: nothing pending, nothing was changed" in three.refused("rule", "reset", "1")
    assert "DU0706" in three.refused("rule", "reset", "1", "1", "--dry-run")
    assert three.state() == before


def test_A9_restore_with_nothing_approved_is_refused(ctl, bring):
    bring(V1)
    before = ctl.state()
    assert "DU0706: rule 1: nothing approved, nothing was changed" in ctl.refused("rule", "restore", "1")
    assert ctl.state() == before


@pytest.mark.parametrize("action", ["approve", "reset"])
def test_exactly_the_version_that_was_shown(three, bring, action):
    bring(V4)
    before = three.state()
    assert f"DU0705: version {V3} of rule 1 is not pending any more" in three.refused("rule", action, f"1@{V3}")
    assert three.state() == before
    three.text("rule", action, f"1@{V4}")
    assert only(three) == (("", V4, V2) if action == "approve" else ("", V2, V1))


def test_one_version_that_is_not_pending_and_nothing_is_approved(filled):
    before = filled.state()
    filled.refused("rule", "approve", f"1@{NEW}", f"2@{NEW}")
    filled.refused("rule", "approve", "2", "1@")
    assert filled.state() == before


def test_A11_remove(filled):
    tree = filled.state()[1]
    assert filled.text("rule", "remove", "1") == \
           f"rule 1 {CX600}: removed; pending {NEW} -> none, approved {OLD} -> none\n"
    assert list(versions(filled)) == [2]
    assert filled.state()[1] == tree, "the files stay"
    assert "DU0540" in filled.refused("rule", "show", "1")


def test_A14_a_package_whose_rule_was_removed_comes_again(ctl, bring):
    bring(V1, CX600, AASTRA)
    ctl.text("rule", "approve", "--all")
    ctl.text("rule", "remove", "2")
    assert ctl("import", ctl.directory.parent / f"{V1}-CX600-6725ip.cab").code == 0
    assert versions(ctl) == {1: (None, V1, None), 3: (V1, None, None)}
    assert "already imported as package 1" in bring(V1, CX600, AASTRA)
    assert [package["id"] for package in ctl.json("package", "list")] == [1]


def test_A13_another_store_does_not_change(ctl, bring, tmp_path):
    """A pool of the original is a store here."""
    (tmp_path / "other").mkdir()
    other = Ctl(tmp_path / "other")
    other.text("store", "init")
    before = other.state()
    bring(V1)
    ctl.text("rule", "approve", "1")
    assert only(ctl) == ("", V1, "") and other.state() == before


# What each action does to rules 1 (pending and approved), 2 (pending) and 3 (approved).
ALL = {"approve": [1, 2], "reset": [1, 2], "restore": [1, 3], "remove": [1, 2, 3]}


@pytest.fixture
def mixed(filled, bring):
    bring(V1, CX500)
    filled.text("rule", "approve", "3")
    return filled


@pytest.mark.parametrize("action", ALL)
def test_all_skips_rules_with_nothing_to_do(mixed, action):
    assert [rule["id"] for rule in mixed.json("rule", action, "--all", "--dry-run")] == ALL[action]
    out = mixed.text("rule", action, "--all")
    assert [int(line.split()[1]) for line in out.splitlines() if line.startswith("rule ")] == ALL[action]
    assert ("1 other rule has nothing to do." in out) == (len(ALL[action]) == 2)


@pytest.mark.parametrize("action", ["approve", "reset", "remove"])
def test_A10_all_twice(mixed, action):
    mixed.text("rule", action, "--all")
    before = mixed.state()
    assert mixed.text("rule", action, "--all").startswith("Nothing to do: ")
    assert mixed.json("rule", action, "--all") == []
    assert mixed.state() == before


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize("filters, ids", [
    (["--brand", "POLYCOM"], {1, 3}),
    (["--model", "cx*"], {1, 3}),
    (["--type", "UCPhone", "--model", "CX600"], {1}),
    (["--state", "approved"], {1, 3}),
    (["--revision", "B"], set()),
    (["--locale", "ENU", "--state", "pending"], {1, 2}),
])
def test_by_filter(mixed, action, filters, ids):
    before = versions(mixed)
    changed = [rule["id"] for rule in mixed.json("rule", action, *filters)]
    assert changed == [rule for rule in ALL[action] if rule in ids]
    after = versions(mixed)
    assert {rule: after[rule] for rule in before if rule not in changed} == \
           {rule: before[rule] for rule in before if rule not in changed}


def test_several_named_rules_with_nothing_to_do_are_no_failure(mixed):
    assert mixed.text("rule", "reset", "1", "3").splitlines() == \
           [f"rule 1 {CX600}: reset; pending {NEW} -> none", f"rule 3 {CX500}: nothing pending"]


@pytest.mark.parametrize("action", ALL)
def test_every_action_is_on_record(mixed, action):
    mixed.text("rule", action, "1", "--note", "because")
    assert mixed.sql("SELECT action, object, note FROM activity ORDER BY id DESC LIMIT 1") == [(action, "rule 1", "because")]


# --- dry runs -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize("rules", [["1"], ["1", "3"], ["--all"], ["--brand", "POLY*"]])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_B2_a_dry_run_changes_nothing(mixed, action, rules, flags):
    before = mixed.state()
    mixed.text(*flags, "rule", action, *rules, "--dry-run")
    assert mixed.state() == before


def test_a_dry_run_says_what_a_run_does(mixed):
    would = mixed.json("rule", "approve", "--all", "--dry-run")
    did = mixed.json("rule", "approve", "--all")
    assert [(rule["id"], rule["before"], rule["after"]) for rule in would] == \
           [(rule["id"], rule["before"], rule["after"]) for rule in did]
    assert all(rule["dry_run"] for rule in would) and not any(rule["dry_run"] for rule in did)
    assert versions(mixed)[1] == (None, did[0]["after"]["approved_version"], did[0]["after"]["restore_version"])


def heard(ctl, node, *lines):
    """Audit records of (second, MAC address, key of the rule, version)."""
    directory = ctl.files / AUDIT
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / f"RequestHandlerAuditLog_{node}_2026-11-22.log", "a", encoding="utf-8") as log:
        log.write(HEADER)
        for second, mac, key, version in lines:
            kind, brand, model, revision, locale = key.split("/")
            log.write(f"2026-11-22 10:00:{second:02},10.0.0.1,{kind},{mac},,{brand},{model},{revision},{locale},"
                      f"CPE.nbt;{version};,,,internal,none,current\n")


@pytest.fixture
def phones(mixed):
    """Three phones like rule 1, of which one has its pending version, and one like rule 2."""
    heard(mixed, "node1", (1, "00-00-00-00-00-01", CX600, OLD), (2, "00-00-00-00-00-02", CX600, OLD),
          (3, "00-00-00-00-00-03", CX600, OLD), (4, "00-00-00-00-00-04", AASTRA, "x"))
    heard(mixed, "node2", (5, "00-00-00-00-00-03", CX600, NEW))
    return mixed


def test_a_dry_run_counts_the_phones(phones):
    before = phones.state()
    out = phones.text("rule", "approve", "--all", "--dry-run").splitlines()
    assert out[1] == "  3 known phones, 2 of them with another version than the one approved then"
    assert out[3] == "  1 known phone, 1 of them with another version than the one approved then"
    assert [rule["phones"] for rule in phones.json("rule", "approve", "--all", "--dry-run")] == \
           [{"known": 3, "other_version": 2, "test_devices_only": False},
            {"known": 1, "other_version": 1, "test_devices_only": False}]
    assert "  3 known phones, of which only test devices are touched" in phones.text("rule", "reset", "1", "--dry-run")
    assert "  3 known phones, which are offered nothing then" in phones.text("rule", "remove", "1", "--dry-run")
    assert phones.state() == before


def test_lines_that_cannot_be_read_are_said(phones):
    with open(next((phones.files / AUDIT).glob("*node1*")), "ab") as log:
        log.write(b"\xff\x00half\n" + b"x" * 100000 + b"\n")
    out = phones.text("rule", "approve", "1", "--dry-run")
    assert "2 lines of the audit files could not be read.\n" in out and "3 known phones, 2 of them" in out


def test_without_audit_files_the_phones_are_not_known(mixed):
    assert "Phones are not known: there are no audit files in " in mixed.text("rule", "approve", "1", "--dry-run")
    assert mixed.json("rule", "approve", "1", "--dry-run")[0]["phones"] is None
