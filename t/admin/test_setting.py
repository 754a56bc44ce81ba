"""setting (administration.md 1.5)."""
import pytest

TYPES = "Watson,CELog,Config,DiagLog"
PRESETS = {"LogCleanUpInterval": "10.00:00:00", "LogCleanUpTimeOfDay": "", "LogFlushInterval": "00:05:00",
           "MaxLogCacheLimit": "512000", "MaxLogFileSize": "1024000", "ValidLogFileTypes": TYPES,
           "ValidLogFileExtensions": ".dmp,.clg,.clg1,.clg2,.bak,.kdmp,.dat,.bin,.cat,.xml,.txt,.hex"}


def listed(ctl, *scope):
    """{"LogCleanUpInterval": ("10.00:00:00", "default")}"""
    return {setting["name"]: (setting["value"], setting["from"]) for setting in ctl.json("setting", "list", *scope)}


def activities(ctl):
    return ctl.sql("SELECT action, object, before, after, note FROM activity WHERE object LIKE 'setting%' ORDER BY id")


@pytest.fixture
def site(ctl):
    ctl.text("site", "add", "Berlin", "10.1.0.0/16")
    return ctl


def test_a_fresh_store_has_the_defaults(ctl):
    settings = listed(ctl)
    assert {name: value for name, (value, _) in settings.items() if name in PRESETS} == PRESETS
    assert {source for _, source in settings.values()} == {"default"}
    first = ctl.text("setting", "list").splitlines()
    assert first[0].split() == ["SETTING", "VALUE", "FROM", "DEFAULT", "RANGE"]
    assert first[1].split(maxsplit=4) == ["LogCleanUpInterval", "10.00:00:00", "default", "10.00:00:00",
                                          "[dd.]hh:mm:ss from 1.00:00:00 to 365.00:00:00"]
    assert len(first) == len(settings) + 1


def test_C1_new(site):
    before = site.state()
    assert "DU0735" in site.refused("setting", "new", "--scope", "global")
    assert "DU0806" in site.refused("setting", "new", code=2)
    assert "DU0724: there is no site Paris" in site.refused("setting", "new", "--scope", "site:Paris")
    assert site.state() == before
    site.text("setting", "set", "MaxLogFileSize", "70000")
    assert site.text("setting", "new", "--scope", "site:Berlin") == \
        "Site Berlin has settings of its own now, all at their defaults\n"
    own = {name: value for name, (value, source) in listed(site, "--scope", "site:Berlin").items() if source == "site:Berlin"}
    assert own == PRESETS, "not the global ones"
    before = site.state()
    assert "DU0734: site berlin has settings of its own already" in site.refused("setting", "new", "--scope", "site:berlin")
    assert site.state() == before


def test_C2_reset(site):
    site.text("setting", "set", "MaxLogCacheLimit", "1024000")
    site.text("setting", "new", "--scope", "site:Berlin")
    assert listed(site, "--scope", "site:Berlin")["MaxLogCacheLimit"] == ("512000", "site:Berlin")
    site.text("setting", "reset", "--scope", "site:Berlin")
    assert listed(site, "--scope", "site:Berlin")["MaxLogCacheLimit"] == ("1024000", "global")
    site.text("setting", "new", "--scope", "site:Berlin")   # it may have new ones again
    site.text("setting", "reset", "--scope", "global")
    assert listed(site)["MaxLogCacheLimit"] == ("512000", "default")
    assert site.text("setting", "reset", "--scope", "global") == \
        "Nothing to do: All settings of scope global are at the default\n"


def test_one_setting_of_a_scope_is_reset(site):
    for scope in ("global", "site:Berlin"):
        site.text("setting", "set", "LogCleanUpInterval", "20.", "--scope", scope)
        site.text("setting", "set", "LogFlushInterval", "00:02:00", "--scope", scope)
    assert site.json("setting", "reset", "logcleanupinterval", "--scope", "SITE:berlin") == \
        {"result": "reset", "scope": "site:berlin", "name": "LogCleanUpInterval"}
    settings = listed(site, "--scope", "site:Berlin")
    assert (settings["LogCleanUpInterval"], settings["LogFlushInterval"]) == \
        (("20.00:00:00", "global"), ("00:02:00", "site:Berlin"))


@pytest.mark.parametrize("name, value", [
    ("LogCleanUpInterval", "0."), ("LogCleanUpInterval", "366."), ("LogFlushInterval", "00:00:59"),
    ("LogFlushInterval", "01:01:00"), ("LogCleanUpInterval", "10"), ("LogCleanUpTimeOfDay", "24:00"),
    ("MaxLogFileSize", "many"), ("MaxLogFileSize", "4294967296"), ("ValidLogFileExtensions", "clg"),
    ("ValidLogFileTypes", "../x"), ("ValidLogFileTypes", "\x1b[2J"), ("catalog-expiry", "perhaps")])
