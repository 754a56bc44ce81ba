"""role set, list and remove (administration.md 2.6)."""
import pytest


def listed(ctl):
    """{"kim": "operator site:Berlin"}"""
    return {row["account"]: f"{row['role']} {row['scope']}" for row in ctl.json("role", "list")}


@pytest.fixture
def roles(ctl):
    """A site, an administrator, and an operator of the site."""
    ctl.text("site", "add", "Berlin", "10.1.0.0/16")
    ctl.text("role", "set", "ann", "administrator")
    ctl.text("role", "set", "bob", "operator", "--site", "berlin")
    return ctl


def test_nobody_at_first(ctl):
    assert ctl.text("role", "list") == "Nobody has a role.\n"
    assert ctl.json("role", "list") == []


def test_role_list(roles):
    assert roles.text("role", "list") == ("ACCOUNT  ROLE           SCOPE\n"
                                          "ann      administrator  global\n"
                                          "bob      operator       site:Berlin\n")
    assert roles.json("role", "list") == [{"account": "ann", "role": "administrator", "scope": "global"},
                                          {"account": "bob", "role": "operator", "scope": "site:Berlin"}]


def test_what_a_change_says(roles):
    assert roles.text("role", "set", "eve", "viewer") == "From now on eve is viewer, scope global\n"
    assert roles.json("role", "set", "eve", "helpdesk", "--site", "Berlin") == {
        "result": "changed", "role": {"account": "eve", "role": "helpdesk", "scope": "site:Berlin"}}
    assert roles.text("role", "set", "eve", "helpdesk", "--site", "Berlin") == \
           "Nothing to do: eve is helpdesk, scope site:Berlin\n"
    assert roles.json("role", "remove", "eve") == {"result": "removed", "account": "eve"}
    assert roles.text("role", "remove", "bob") == "From now on bob has no role\n"
    assert listed(roles) == {"ann": "administrator global"}


@pytest.mark.parametrize("name", ["kim@EXAMPLE.ORG", "CN=Kim Lee,OU=R\u00e4ume,O=Example", "EXAMPLE\\kim", "\u30e6\u30fc\u30b6"])
def test_accounts_as_authentication_spells_them(roles, name):
    roles.text("role", "set", name, "viewer")
    assert listed(roles)[name] == "viewer global"
    roles.text("role", "remove", name)
    assert name not in listed(roles)


def test_spelling_counts(roles):
    roles.text("role", "set", "Ann", "viewer")
    assert listed(roles)["ann"] == "administrator global" and listed(roles)["Ann"] == "viewer global"


@pytest.mark.parametrize("command, code, words", [
    (["set", "eve", "root"], 2, 'DU0858: "root" is no role: those are administrator, operator, helpdesk, viewer'),
    (["set", "eve", "Viewer"], 2, 'DU0858: "Viewer" is no role'),
    (["set", "eve", ""], 2, 'DU0858: "" is no role'),
    (["set", "eve", "viewer", "--site", ""], 2, "DU0857: --site is the name of a site"),
    (["set", "eve", "viewer", "--site", "Paris"], 1, "DU0724: there is no site Paris"),
    (["set", "", "viewer"], 1, 'DU0545: "" cannot be an account'),
    (["set", "a\nb", "viewer"], 1, 'DU0545: "a\\x0ab" cannot be an account'),
    (["set", "x" * 257, "viewer"], 1, "DU0545"),
    (["set", "eve"], 2, "usage: devupdatectl role set ACCOUNT ROLE"),
    (["remove", "eve"], 1, "DU0546: account eve has no role"),
    (["remove", "ANN"], 1, "DU0546: account ANN has no role"),
    (["remove", "ann"], 1, "DU0544: ann is the last administrator of everything"),
    (["set", "ann", "operator"], 1, "DU0544"),
    (["set", "ann", "administrator", "--site", "Berlin"], 1, "DU0544"),
])
def test_what_is_refused_changes_nothing(roles, command, code, words):
    before = roles.state()
    assert words in roles.refused("role", *command, code=code)
    assert roles.state() == before


def test_one_of_two_administrators_may_go(roles):
    roles.text("role", "set", "eve", "administrator")
    roles.text("role", "remove", "ann")
    assert "DU0544: eve is the last" in roles.refused("role", "remove", "eve")


def test_a_removed_site_takes_its_roles_along(roles):
    roles.text("site", "remove", "Berlin")
    assert listed(roles) == {"ann": "administrator global"}
    assert [(row["action"], row["object"], row["before"]) for row in roles.json("activity", "list", "--limit", "2")] == \
           [("remove", "site:Berlin", "10.1.0.0/16"), ("remove", "role bob", "operator site:Berlin")]


@pytest.mark.parametrize("command, row", [
    (["set", "eve", "viewer"], ("set", "role eve", "", "viewer global")),
    (["set", "bob", "helpdesk"], ("set", "role bob", "operator site:Berlin", "helpdesk global")),
    (["remove", "bob"], ("remove", "role bob", "operator site:Berlin", "")),
])
def test_every_change_of_a_role_is_on_record(roles, command, row):
    (before,), = roles.sql("SELECT value FROM counter WHERE name = 'generation'")
    roles.text("role", *command, "--note", "new here")
    assert roles.sql("SELECT action, object, before, after, note FROM activity ORDER BY id DESC LIMIT 1") == [(*row, "new here")]
    assert roles.sql("SELECT value FROM counter WHERE name = 'generation'") == [(before + 1,)]


def test_a_terminal_is_shown_no_tricks(roles):
    roles.sql("INSERT INTO role VALUES ('e\u202eve', 'viewer', '')")
    assert "e\\xe2\\x80\\xaeve" in roles.text("role", "list")
