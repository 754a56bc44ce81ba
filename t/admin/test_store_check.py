"""store check: what is wrong, one line each, and nothing is changed."""
import json

import pytest

from conftest import CX600, NEW, OLD

FINE = "Nothing is wrong with the store.\n"
IMAGE = f"{CX600}/{NEW}/CPE"
PHONE = ("INSERT INTO device VALUES (5, 7, 'new', '', 0, '', '', 0, 0, 0, '', '', '', 0, 0, '', 0, 0, 0, "
         "'', 0, 0, 0)")


def findings(ctl, *options):
    result = ctl("store", "check", "--json", *options)
    document = json.loads(result.out)
    assert result.code == (document["result"] == "damaged") and bool(result.err) == bool(result.code)
    return [(finding["kind"], finding["text"]) for finding in document["findings"]]


@pytest.mark.parametrize("options", [[], ["--digest"]])
def test_nothing_is_wrong(filled, options):
    before = filled.state()
    assert filled.text("store", "check", *options) == FINE
    assert filled.json("store", "check", *options) == {"result": "whole", "findings": []}
    assert filled.state() == before


def test_an_empty_store_is_whole(ctl):
    assert ctl.text("store", "check") == FINE


@pytest.mark.parametrize("damage, kind, text", [
    ("UPDATE rule SET pending = '9.9' WHERE id = 1", "reference", "rule 1 names version 9.9, which is not stored"),
    ("UPDATE rule SET approved = '9.8' WHERE id = 2", "reference", "rule 2 names version 9.8, which is not stored"),
    ("UPDATE rule SET restore = '9.7' WHERE id = 2", "reference", "rule 2 names version 9.7, which is not stored"),
    ("UPDATE image SET rule_id = 77 WHERE version = '%s'" % NEW, "reference",
     f"image 3 (version {NEW}) is of rule 77, which is not there"),
    ("UPDATE image SET package_id = 77 WHERE id = 1", "reference",
     f"image 1 (version {OLD}) came with package 77, which is not there"),
    ("DELETE FROM image_file WHERE image_id = 1", "reference", f"rule 1 has version {OLD} without files"),
    ("INSERT INTO image_file SELECT 77, position, name, size, digest, signature, signature_size, signature_digest, timestamp "
     "FROM image_file WHERE image_id = 1", "reference", "file CPE.nbt is of image 77, which is not there"),
    ("INSERT INTO site_subnet VALUES ('10.9.0.0/16', 'lab')", "reference", "subnet 10.9.0.0/16 is of site lab, which is not there"),
    ("INSERT INTO test_device VALUES ('lab', 'desk', 'Desk', 'serial', 'a1', 'A1')", "reference",
     "test device Desk is of site lab, which is not there"),
    ("INSERT INTO setting VALUES ('lab', 'MaxLogFileSize', '65536')", "reference",
     "setting MaxLogFileSize is of site lab, which is not there"),
    ("INSERT INTO setting VALUES ('', 'LogCleanUpInterval', '366.00:00:00')", "setting",
     "setting LogCleanUpInterval of scope global cannot be what it is: 366.00:00:00"),
    ("INSERT INTO setting VALUES ('lab', 'log-quota', '1')", "setting", "setting log-quota of scope lab cannot be what it is: 1"),
    ("UPDATE counter SET value = 1 WHERE name = 'image'", "counter", "counter image is at 1, but 3 was given out already"),
    ("UPDATE counter SET value = 0 WHERE name = 'package'", "counter", "counter package is at 0, but 2 was given out already"),
    ("INSERT INTO device_count VALUES (7, 'key', '', '', '', '', '', '4.1', '', 'new', 3)", "inventory", "count 7 says 3 phones, but 0 are counted there"),
    ("INSERT INTO device_count VALUES (7, 'key', '', '', '', '', '', '4.1', '', 'new', 3)", "inventory",
     "of key with version 4.1 there are 3 phones, but 0 are counted"),
    ("INSERT INTO device_version VALUES ('key', '4.1', '', '', '', '', '', 2)", "inventory",
     "of key with version 4.1 there are 0 phones, but 2 are counted"),
    (PHONE, "inventory", "phone 5 is counted at 7, which is not there or another state's"),
    (PHONE, "inventory", "phone 5 has no names"),
    ("INSERT INTO device_name VALUES (8, '', '', 's', '', '')", "inventory", "there are names of phone 8, which is not there"),
    ("INSERT INTO device_event VALUES (9, 1, 0, 'check', '', '', '', '', '', '', '', 0)", "inventory", "1 events are of phone 9, which is not there"),
    ("INSERT INTO role VALUES ('kim', 'viewer', 'paris')", "reference",
     "the role of account kim is of site paris, which is not there"),
    ("UPDATE activity SET note = 'x' WHERE id = 2", "activity", "row 2 of the record of changes was changed, or put in later"),
    ("UPDATE image_file SET digest = 'x' WHERE image_id = 1", "file",
     f"the store has no valid digest of file {CX600}/{OLD}/CPE/CPE.nbt"),
    ("UPDATE image_file SET name = '../../x' WHERE image_id = 1", "file", "the store names a file that cannot be: ../../x"),
    ("UPDATE image SET version = '..' WHERE id = 2", "file", "the store names an image that cannot be: version .."),
])
def test_rows_that_are_wrong(filled, damage, kind, text):
    filled.sql(damage)
    before = filled.state()
    assert (kind, text) in findings(filled)
    result = filled("store", "check")
    assert result.code == 1 and f"{kind}: {text}\n" in result.out and "DU0894" in result.err
    assert filled.state() == before


