"""file list, file clear."""
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import AASTRA, CX600
from test_life_cycle import V1, V2, V3, V4, bring, three  # noqa: F401 (fixtures)


def images(ctl):
    """The versions of which there are files."""
    return sorted(path.parent.parent.name for path in (ctl.files / "DeviceUpdateStore").rglob("CPE.nbt"))


@pytest.fixture
def four(three, bring):
    """Rule 1 with versions 4 pending, 3 approved, 2 to go back to, and 1 left over."""
    three.text("rule", "approve", "1")
    bring(V4)
    return three


def test_list(four):
    document = four.json("file", "list")
    assert [(entry["id"], entry["rule_id"], entry["version"], entry["slots"]) for entry in document["stored"]] == \
           [(1, 1, V1, []), (2, 1, V2, ["restore"]), (3, 1, V3, ["approved"]), (4, 1, V4, ["pending"])]
    for entry in document["stored"]:
        directory = four.files / "DeviceUpdateStore" / entry["directory"]
        assert entry["directory"] == f"{CX600}/{entry['version']}/CPE"
        assert entry["bytes"] == sum(path.stat().st_size for path in directory.iterdir()) and entry["files"] == 2
    assert document["bytes"] == sum(entry["bytes"] for entry in document["stored"])
    lines = four.text("file", "list").splitlines()
    assert [line.split()[4] for line in lines[1:5]] == ["none", "restore", "approved", "pending"]
    assert lines[-1] == f"4 stored versions, {document['bytes']} bytes."


def test_nothing_stored(ctl):
    assert ctl.text("file", "list") == "0 stored versions, 0 bytes.\n"
    assert ctl.text("file", "clear") == "Nothing to do: every stored version is in use.\n"
    assert ctl.json("file", "clear")["result"] == "nothing"


def test_A12_clear_deletes_the_fourth_version_only(four):
    size = four.json("file", "list")["stored"][0]["bytes"]
    assert f"Deleted 1 stored versions, {size} bytes." in four.text("file", "clear", "--note", "tidy")
    assert images(four) == [V2, V3, V4]
    assert [entry["version"] for entry in four.json("file", "list")["stored"]] == [V2, V3, V4]
    assert four.sql("SELECT action, object, note FROM activity ORDER BY id DESC LIMIT 1") == \
           [("clear", f"files {CX600}/{V1}/CPE", "tidy")]
    before = four.state()
    assert four.json("file", "clear")["removed"] == []
    assert four.state() == before
    assert "DU0702" in four.refused("rule", "restore", "1", "--to", V1)


def test_A11_clear_deletes_what_a_removed_rule_had(four, bring):
    four.text("rule", "remove", "1")
    assert images(four) == [V1, V2, V3, V4], "files are still there"
    listed = four.json("file", "list")["stored"]
    assert [(entry["id"], entry["directory"]) for entry in listed] == [(None, f"{CX600}/{v}/CPE") for v in (V1, V2, V3, V4)]
    assert len(four.json("file", "clear")["removed"]) == 4
    assert os.listdir(four.files / "DeviceUpdateStore") == [".store"]
    assert four.sql("SELECT count(*) FROM activity WHERE action = 'clear'") == [(4,)]


def test_B2_a_dry_run_changes_nothing(four):
    four.text("rule", "reset", "1")
    before = four.state()
    would = four.json("file", "clear", "--dry-run")
    assert would["dry_run"] and "Would delete 2 stored versions" in four.text("file", "clear", "--dry-run")
    assert four.state() == before
    did = four.json("file", "clear")
    assert [entry["id"] for entry in would["removed"]] == [entry["id"] for entry in did["removed"]] == [1, 4]


def test_clear_some(four):
    four.text("rule", "reset", "1")
    four.text("file", "clear", "4")
    assert images(four) == [V1, V2, V3]


