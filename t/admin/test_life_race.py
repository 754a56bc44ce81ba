"""Two administrators change the same rules at once, on both stores: every change is explained by the record, nobody's success
is lost, and who loses is told."""
import os
import random
import subprocess

import pytest

from conftest import AASTRA, CX600, Ctl
from pgsql import PgsqlCtl, server  # noqa: F401 (a fixture)

pytestmark = pytest.mark.patient

ROUNDS = 100
DEVICES = [CX600, AASTRA, "UCPhone/POLYCOM/CX500/A/ENU"]
COMMANDS = [["approve", "--all"], ["reset", "--all"], ["restore", "--all"], ["approve", "1@4.0.3", "2"], ["reset", "3", "1"],
            ["restore", "2"], ["restore", "1", "--to", "4.0.1"]]
TOLD = ("DU0701", "DU0705", "DU0706")  # faster; not pending any more; nothing to reset or restore any more


@pytest.fixture(params=["sqlite3", "pgsql"])
def both(request, tmp_path, package):
    """A store of either kind with three rules that have had versions 1 to 3."""
    directory = tmp_path / "service"
    directory.mkdir()
    ctl = Ctl(directory) if request.param == "sqlite3" else PgsqlCtl(directory, request.getfixturevalue("server"))
    ctl.text("store", "init")
    for version in ("4.0.1", "4.0.2", "4.0.3"):
        ctl.text("import", package(*DEVICES, name=f"{version}.cab", version=version, size=2000))
    return ctl


def rules_of(ctl):
    return {number: f"pending={pending} approved={approved} restore={restore}" for number, pending, approved, restore
            in ctl.sql("SELECT id, pending, approved, restore FROM rule ORDER BY id")}


def begin(ctl, note, command):
    return subprocess.Popen([os.environ["CTL"], *ctl.where, "rule", *command, "--note", note], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def end(process):
    """How many rules the command says it changed; None if it was refused, with one line that says why."""
    out, err = process.communicate(timeout=120)
    if process.returncode == 0:
        return out.count("; ")
    assert (process.returncode, out, len(err.splitlines())) == (1, "", 1) and err.split(": ")[1] in TOLD, err
    if "DU0701" in err:
        assert "somebody else was faster" in err
    return None


def test_two_administrators(both):
    dice, losers = random.Random(4), 0
    for number in range(ROUNDS):
        both.sql("UPDATE rule SET pending = '4.0.3', approved = '4.0.2', restore = '4.0.1'")
        state, last = rules_of(both), both.sql("SELECT max(id) FROM activity")[0][0]
        notes = f"{number} a", f"{number} b"
        commands = dice.choices(COMMANDS, k=2)
        said = [end(process) for process in [begin(both, *each) for each in zip(notes, commands)]]
        written = both.sql(f"SELECT object, before, after, note FROM activity WHERE id > {last} ORDER BY id")
        for thing, before, after, _ in written:
            rule = int(thing.removeprefix("rule "))
            assert state[rule] == before, (commands, written)
            state[rule] = after
        assert state == rules_of(both), (commands, written)
        for note, changed in zip(notes, said):
            assert [row[3] for row in written].count(note) == (changed or 0), (commands, written)
        losers += said.count(None)
        assert said.count(None) < 2, "one of two wins"
    assert losers > 0
