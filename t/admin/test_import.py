"""import and package list, show."""
import os
import pty
import pwd
import shutil
import socket
import stat
import subprocess

import pytest

import make_package
from conftest import AASTRA, CX600, NEW, OLD

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
C1 = "\u009b2J"  # the same as a single character, which XML does not refuse


def image_of(ctl, key, version, name="CPE.nbt"):
    return ctl.files / "DeviceUpdateStore" / key / version / "CPE" / name


def test_what_is_imported_is_told(ctl, package):
    cab = package(CX600, AASTRA, version=OLD)
    text = ctl.text("import", cab)
    assert f"Imported package.cab ({cab.stat().st_size} bytes) as package 1:" in text
    assert f"Rule 1: {CX600}, version {OLD}: new rule, version pending" in text
    assert f"Rule 2: {AASTRA}, version {OLD}: new rule, version pending" in text
    assert "CPE.nbt  70000" in text and "CPE.cat" in text
    assert text.count("NOT VERIFIED: member image") == 2 and "its catalogue image1/CPE.cat is not signed" in text
    assert "NOT VERIFIED, imported with --allow-unsigned" in text
    assert "devupdatectl rule approve 1 2\n" in text
    assert image_of(ctl, CX600, OLD).stat().st_size == 70000


def test_import_as_json(ctl, package):
    cab = package(CX600, version=OLD)
    document = ctl.json("import", cab, "--note", "first")
    assert document["result"] == "imported"
    assert document["package"]["id"] == 1 and document["package"]["trust"] == "unverified"
    assert document["package"]["note"] == "first" and document["package"]["filename"] == "package.cab"
    (image,) = document["images"]
    assert (image["rule_id"], image["version"], image["new_rule"], image["already_there"]) == (1, OLD, True, False)
    assert (image["pending_version"], image["approved_version"], image["restore_version"]) == (OLD, None, None)
    (file,) = image["files"]
    assert (file["name"], file["size"], file["signature"]) == ("CPE.nbt", 70000, "CPE.cat")


def test_A14_the_same_file_again_changes_nothing(filled, package):
    before = filled.state()
    cab = package(CX600, AASTRA, name="other-name.cab", version=OLD)
    assert "already imported as package 1 (first.cab) on 20" in filled.text("import", cab)
    assert filled.json("import", cab)["result"] == "already_imported"
    assert filled.state() == before


def test_dry_run_changes_nothing(ctl, package):
    ctl.text("import", package(AASTRA, name="other.cab"))  # the directories of an import are there
    before = ctl.state()
    cab = package(CX600)
    assert f"Would import package.cab ({cab.stat().st_size} bytes):" in ctl.text("import", cab, "--dry-run")
    assert ctl.json("import", "--dry-run", cab)["result"] == "would_import"
    assert ctl.state() == before


def test_an_image_that_is_there_is_named(filled, package):
    """Another cabinet with an image that an earlier one brought."""
    cab = package(CX600, "UCPhone/POLYCOM/CX500/A/ENU", version=OLD, name="more.cab")
    result = filled("import", cab)
    assert result.code == 0
    assert f"DU0812: warning: CPE.nbt of version {OLD} was there already for rule 1 ({CX600})" in result.err
    assert len(result.err.splitlines()) == 1
    assert f"Rule 1: {CX600}, version {OLD}: version approved already" in result.out


def test_other_bytes_for_a_known_version(filled, package):
    before = filled.state()
    line = filled.refused("import", package(CX600, version=NEW, size=80000))
    assert NEW in line and CX600 in line
    assert filled.state() == before


