"""device purge that is killed where it writes: whole phones are left, counts are right, and the same command removes the rest."""
import os

import pytest

import many_phones
import write_points
from test_ingest import WRONG_COUNTS
from test_kill import fresh  # noqa: F401 (a fixture)

pytestmark = pytest.mark.patient

PHONES = 8300    # more than two batches of DU_PURGE_BATCH
POINTS = 15      # of several hundred, from the first to the last
WITHOUT_PHONE = "SELECT COUNT(*) FROM device_event WHERE device_id NOT IN (SELECT id FROM device)"
EVENTS = "SELECT id, (SELECT COUNT(*) FROM device_event WHERE device_id = id) FROM device"


@pytest.fixture
def template(ctl):
    spec = ctl.where[1]
    many_phones.fill(spec, many_phones.parse([spec, "--phones", str(PHONES), "--events", str(2 * PHONES), "--rules", "10", "--sites", "3"]))
    return ctl


def phones(ctl):
    return ctl.sql("SELECT COUNT(*) FROM device")[0][0]


def test_killed_on_the_way(fresh, tmp_path):
    def command(ctl):
        return [os.environ["CTL"], *ctl.where, "device", "purge", "--all", "--held"]

    reference = fresh()
    events = dict(reference.sql(EVENTS))
    points = write_points.of(command(reference), tmp_path / "trace")
    assert phones(reference) == 0 and len(points) > POINTS
    left = []
    for point in sorted({*points[::len(points) // POINTS], points[-1]}, key=points.index):
        ctl = fresh()
        write_points.kill(command(ctl), point, tmp_path / "killed")
        left.append(phones(ctl))
        assert ctl.sql(WRONG_COUNTS) == [] and ctl.sql(WITHOUT_PHONE) == [(0,)], point
        assert dict(ctl.sql(EVENTS)).items() <= events.items(), point
        assert ctl("activity", "verify").code == 0, point
        ctl("device", "purge", "--all", "--held")
        assert phones(ctl) == 0 and ctl.sql("SELECT COUNT(*) FROM device_count") == ctl.sql("SELECT COUNT(*) FROM device_version") == [(0,)], point
    assert left == sorted(left, reverse=True) and left[0] == PHONES and set(left) & {4300, 300}, left
