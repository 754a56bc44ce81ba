"""The clock jumps back an hour between two commands: order is kept by number, not by time (issue 4)."""
import glob
import os

import pytest

from conftest import CX600, NEW

pytestmark = pytest.mark.patient

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


@pytest.fixture
def an_hour_ago():
    """The environment of a command that runs an hour ago."""
    if not LIBRARY:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    return {**os.environ, "LD_PRELOAD": " ".join(filter(None, [os.environ.get("LD_PRELOAD"), LIBRARY])), "FAKETIME": "-1h"}


def test_activities_and_generations_keep_their_order(filled, package, an_hour_ago):
    ctl = filled
    before = ctl.sql("SELECT max(id) FROM activity")[0][0], ctl.sql("SELECT value FROM counter WHERE name = 'generation'")[0][0]
    ctl.text("site", "add", "Hall", "10.1.0.0/16")
    for arguments in (["rule", "approve", "1"], ["site", "remove", "Hall"],
                      ["import", package(CX600, name="third.cab", version="4.0.7577.9999")]):
        assert ctl(*arguments, env=an_hour_ago).code == 0
    ctl.text("rule", "approve", "1")

    rows = ctl.sql(f"SELECT id, time, action FROM activity WHERE id > {before[0]} ORDER BY id")
    assert [row[0] for row in rows] == list(range(before[0] + 1, before[0] + 1 + len(rows))), "no gap, none twice"
    assert rows[0][1] - rows[1][1] > 3_500_000_000, "the times are as the clock said"
    assert rows[-1][1] > rows[0][1]
    actions = [row[2] for row in rows]
    assert actions[-1] == actions[1] != actions[0], actions
    assert ctl.sql("SELECT value FROM counter WHERE name = 'generation'")[0][0] == before[1] + 5
    rule = ctl.json("rule", "show", "1")
    assert (rule["approved_version"], rule["restore_version"]) == ("4.0.7577.9999", NEW)
