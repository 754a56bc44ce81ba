"""file clear and log clear that are killed at every system call that writes: nothing is wrong in the store, what rules
name is there, and the same command again completes the work."""
import os

import pytest

import write_points
from conftest import CX600, NEW, OLD
from test_kill import fresh  # noqa: F401 (a fixture)
from test_log import AUDIT, CLIENT, make

pytestmark = pytest.mark.patient

COMMANDS = {"file clear": ["file", "clear"], "log clear": ["log", "clear", "--days", "10"]}


@pytest.fixture
def template(ctl, package):
    """A rejected version, a removed rule's, and logs, some of which are old."""
    ctl.text("import", package(CX600, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    ctl.text("import", package(CX600, "UCPhone/POLYCOM/CX500/A/ENU", name="second.cab", version=NEW))
    ctl.text("rule", "reset", "1")
    ctl.text("rule", "remove", "2")
    for number in range(3):
        make(ctl, f"{CLIENT}/CELog/UCPhone_{number}-20261101-CELOG010203_0.clg", 11 + number)
    make(ctl, f"{CLIENT}/Watson/UCPhone_1-20261101-WATSON010203_0.dmp", 9)
    make(ctl, f"{AUDIT}/RequestHandlerAuditLog_n1_2020-01-01.log", 12)
    make(ctl, f"{AUDIT}/RequestHandlerAuditLog_n1_2020-01-02.log", 1)
    return ctl


def files(ctl):
    return sorted(str(path.relative_to(ctl.files)) for path in ctl.files.rglob("*") if path.is_file())


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_killed_at_every_point(fresh, tmp_path, words):
    def command(ctl):
        return [os.environ["CTL"], *ctl.where, *words]

    reference = fresh()
    before, rules = files(reference), reference.json("rule", "list")
    points = write_points.of(command(reference), tmp_path / "trace")
    after = files(reference)
    orphans = reference.json("store", "check")["findings"]
    assert len(after) < len(before) and bool(orphans) == (words[0] == "log")

    met = set()
    for point in points:
        ctl = fresh()
        write_points.kill(command(ctl), point, tmp_path / "killed")
        met.add(len(files(ctl)))
        assert ctl("store", "check", "--digest").code == 0, f"{point}: something is wrong"
        assert ctl("activity", "verify").code == 0, point
        assert ctl.json("rule", "list") == rules, point
        ctl.text(*words)
        assert files(ctl) == after, f"{point}: after the same command again"
        assert ctl.json("store", "check")["findings"] == orphans, point
    assert {len(before), len(after)} < met, "before, after, and in between"
