"""log list and log clear (administration.md 1.6)."""
import os
import time

import pytest

DAY = 86400
CLIENT = "DeviceUpdateLogs/Client"
AUDIT = "DeviceUpdateLogs/Server/Audit/ImageUpdates"


def make(ctl, name, days, size=10):
    path = ctl.files / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


@pytest.fixture
def logs(ctl):
    """Logs of 31, 11, 9 and 0 days, of phones and of two nodes."""
    make(ctl, f"{CLIENT}/CELog/UCPhone_07823-A345-20261101-CELOG010203_0.clg", 31)
    make(ctl, f"{CLIENT}/CELog/UCPhone_07823-A346-20261101-CELOG010203_0.clg", 9, 20)
    make(ctl, f"{CLIENT}/Watson/UCPhone_07823-A345-20261101-WATSON010203_0.dmp", 11)
    make(ctl, f"{AUDIT}/RequestHandlerAuditLog_n1_2020-01-01.log", 11)
    make(ctl, f"{AUDIT}/RequestHandlerAuditLog_n2_2020-01-01.log", 11)
    make(ctl, f"{AUDIT}/RequestHandlerAuditLog_n2_2020-01-02.log", 0)
    return ctl


def names(ctl, *arguments):
    return [entry["name"] for entry in ctl.json("log", "list", *arguments)]


def test_list(logs):
    assert names(logs, "--type", "celog") == ["UCPhone_07823-A345-20261101-CELOG010203_0.clg",
                                             "UCPhone_07823-A346-20261101-CELOG010203_0.clg"]
    assert names(logs, "--type", "audit", "--days", "1") == ["RequestHandlerAuditLog_n1_2020-01-01.log",
                                                           "RequestHandlerAuditLog_n2_2020-01-01.log"]
    assert names(logs, "--device", "07823-a345", "--days", "10") == [
        "UCPhone_07823-A345-20261101-CELOG010203_0.clg", "UCPhone_07823-A345-20261101-WATSON010203_0.dmp"]
    assert len(names(logs)) == 6
    rows = [line.split() for line in logs.text("log", "list", "--type", "CELog").splitlines()]
    assert rows == [["TYPE", "NAME", "SIZE", "AGE"],
                    ["CELog", "UCPhone_07823-A345-20261101-CELOG010203_0.clg", "10", "31", "days"],
                    ["CELog", "UCPhone_07823-A346-20261101-CELOG010203_0.clg", "20", "9", "days"]]


def test_no_logs(ctl):
    assert ctl.text("log", "list") == "No logs.\n"
    assert ctl.json("log", "list") == []
    assert ctl.text("log", "clear", "--days", "1") == "Nothing to do: no log is that old\n"
    assert ctl.sql("SELECT * FROM activity") == []


def test_C7_clear(logs):
    before = logs.state()
    assert logs.text("log", "clear", "--days", "10", "--dry-run") == \
        "Would remove: client 2 files 20 bytes, audit 2 files 20 bytes\n"
    assert logs.state() == before
    assert logs.text("log", "clear", "--days", "10", "--note", "full") == "Removed: client 2 files 20 bytes, audit 2 files 20 bytes\n"
    assert names(logs) == ["UCPhone_07823-A346-20261101-CELOG010203_0.clg", "RequestHandlerAuditLog_n2_2020-01-02.log"]
    assert logs.sql("SELECT action, object, before, after, note FROM activity") == [
        ("clear", "logs", "client 2 files 20 bytes, audit 2 files 20 bytes", "", "full")]
    assert logs.json("log", "clear", "--days", "1") == {
        "result": "removed", "client": {"files": 1, "bytes": 20}, "downloads": {"files": 0, "bytes": 0},
        "uploads": {"files": 0, "bytes": 0}, "audit": {"files": 0, "bytes": 0}}


@pytest.mark.parametrize("days", ["0", "31", "9999"])
def test_C7_days_out_of_range(logs, days):
    before = logs.state()
    assert "DU0882: --days is from 1 to 30" in logs.refused("log", "clear", "--days", days)
    assert logs.state() == before


@pytest.mark.parametrize("arguments, words", [
    ([], "DU0806"), (["--days", "ten"], "DU0881"), (["--days="], "DU0806"), (["--days=-1"], "DU0881"),
    (["--days", "1.5"], "DU0881"), (["--days", "99999"], "DU0881")])
def test_wrong_usage(logs, arguments, words):
    before = logs.state()
    assert words in logs.refused("log", "clear", *arguments, code=2)
    assert logs.state() == before


def test_C7_thirty_days(logs):
    assert logs.text("log", "clear", "--days", "30") == "Removed: client 1 file 10 bytes\n"


def test_hostile_names(logs):
    make(logs, f"{CLIENT}/CELog/a\x1b[2J\nb.clg", 5)
    (logs.files / CLIENT / "CELog" / "link.clg").symlink_to("/etc/passwd")
    text = logs.text("log", "list", "--device", "2J")
    assert "\x1b" not in text and "a\\x1b[2J\\x0ab.clg" in text and text.count("\n") == 2
    assert "link.clg" not in logs.text("log", "list")
    logs.text("log", "clear", "--days", "1")
    assert (logs.files / CLIENT / "CELog" / "link.clg").is_symlink()


def test_a_log_that_cannot_be_removed_does_not_keep_the_others(logs):
    if os.geteuid() == 0:
        os.unlink(logs.files / AUDIT / "RequestHandlerAuditLog_n1_2020-01-01.log")
        (logs.files / "DeviceUpdateLogs/Server/Downloads").symlink_to("Audit")
        words = "DU0910"
    else:
        (logs.files / AUDIT).chmod(0o555)
        words = "DU0911"
    result = logs("log", "clear", "--days", "10")
    assert result.code == 1 and words in result.err and result.out.startswith("Removed: client 2 files 20 bytes")
    assert logs.sql("SELECT count(*) FROM activity") == [(1,)]
