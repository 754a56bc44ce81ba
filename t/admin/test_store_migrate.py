"""store migrate: a store of version 1, also when it is killed in between."""
import contextlib
import os
import pathlib
import sqlite3

import pytest

import write_points

pytestmark = pytest.mark.patient

DATA = pathlib.Path(__file__).parent.parent / "data"


@pytest.fixture
def make_old(bare):
    """A store of version 1 as its devupdatectl left it, with so many activities."""
    def make(activities):
        with contextlib.closing(sqlite3.connect(bare.database)) as store:   # open, it would leave its own journal to the first copy
            store.execute("PRAGMA journal_mode=WAL")
            store.executescript((DATA / "schema-1.sql").read_text())
            store.executescript((DATA / "rows-1.sql").read_text())
            row = "INSERT INTO activity VALUES (?, 1283170090000000, 'kim', 'node1', 'approve', 'rule 1', '', '', '')"
            store.executemany(row, ((number,) for number in range(4, activities + 1)))
            store.execute(f"UPDATE counter SET value = {activities} WHERE name = 'activity'")
            store.commit()
        return bare
    return make


@pytest.fixture
def old(make_old):
    return make_old(1500)


def test_migrate(old):
    assert "DU0531: the store has schema version 1, this program needs version 3; \"devupdatectl store migrate\" brings it there" \
        in old.refused("rule", "list")
    assert old.text("store", "migrate", "--note", "new release") == "Brought the store from version 1 to version 3.\n"
    assert old.json("activity", "verify")["rows"] == 1501
    newest = old.json("activity", "list", "--limit", "1")[0]
    assert (newest["action"], newest["object"], newest["before"], newest["after"], newest["note"]) == \
           ("migrate", "store", "schema=1", "schema=3", "new release")
    assert old.json("rule", "list")[0]["approved_version"] == "4.0.7577.4463"
    before = old.state()
    assert old.text("store", "migrate") == "Nothing to do: the store is at version 3 already.\n"
    assert old.json("store", "migrate") == {"result": "nothing", "from": 3, "to": 3}
    assert old.state() == before


def test_migrate_as_json(old):
    assert old.json("store", "migrate") == {"result": "migrated", "from": 1, "to": 3}


@pytest.mark.parametrize("version, words", [(4, "use the programs of the version that made it"), (0, "it is no store of this product")])
def test_what_cannot_be_migrated(ctl, version, words):
    ctl.sql(f"UPDATE counter SET value = {version} WHERE name = 'schema'")
    before = ctl.state()
    for command in (["store", "migrate"], ["rule", "list"], ["store", "check"]):
        assert words in ctl.refused(*command)
    assert ctl.state() == before


def command(ctl):
    return [os.environ["CTL"], *ctl.where, "store", "migrate"]


def test_killed_at_any_point_it_is_of_one_version_or_the_other(make_old, tmp_path):
    """Few rows: each point is met, and pages alike would not make it harder."""
    old = make_old(10)
    copy = tmp_path / "copy"
    points = write_points.of(command(old.copy(copy)), tmp_path / "trace")
    assert len(points) > 20
    before, outcomes = old.state()[0], []
    for point in points:
        ctl = old.copy(copy)
        write_points.kill(command(ctl), point, tmp_path / "killed")
        is_old = ctl.sql("SELECT value FROM counter WHERE name = 'schema'") == [(1,)]
        if is_old:
            assert ctl.state()[0] == before, f"{point}"
            ctl.text("store", "migrate")
        outcomes.append(is_old)
        assert ctl.json("activity", "verify")["rows"] == 11, f"{point}"
        assert ctl.text("store", "migrate").startswith("Nothing to do")
    assert outcomes == sorted(outcomes, reverse=True) and outcomes[0], "once it is complete, it stays complete"