# What the sentence must say for each kind of bad package.
NAMED = {
    "not-a-cabinet": "not a cabinet", "empty-file": "not a cabinet", "truncated": "truncated",
    "truncated-header": "not a cabinet", "bit-flipped": "image1/CPE.nbt", "shortened-member": "do not add up",
    "several-volumes": "several volumes", "no-description": "updateInfo.xml", "two-descriptions": "other/UPDATEINFO.XML",
    "parent-directory": "../x", "parent-directory-backslash": "../x", "parent-directory-inside": "image1/../../x",
    "absolute": "/etc/x", "absolute-backslash": "/etc/x", "drive-letter": "C:x",
    "control-character": r"image1/a\x1b[31mb", "not-utf-8": r"image1/\xff\xfe.nbt", "long-name": "nnnnnnnn",
    "duplicate": "image1/CPE.nbt", "duplicate-case": "IMAGE1/cpe.NBT", "unnamed-member": "image1/extra.nbt",
    "missing-image": "image1/CPE.nbt", "missing-catalogue": "image1/CPE.cat", "empty-image": "image1/CPE.nbt",
    "long-version": "version of 21 bytes", "climbing-version": 'version "../../.."', "empty-version": "no version",
    "empty-model": "no model", "dot-model": 'model ".."', "same-device-twice": CX600,
    "no-signature": "image1/CPE.nbt", "no-update": "updateInfo.xml", "not-xml": "updateInfo.xml",
    "billion-laughs": "document type declaration", "many-members": "1024",
}


@pytest.mark.parametrize("kind", sorted(make_package.BAD))
def test_A15_a_bad_package_is_refused(filled, tmp_path, kind):
    before = filled.state()
    line = filled.refused("import", make_package.make_bad(tmp_path / "bad.cab", kind))
    assert line.startswith("devupdatectl: DU06") and NAMED[kind] in line
    assert filled.state() == before


def test_A15_a_bad_package_leaves_an_empty_store_empty(ctl, tmp_path):
    before = ctl.state()[0]
    ctl.refused("import", make_package.make_bad(tmp_path / "bad.cab", "missing-image"))
    dump, tree = ctl.state()
    assert dump == before and [path for path, entry in tree.items() if entry[3] not in (None, EMPTY)] == []


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing: a lock file


@pytest.mark.parametrize("path", ["missing.cab", "."])
def test_a_cabinet_that_cannot_be_read(ctl, tmp_path, path):
    assert "devupdatectl: DU06" in ctl.refused("import", tmp_path / path)


def test_a_missing_file_store(ctl, package):
    before = ctl.state()[0]
    cab = package()
    shutil.rmtree(ctl.files)
    ctl.refused("import", cab)
    assert not ctl.files.exists() and ctl.json("rule", "list") == []
    ctl.files.mkdir()
    assert ctl.state()[0] == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_file_store_of_somebody_else(ctl, package):
    """What root imports can be used, and imported next to, by the owner of the file store."""
    for path in (ctl.files, *ctl.files.rglob("*")):
        os.chown(path, 65534, 65534)
    ctl.text("import", package())
    for path in ctl.files.rglob("*"):
        assert path.stat().st_uid == 65534, path


def test_images_can_be_read_by_everybody(ctl, package):
    ctl.text("import", package())
    path = image_of(ctl, CX600, OLD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_who_did_it_is_on_record(ctl, package):
    ctl.text("import", package(), "--note", "because")
    rows = ctl.sql("SELECT DISTINCT actor, node, note FROM activity WHERE action = 'import'")
    actor = pwd.getpwuid(os.getuid()).pw_name
    assert rows == [(actor, socket.gethostname(), "because")]
    assert ctl.json("package", "show", "1")["actor"] == actor


def test_package_list(filled):
    first, second = filled.json("package", "list")
    assert (first["id"], first["filename"], second["id"], second["filename"]) == (1, "first.cab", 2, "second.cab")
    lines = filled.text("package", "list").splitlines()
    assert len(lines) == 3 and lines[0].split()[:3] == ["ID", "FILE", "BYTES"] and lines[1].split()[1] == "first.cab"
    assert all("unverified" in line for line in lines[1:])


def test_package_show(filled):
    document = filled.json("package", "show", "1")
    assert [(image["rule_id"], image["version"]) for image in document["images"]] == [(1, OLD), (2, OLD)]
    assert document["trust"] == "unverified"
    text = filled.text("package", "show", "1")
    assert f"Rule 2: {AASTRA}, version {OLD}" in text and "NOT VERIFIED" in text
    assert document["sha256"] in text and document["images"][0]["files"][0]["sha256"] in text


def test_no_such_package(filled):
    assert "DU0542: there is no package 3" in filled.refused("package", "show", "3")


def on_a_terminal(command):
    """Runs a command whose standard error is a terminal; its exit status, output and what the terminal got."""
    terminal, end = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, stdin=subprocess.DEVNULL) as process:
        os.close(end)
        shown = b""
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
        except OSError:  # how Linux says that nobody has the other end open any more
            pass
        os.close(terminal)
        out = process.stdout.read()
    return process.returncode, out.decode(), shown.decode()


