"""A file store belongs to one store: to another all its images would be orphans, which `file clear` deletes."""
import shutil

import pytest

from conftest import AASTRA, CX600, NEW, OLD, run

IDENTITY = "DeviceUpdateStore/.store"


@pytest.fixture
def rejected(ctl, package):
    ctl.text("import", package(CX600, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    ctl.text("import", package(CX600, name="second.cab", version=NEW))
    ctl.text("rule", "reset", "1")
    return ctl


def identity(ctl):
    rows = ctl.sql("SELECT value FROM secret WHERE name = 'store'")
    return rows[0][0] if rows else None


def other_store(ctl):
    """What names another, empty store with the same files."""
    where = ["--store", f"sqlite3 {ctl.directory}/other.sqlite", "--files", ctl.files]
    assert run(*where, "store", "init").code == 0
    return where


def test_both_get_the_same_with_the_first_import(ctl, package):
    unsigned = package(CX600, name="first.cab")
    ctl.text("import", unsigned, "--dry-run")
    assert ctl.text("file", "clear") == "Nothing to do: every stored version is in use.\n"
    assert identity(ctl) is None and not (ctl.files / IDENTITY).exists()
    ctl.text("import", unsigned)
    assert len(identity(ctl)) == 32 and (ctl.files / IDENTITY).read_text() == identity(ctl) + "\n"
    before = identity(ctl)
    ctl.text("import", package(AASTRA, name="second.cab"))
    assert identity(ctl) == before


@pytest.mark.parametrize("command", [["file", "clear"], ["file", "clear", "--dry-run"], ["file", "clear", "1"], ["import"],
                                     ["import", "--dry-run"]], ids=" ".join)
def test_another_store_is_refused(rejected, package, command):
    other = other_store(rejected)
    words = [*command, package(AASTRA, name="third.cab"), "--allow-unsigned"] if command[0] == "import" else command
    before = rejected.state()
    result = run(*other, *words)
    assert (result.code, result.out) == (1, "") and result.err.startswith("devupdatectl: DU0536: ")
    assert identity(rejected) in result.err and "this one has none yet" in result.err and f"remove {rejected.files}/{IDENTITY}" in result.err
    assert rejected.state() == before
    assert "Deleted 1 stored versions" in rejected.text("file", "clear"), "its own store still may"


def test_both_are_named(rejected, package, tmp_path):
    files = tmp_path / "other files"
    files.mkdir()
    other = [*other_store(rejected)[:2], "--files", files]
    assert run(*other, "import", "--allow-unsigned", package(AASTRA, name="third.cab")).code == 0
    result = run(*other[:2], "--files", rejected.files, "file", "clear")
    assert result.code == 1 and identity(rejected) in result.err and (files / IDENTITY).read_text().strip() in result.err


def test_store_check_says_so(rejected):
    result = run(*other_store(rejected), "store", "check")
    assert result.code == 1 and f"belong to the store with the identity {identity(rejected)}" in result.out
    assert rejected("store", "check").code == 0


def test_the_remedy(rejected, package):
    """The store is gone for good; a new one takes the images over."""
    other = other_store(rejected)
    (rejected.files / IDENTITY).unlink()
    assert run(*other, "import", "--allow-unsigned", package(CX600, name="first.cab", version=OLD)).code == 0
    done = run(*other, "file", "clear")
    assert done.code == 0 and "Deleted 1 stored versions" in done.out
    assert "DU0536" in rejected.refused("file", "clear")


def test_a_file_store_of_the_time_before(rejected):
    """It has no identity, and gets one from whoever clears it first."""
    rejected.sql("DELETE FROM secret")
    (rejected.files / IDENTITY).unlink()
    assert "Deleted 1 stored versions" in rejected.text("file", "clear")
    assert (rejected.files / IDENTITY).read_text() == identity(rejected) + "\n"


def test_a_copy_and_a_backup_keep_it(rejected, package):
    copy = f"sqlite3 {rejected.directory}/copy.sqlite"
    rejected.text("store", "copy", rejected.where[1], copy)
    result = run("--store", copy, "--files", rejected.files, "import", "--allow-unsigned", package(AASTRA, name="third.cab"))
    assert result.code == 0, result
    backup = rejected.directory / "files of the backup"
    shutil.copytree(rejected.files, backup)
    result = run("--store", copy, "--files", backup, "file", "clear")
    assert result.code == 0 and "Deleted 1 stored versions" in result.out


@pytest.mark.parametrize("content", ["", "\n", "0123", "x" * 1000, "\0\0"])
def test_a_file_that_says_nothing_or_something_else(rejected, content):
    (rejected.files / IDENTITY).write_text(content)
    if content.strip("\n\0"):
        assert "DU0536" in rejected.refused("file", "clear")
    else:
        rejected.text("file", "clear")
        assert (rejected.files / IDENTITY).read_text() == identity(rejected) + "\n"


def test_a_file_that_cannot_be_read(rejected):
    (rejected.files / IDENTITY).unlink()
    (rejected.files / IDENTITY).mkdir()
    before = rejected.state()
    assert "DU0535" in rejected.refused("file", "clear")
    assert rejected.state() == before


def test_the_next_import_makes_up_for_one_that_was_cut_off(ctl, package):
    ctl.text("import", package(CX600, name="first.cab"))
    (ctl.files / IDENTITY).unlink()
    ctl.text("import", package(AASTRA, name="second.cab"))
    assert (ctl.files / IDENTITY).read_text() == identity(ctl) + "\n"
