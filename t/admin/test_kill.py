"""A command that is killed, or finds the disk full, at every system call that writes: the store is as before or has the with its activity, it opens, and the same command again completes it. Imports have a test of their own."""
import os
import shutil

import pytest

import write_points
from conftest import AASTRA, CX600, NEW, OLD
from write_points import OPENING

pytestmark = pytest.mark.patient

COMMANDS = {
    "approve": ["rule", "approve", "1", "--note", "as agreed"],
    "approve all": ["rule", "approve", "--all"],
    "reset": ["rule", "reset", "1"],
    "restore": ["rule", "restore", "1"],
    "remove": ["rule", "remove", "1"],
    "setting set": ["setting", "set", "LogCleanUpInterval", "30."],
    "test-device add": ["test-device", "add", "desk", "--mac", "00-04-F2-00-01-76", "--scope", "site:Hall"],
    "test-device remove": ["test-device", "remove", "phone"],
    "test-device remove all": ["test-device", "remove", "--all", "--scope", "global"],
    "site add": ["site", "add", "Lab", "10.3.0.0/16", "2001:db8::/32"],
    "site remove": ["site", "remove", "Hall"],
}
GROWING = [*OPENING, "creat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate"]


@pytest.fixture
def template(ctl, package):
    ctl.text("import", package(CX600, AASTRA, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    ctl.text("import", package(CX600, name="second.cab", version=NEW))
    ctl.text("site", "add", "Hall", "10.1.0.0/16")
    ctl.text("test-device", "add", "phone", "--serial", "07823-A345")
    return ctl


@pytest.fixture
def fresh(template, tmp_path):
    """Makes copies of that store, one after the other in the same place."""
    return lambda: template.copy(tmp_path / "copy")


def command(ctl, words):
    return [os.environ["CTL"], *ctl.where, *words]


def again(ctl, words, complete, expected, what):
    """What is there already may be refused, but nothing else is, and nothing is done twice."""
    result = ctl(*words)
    assert result.code == 0 or (complete and result.code == 1), f"{what}: again: {result}"
    assert ctl.content() == expected, f"{what}: again"


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_killed_at_every_point(fresh, tmp_path, words):
    reference = fresh()
    before = reference.content()
    points = write_points.of(command(reference, words), tmp_path / "trace")
    after = reference.content()
    assert before != after and {"pwrite64", "unlink"} <= {point.call for point in points}, points

    outcomes = []
    for number, point in enumerate(points):
        what = f"point {number} of {len(points)}, {point}"
        ctl = fresh()
        write_points.kill(command(ctl, words), point, tmp_path / "killed")
        found = ctl.content()
        assert found in (before, after), f"{what}: something half"
        outcomes.append(found == after)
        again(ctl, words, outcomes[-1], after, what)
    assert outcomes == sorted(outcomes), "once complete, it stays complete"
    assert not outcomes[0] and outcomes[-1], "both sides of the commit were met"


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_disk_full_at_every_point(fresh, tmp_path, words):
    """A sentence and nothing changed, or it was done."""
    reference = fresh()
    before = reference.content()
    points = [point for point in write_points.of(command(reference, words), tmp_path / "trace") if point.call in GROWING]
    after = reference.content()
    failed = 0
    for point in points:
        ctl = fresh()
        result = write_points.fail(command(ctl, words), point, tmp_path / "full", "ENOSPC")
        found = ctl.content()
        if result.returncode:
            failed += 1
            assert result.returncode == 1 and b"devupdatectl: DU" in result.stderr, f"{point}: {result}"
            assert found == before, f"{point}: {result}"
        else:
            assert found == after, f"{point}: {result}"
    assert 0 < failed <= len(points)


def test_store_init_killed_at_every_point(bare, tmp_path):
    points = write_points.of(command(bare, ["store", "init"]), tmp_path / "trace")
    made = bare.content()
    outcomes = []
    for number, point in enumerate(points):
        what = f"point {number} of {len(points)}, {point}"
        for path in bare.directory.glob("devupdate.sqlite*"):
            path.unlink()
        shutil.rmtree(bare.files / "DeviceUpdateTrust", ignore_errors=True)
        write_points.kill(command(bare, ["store", "init"]), point, tmp_path / "killed")
        result = bare("store", "init")
        outcomes.append(result.code == 1)
        assert result.code == 0 or "DU0532" in result.err, f"{what}: again: {result}"
        assert bare.content() == made, what
        assert bare.sql("PRAGMA journal_mode") == [("wal",)], f"{what}: the mode of the file"
    assert outcomes == sorted(outcomes) and not outcomes[0] and outcomes[-1], outcomes