def test_progress_on_a_terminal(ctl, package):
    """One line, redrawn and wiped; not a character of it in the result."""
    code, out, shown = on_a_terminal([os.environ["CTL"], *ctl.where, "import", "--allow-unsigned", package(size=3_000_000)])
    assert code == 0 and "Imported" in out and "%" not in out
    drawn = [piece for piece in shown.split("\r") if piece.strip()]
    assert any(piece.startswith("Reading the package:") for piece in drawn)
    assert "Storing the package: 100 %" in drawn
    assert "\n" not in shown and shown.endswith("\r") and shown.split("\r")[-2].strip() == ""
    percent = [int(piece.split()[-2]) for piece in drawn if piece.startswith("Reading")]
    assert percent == sorted(set(percent)) and percent[-1] == 100


def test_a_refusal_on_a_terminal_starts_on_a_line_of_its_own(ctl, tmp_path):
    cab = make_package.make_bad(tmp_path / "bad.cab", "missing-image")
    code, _, shown = on_a_terminal([os.environ["CTL"], *ctl.where, "import", cab])
    assert code == 1 and "\rdevupdatectl: DU0649: " in shown


def test_no_progress_without_a_terminal(ctl, package):
    assert ctl("import", package(size=3_000_000)).err == ""


def hostile_package(tmp_path):
    """A cabinet whose own name is an escape sequence and whose description has one that XML lets pass."""
    members = make_package.members_of([CX600], OLD)
    description = members["updateInfo.xml"].decode().replace('timestamp=""', f'timestamp="{C1}"')
    members["updateInfo.xml"] = description.encode()
    path = tmp_path / f"evil{ESCAPE}.cab"
    shutil.move(make_package.pack(tmp_path / "plain.cab", members), path)
    return path


def test_names_cannot_speak_to_the_terminal(ctl, tmp_path):
    path = hostile_package(tmp_path)
    shown = ctl.text("import", path, "--note", f"note{ESCAPE}")
    shown += ctl.text("package", "list") + ctl.text("package", "show", "1") + ctl.text("rule", "show", "1")
    shown += ctl.text("import", path)
    assert r"evil\x1b[2J\x1b]0;owned\x07.cab" in shown and r"note\x1b[2J" in shown
    raw = ctl.text("--json", "package", "show", "1") + ctl.text("--json", "rule", "show", "1")
    for text in (shown, raw):
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
    document = ctl.json("package", "show", "1")
    assert document["filename"] == path.name and document["images"][0]["files"][0]["timestamp"] == C1


@pytest.mark.parametrize("text, shown", [
    ("Füllung für 電話", "Füllung für 電話"),
    ("a\u202eb", r"a\xe2\x80\xaeb"),
    ("a\u200bb", r"a\xe2\x80\x8bb"),
    ("a\x7fb\tc", r"a\x7fb\x09c"),
])
def test_what_is_shown_of_a_note(ctl, package, text, shown):
    ctl.text("import", package(), "--note", text)
    assert f"  Note              {shown}\n" in ctl.text("package", "show", "1")
    assert ctl.json("package", "show", "1")["note"] == text


def test_columns_stand_below_each_other(ctl, package):
    """Also where a character has several bytes."""
    for number, name in enumerate(["a.cab", "äöü.cab", "a-long-name.cab"]):
        ctl.text("import", package(name=name, version=f"1.{number}"))
    lines = ctl.text("package", "list").splitlines()
    assert len({line.index("20", 20) if i else line.index("IMPORTED") for i, line in enumerate(lines)}) == 1, lines


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("command", [["rule", "list"], ["--json", "rule", "list"], ["help"]])
def test_a_result_that_cannot_be_written_is_a_failure(filled, command):
    with open("/dev/full", "wb") as full:
        result = filled(*command, stdout=full)
    assert result.code == 1 and "DU0813: cannot write the result" in result.err