@pytest.mark.parametrize("name", ["CPE.nbt", "CPE.cat"])
def test_files_that_are_wrong(filled, name):
    path = filled.files / "DeviceUpdateStore" / IMAGE / name
    content = bytearray(path.read_bytes())
    assert findings(filled, "--digest") == []
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert findings(filled) == []
    assert findings(filled, "--digest") == [("file", f"file {IMAGE}/{name} has other content than it was imported with")]
    path.write_bytes(content + b"x")
    assert findings(filled) == [("file", f"file {IMAGE}/{name} has another size than it was imported with")]
    path.unlink()
    assert findings(filled) == [("file", f"file {IMAGE}/{name} is missing")]
    path.mkdir()
    assert findings(filled) == [("file", f"file {IMAGE}/{name} cannot be read")]


def test_a_catalogue_that_several_files_share_is_one_finding(ctl, package):
    ctl.text("import", package(CX600, files=("CPE", "EBOOT"), share=True))
    shared = [path for path in (ctl.files / "DeviceUpdateStore").rglob("*.cat")]
    shared[0].unlink()
    assert len(findings(ctl)) == 1


def test_all_findings_are_told(filled):
    filled.sql("UPDATE rule SET pending = '9.9'")
    filled.sql("UPDATE counter SET value = 0 WHERE name IN ('rule', 'image')")
    assert len(findings(filled)) == 4
    assert "DU0894: 4 things are wrong in the store" in filled("store", "check").err


def test_a_damaged_database_file(filled):
    """A page of an index is overwritten: what SQLite sees, we tell."""
    filled.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,), = filled.sql("SELECT rootpage FROM sqlite_master WHERE name = 'image_package'")
    (size,), = filled.sql("PRAGMA page_size")
    with open(filled.database, "r+b") as file:
        file.seek((root - 1) * size + 8)
        file.write(bytes(size - 8))
    result = filled("store", "check")
    assert result.code == 1 and ("database: the database says: " in result.out or "DU0522" in result.err), result


def test_orphans_are_named_and_are_no_failure(filled):
    """What `file clear` removes, and what an import that was killed has left."""
    store = filled.files / "DeviceUpdateStore"
    orphan = store / CX600 / "9.9.9.9" / "CPE"
    orphan.mkdir(parents=True)
    (orphan / "CPE.nbt").write_bytes(b"x" * 100)
    staged = store / ".staging" / "work"
    staged.mkdir(parents=True)
    (staged / "CPE.nbt").write_bytes(b"x" * 10)
    before = filled.state()
    assert findings(filled) == [
        ("orphan", f"{CX600}/9.9.9.9/CPE has 1 files, 100 bytes; file clear removes it"),
        ("staging", ".staging/work has 1 files, 10 bytes; the next import removes it")]
    result = filled("store", "check")
    assert (result.code, result.err) == (0, "") and result.out.endswith(FINE)
    assert filled.state() == before
    filled.text("file", "clear")
    assert [kind for kind, _ in findings(filled)] == []
