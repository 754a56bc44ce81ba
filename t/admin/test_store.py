"""store init, and stores that cannot be used."""
import os
import pwd
import stat

import pytest

from conftest import run

AS_ROOT = os.geteuid() == 0


def test_init_makes_an_empty_store(bare):
    assert bare.text("store", "init") == f"Made a new store: sqlite3 {bare.database}\n"
    assert bare.json("rule", "list") == [] and bare.json("package", "list") == []
    assert bare.text("rule", "list") == "No rules.\n" and bare.text("package", "list") == "No packages.\n"


def test_init_as_json(bare):
    assert bare.json("store", "init") == {"result": "created", "store": f"sqlite3 {bare.database}"}


def test_a_second_init_changes_nothing(filled):
    before = filled.state()
    assert "DU0532: there is a store already" in filled.refused("store", "init")
    assert filled.state() == before


def test_the_store_is_not_for_everybody(ctl):
    assert stat.S_IMODE(ctl.database.stat().st_mode) & stat.S_IRWXO == 0


@pytest.mark.skipif(not AS_ROOT, reason="only root can make files for others")
def test_the_store_belongs_to_the_owner_of_its_directory(bare):
    account = pwd.getpwnam("nobody")
    os.chown(bare.directory, account.pw_uid, account.pw_gid)
    bare.text("store", "init")
    assert bare.database.stat().st_uid == account.pw_uid


@pytest.mark.parametrize("command", [["rule", "list"], ["package", "show", "1"], ["import", "x.cab"],
                                     ["rule", "approve", "--all"]])
def test_a_missing_store_is_not_made_by_the_way(bare, command):
    assert f"DU0520: there is no store {bare.database}" in bare.refused(*command)
    assert not bare.database.exists()


@pytest.mark.parametrize("command", [["rule", "list"], ["store", "init"]])
@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\0" + bytes(4096)])
def test_a_store_that_is_none(bare, command, content):
    bare.database.write_bytes(content)
    bare.refused(*command)
    assert bare.database.read_bytes() == content


def test_somebody_elses_database(bare):
    bare.sql("CREATE TABLE song (name TEXT)")
    assert "DU0530: no schema version" in bare.refused("rule", "list")
    assert bare.sql("SELECT name FROM sqlite_master") == [("song",)]


def test_a_store_of_another_schema(ctl):
    ctl.sql("UPDATE counter SET value = 99 WHERE name = 'schema'")
    assert "DU0531: the store has schema version 99" in ctl.refused("rule", "list")


@pytest.mark.parametrize("spec, number", [("nosuchdriver x", "DU0525"), ("sqlite3", "DU0524"), ("", "DU0524"),
                                          ("sqlite3 ", "DU0524"), ("sqlite3 /nonexistent/x", "DU052")])
@pytest.mark.parametrize("command", [["rule", "list"], ["store", "init"]])
def test_wrong_names_of_stores(spec, number, command):
    result = run("--store", spec, *command)
    assert (result.code, result.out) == (1, "") and f": {number}" in result.err


def test_a_password_is_not_shown():
    result = run("--store", "pgsql host=/nonexistent password=secretword", "store", "init")
    assert result.code == 1 and "secretword" not in result.out + result.err