@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
@pytest.mark.parametrize("ids, number", [(["1", "3"], "DU0704"), (["2"], "DU0704"), (["1", "9"], "DU0703")])
def test_clear_of_what_is_in_use_or_not_there(four, flags, ids, number):
    before = four.state()
    assert number in four.refused("file", "clear", *ids, *flags)
    assert four.state() == before


def test_orphans_are_found_and_what_is_not_ours_stays(four):
    """A killed import leaves files without a row, a killed removal empty directories."""
    root = four.files / "DeviceUpdateStore"
    orphan = root / AASTRA / "9.9" / "CPE"
    orphan.mkdir(parents=True)
    (orphan / "CPE.nbt").write_bytes(b"x" * 1000)
    (root / "UCPhone" / "LG" / "IP8540").mkdir(parents=True)
    (root / "UCPhone" / "readme").write_text("not ours")
    listed = four.json("file", "list")["stored"][4:]
    assert [(entry["id"], entry["directory"], entry["files"], entry["bytes"]) for entry in listed] == \
           [(None, f"{AASTRA}/9.9/CPE", 1, 1000), (None, "UCPhone/LG/IP8540", 0, 0)]
    assert four.text("file", "list").count("no rule has it") == 2
    four.text("file", "clear", "1")
    assert orphan.exists(), "a number means that version alone"
    four.text("file", "clear")
    assert sorted(os.listdir(root / "UCPhone")) == ["POLYCOM", "readme"]
    assert images(four) == [V2, V3, V4]


def test_missing_files_are_said(four):
    shutil.rmtree(four.files / "DeviceUpdateStore" / CX600 / V3)
    assert "approved, files are missing" in four.text("file", "list")
    four.text("file", "clear")
    assert images(four) == [V2, V4]


def test_staging_of_a_killed_import(four):
    work = four.files / "DeviceUpdateStore" / ".staging" / "work"
    work.mkdir(parents=True)
    (work / "m1").write_bytes(b"x" * 77)
    assert "An import is at work, or was killed: 1 files of 77 bytes in staging." in four.text("file", "list")
    assert four.json("file", "list")["staged_bytes"] == 77
    four.text("file", "clear")
    assert not work.parent.exists()


def test_A14_a_cleared_version_can_be_imported_again(four, bring):
    four.text("rule", "reset", "1")
    assert "already imported" in bring(V4)
    four.text("file", "clear")
    bring(V4)
    assert four.json("rule", "list")[0]["pending_version"] == V4 and images(four) == [V2, V3, V4]


def test_a_store_that_fails_keeps_the_files(four):
    four.sql("CREATE TRIGGER broken BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    before = four.state()
    assert "DU0522" in four.refused("file", "clear")
    assert four.state() == before


def test_a_download_that_runs_goes_on(four):
    with open(four.files / "DeviceUpdateStore" / CX600 / V1 / "CPE" / "CPE.nbt", "rb") as image:
        first = image.read(1000)
        four.text("file", "clear")
        assert images(four) == [V2, V3, V4]
        assert len(first) + len(image.read()) == 70000


def has_open(process, path):
    return str(path) in [os.readlink(entry) for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()]


def test_waits_for_an_import(four):
    """Whoever has the lock of an import may have files in place whose rows come only now."""
    lock = four.files / "DeviceUpdateStore" / ".staging" / "lock"
    lock.parent.mkdir(parents=True)
    holder = subprocess.Popen(["python3", "-c", "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
                               " print('held', flush=True); sys.stdin.read()", str(lock)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    clear = subprocess.Popen([os.environ["CTL"], *four.where, "file", "clear"], stdout=subprocess.PIPE, text=True)
    try:
        while not has_open(clear, lock):
            with pytest.raises(subprocess.TimeoutExpired):
                clear.wait(0.02)
        assert clear.poll() is None and images(four) == [V1, V2, V3, V4]
    finally:
        holder.stdin.close()
        holder.wait(30)
    assert "Deleted 1 stored versions" in clear.communicate(timeout=30)[0] and clear.returncode == 0
    assert images(four) == [V2, V3, V4]