def test_C3_refused_by_name_and_range(ctl, name, value):
    before = ctl.state()
    line = ctl.refused("setting", "set", name, value)
    assert f"DU0731: {name} cannot be" in line and "\x1b" not in line
    setting_range = next(setting["range"] for setting in ctl.json("setting", "list") if setting["name"] == name)
    assert line.endswith(f"it is {setting_range}")
    assert ctl.state() == before


@pytest.mark.parametrize("name, value, kept", [
    ("LogCleanUpInterval", "1.", "1.00:00:00"), ("LogCleanUpInterval", "365.", "365.00:00:00"),
    ("LogFlushInterval", "00:01:00", "00:01:00"), ("LogFlushInterval", "1:00:00", "01:00:00"),
    ("logcleanuptimeofday", "3:00", "03:00"), ("catalog-expiry", "Refuse", "refuse")])
def test_C3_accepted(ctl, name, value, kept):
    document = ctl.json("setting", "set", name, value, "--note", "because")
    assert (document["result"], document["scope"], document["value"]) == ("set", "global", kept)
    assert listed(ctl)[document["name"]] == (kept, "global")
    assert activities(ctl) == [("set", f"setting global/{document['name']}", "", kept, "because")]
    before = ctl.state()
    assert ctl.text("setting", "set", name, value).startswith("Nothing to do: ")
    assert ctl.state() == before


def test_C9_lists(ctl):
    extensions = PRESETS["ValidLogFileExtensions"]
    for name, first, second in (("ValidLogFileTypes", "Watson", "CELog"), ("ValidLogFileExtensions", ".dmp", ".hex")):
        preset = PRESETS[name].split(",")
        ctl.text("setting", "set", name, "--remove", f"{first.lower()},{second}")
        assert listed(ctl)[name][0].split(",") == [word for word in preset if word not in (first, second)]
        ctl.text("setting", "set", name, "--add", f"{second}, {first}")
        assert sorted(listed(ctl)[name][0].split(",")) == sorted(preset)
        ctl.text("setting", "set", name, f"{second},{first}")
        assert listed(ctl)[name][0] == f"{second},{first}"
        ctl.text("setting", "set", name, "")
        assert listed(ctl)[name] == ("", "global")
        ctl.text("setting", "reset", name, "--scope", "global")
    assert listed(ctl)["ValidLogFileExtensions"] == (extensions, "default")


@pytest.mark.parametrize("arguments, words", [
    (["MaxLogFileSize"], "DU0880"), (["ValidLogFileTypes", "a", "--add", "b"], "DU0880"),
    (["ValidLogFileTypes", "--remove", "a", "--add", "b"], "DU0880"),
    (["MaxLogFileSize", "70000", "--scope", "Berlin"], "DU0873")])
def test_wrong_usage(site, arguments, words):
    before = site.state()
    assert words in site.refused("setting", "set", *arguments, code=2)
    assert site.state() == before


@pytest.mark.parametrize("arguments, words", [
    (["LogSize", "1"], "DU0730: there is no setting LogSize"),
    (["log-quota", "1", "--scope", "site:Berlin"], "DU0732: log-quota is one for all sites"),
    (["MaxLogFileSize", "--add", "1"], "DU0733: MaxLogFileSize is no list"),
    (["MaxLogFileSize", "70000", "--scope", "site:Paris"], "DU0724: there is no site Paris to be a scope")])
def test_refused(site, arguments, words):
    before = site.state()
    assert words in site.refused("setting", "set", *arguments)
    assert site.state() == before


def test_unknown_names_and_sites(site):
    assert "DU0724" in site.refused("setting", "list", "--scope", "site:Paris")
    assert "DU0724" in site.refused("setting", "reset", "--scope", "site:Paris")
    assert "DU0730" in site.refused("setting", "reset", "x", "--scope", "global")


def test_settings_go_with_their_site(site):
    site.text("setting", "set", "LogCleanUpInterval", "20.", "--scope", "site:Berlin")
    site.text("site", "remove", "Berlin")
    assert site.sql("SELECT * FROM setting") == []
    assert activities(site)[-1][:3] == ("reset", "setting site:Berlin", "LogCleanUpInterval=20.00:00:00")
    site.text("site", "add", "Berlin", "10.1.0.0/16")
    assert listed(site, "--scope", "site:Berlin")["LogCleanUpInterval"] == ("10.00:00:00", "default")
