"""test-device and site (administration.md 1.7)."""
import pytest

MAC = "00-04-F2-AB-CD-EF"


def listed(ctl, *arguments):
    """{"global/desk": "what it is compared as"}"""
    return {f"{device['scope']}/{device['name']}": device["compared_as"]
            for device in ctl.json("test-device", "list", *arguments)}


def subnets(ctl):
    return {site["name"]: site["subnets"] for site in ctl.json("site", "list")}


@pytest.fixture
def sites(ctl):
    """Two sites, no test devices."""
    ctl.text("site", "add", "Berlin", "10.1.0.0/16", "2001:db8::/32")
    ctl.text("site", "add", "Lab", "10.1.7.0/24")
    return ctl


# Identifiers


@pytest.mark.parametrize("text", ["0004f2abcdef", "00-04-F2-AB-CD-EF", "00:04:f2:ab:CD:EF"])
def test_D1_three_notations_of_a_mac_address(ctl, text):
    assert ctl.text("test-device", "add", "desk", "--mac", text) == f"Added test device global/desk: MAC address {text}\n"
    (device,) = ctl.json("test-device", "list")
    assert device == {"scope": "global", "name": "desk", "identifier_type": "mac", "identifier": text, "compared_as": MAC}


def test_D1_more_than_six_pairs(ctl):
    ctl.text("test-device", "add", "desk", "--mac", "01:02:03:04:05:06:07:08")
    assert listed(ctl) == {"global/desk": "01-02-03-04-05-06-07-08"}


@pytest.mark.parametrize("mac", ["01-02-03-04-05", "0102030405", "01:02:03:04:05", "", "01-02:03-04-05-06", "0102030405g6",
                                 "01-02-03-04-05-06-", "01.02.03.04.05.06", " 010203040506", "1:2:3:4:5:6", "01" * 33])
def test_D1_no_mac_address(ctl, mac):
    before = ctl.state()
    assert "is not a MAC address: six or more pairs" in ctl.refused("test-device", "add", "desk", "--mac", mac, code=2)
    assert ctl.state() == before


@pytest.mark.parametrize("serial", ["AB37_679e", "07823-A345", "0", "-", "s" * 64])
def test_D2_serial_numbers(ctl, serial):
    assert ctl.text("test-device", "add", "desk", f"--serial={serial}") == \
           f"Added test device global/desk: serial number {serial}\n"
    (device,) = ctl.json("test-device", "list")
    assert (device["identifier_type"], device["identifier"], device["compared_as"]) == ("serial", serial, serial.lower())


@pytest.mark.parametrize("serial", ["", "07823 A345", "07823/A345", "07823:A345", "M\u00dc1", "s" * 65, "a\nb", "*"])
def test_D2_no_serial_number(ctl, serial):
    before = ctl.state()
    assert "is not a serial number: letters, digits, - and _" in \
           ctl.refused("test-device", "add", "desk", f"--serial={serial}", code=2)
    assert ctl.state() == before


# Names and scopes


def test_D3_one_name_in_two_scopes(sites):
    sites.text("test-device", "add", "desk", "--serial", "1")
    sites.text("test-device", "add", "DESK", "--serial", "2", "--scope", "site:berlin")
    sites.text("test-device", "add", "Desk", "--serial", "3", "--scope", "SITE:LAB")
    assert listed(sites) == {"global/desk": "1", "site:Berlin/DESK": "2", "site:Lab/Desk": "3"}


@pytest.mark.parametrize("scope, name, words", [
    ([], "DESK", "DU0723: scope global has a test device DESK already"),
    (["--scope", "GLOBAL"], "desk", "DU0723: scope global has a test device desk already"),
    (["--scope", "site:berlin"], "Desk", "DU0723: scope site:berlin has a test device Desk already"),
    (["--scope", "site:Paris"], "desk", "DU0724: there is no site Paris to be a scope"),
])
def test_D3_twice_in_one_scope(sites, scope, name, words):
    for each in ([], ["--scope", "site:Berlin"]):
        sites.text("test-device", "add", "desk", f"--serial={len(each)}", *each)
    before = sites.state()
    assert words in sites.refused("test-device", "add", name, "--serial", "x", *scope)
    assert sites.state() == before


@pytest.mark.parametrize("other", [["--mac", MAC], ["--mac", "00:04:f2:ab:cd:ef", "--scope", "site:Lab"]])
def test_the_same_phone_twice_is_a_warning(sites, other):
    sites.text("test-device", "add", "desk", "--mac", "0004f2abcdef")
    result = sites("test-device", "add", "again", *other)
    assert result.code == 0 and result.out.startswith("Added test device ")
    assert result.err == f"devupdatectl: DU0876: warning: the MAC address {other[1]} is listed as global/desk, too\n"
    assert sorted(listed(sites).values()) == [MAC, MAC]


def test_another_kind_is_another_phone(ctl):
    ctl.text("test-device", "add", "mac", "--mac", MAC)
    ctl.text("test-device", "add", "serial", "--serial", MAC)


def test_names_are_texts(ctl):
    name = "K\u00fcche '; DROP TABLE test_device; --"
    ctl.text("test-device", "add", name, "--serial", "1")
    assert listed(ctl) == {f"global/{name}": "1"}
    assert name in ctl.text("test-device", "list")
    ctl.text("test-device", "remove", name)
    assert listed(ctl) == {}


def test_an_outcome_as_json(sites):
    assert sites.json("test-device", "add", "desk", "--serial", "A1", "--scope", "site:lab") == {
        "result": "added", "test_device": {"scope": "site:lab", "name": "desk", "identifier_type": "serial",
                                           "identifier": "A1", "compared_as": "a1"}}
    assert sites.json("test-device", "remove", "desk", "--scope", "site:lab") == {
        "result": "removed", "scope": "site:lab", "name": "desk"}
    assert sites.json("test-device", "remove", "--all", "--scope", "site:lab") == {
        "result": "nothing", "scope": "site:lab", "name": None}
    assert sites.json("site", "add", "Paris", "10.9.0.0/16", "10.9.0.0/16") == {
        "result": "added", "site": {"name": "Paris", "subnets": ["10.9.0.0/16"]}}
    assert sites.json("site", "remove", "Paris") == {"result": "removed", "site": "Paris"}


# Lists


def test_list(sites):
    assert sites.text("test-device", "list") == "No test devices.\n" and sites.json("test-device", "list") == []
    sites.text("test-device", "add", "desk", "--mac", "0004f2abcdef")
    sites.text("test-device", "add", "lobby", "--serial", "A1", "--scope", "site:Lab")
    assert sites.text("test-device", "list") == ("SCOPE     NAME   TYPE           IDENTIFIER\n"
                                                 "global    desk   MAC address    0004f2abcdef\n"
                                                 "site:Lab  lobby  serial number  A1\n")


@pytest.mark.parametrize("scope, names", [("global", ["desk"]), ("site:LAB", ["lobby"]), ("site:Berlin", []), ("site:Paris", [])])
def test_list_of_a_scope(sites, scope, names):
    sites.text("test-device", "add", "desk", "--serial", "1")
    sites.text("test-device", "add", "lobby", "--serial", "2", "--scope", "site:Lab")
    assert [device["name"] for device in sites.json("test-device", "list", "--scope", scope)] == names


# Removing


@pytest.mark.parametrize("name, scope, words", [
    ("lobby", [], "DU0725: scope global has no test device lobby"),
    ("desk", ["--scope", "site:Lab"], "DU0725: scope site:Lab has no test device desk"),
    ("desk", ["--scope", "site:Paris"], "DU0724: there is no site Paris"),
])
def test_remove_what_is_not_there(sites, name, scope, words):
    sites.text("test-device", "add", "desk", "--serial", "1")
    before = sites.state()
    assert words in sites.refused("test-device", "remove", name, *scope)
    assert sites.state() == before


def test_D5_remove_one_or_a_scope(sites):
    for scope in ("global", "site:Berlin", "site:Lab"):
        for name in ("a", "b"):
            sites.text("test-device", "add", name, "--serial", f"{scope[-3:]}-{name}", "--scope", scope)
    assert sites.text("test-device", "remove", "A") == "Removed test device global/A\n"
    assert sites.text("test-device", "remove", "--all", "--scope", "site:berlin") == \
           "Removed test devices of scope site:berlin\n"
    assert set(listed(sites)) == {"global/b", "site:Lab/a", "site:Lab/b"}
    assert sites.text("test-device", "remove", "--all", "--scope", "global") == "Removed test devices of scope global\n"
    assert set(listed(sites)) == {"site:Lab/a", "site:Lab/b"}
    before = sites.state()
    assert sites.text("test-device", "remove", "--all", "--scope", "global") == \
           "Nothing to do: there are no test devices of scope global\n"
    assert "DU0724" in sites.refused("test-device", "remove", "--all", "--scope", "site:Paris")
    assert sites.state() == before
    sites.text("test-device", "add", "a", "--serial", "new", "--scope", "global")
    sites.text("test-device", "add", "a", "--serial", "newer", "--scope", "site:Berlin")


# Sites


@pytest.mark.parametrize("typed, kept", [
    ("10.1.0.0/16", "10.1.0.0/16"), ("192.168.7.90", "192.168.7.90/32"), ("0.0.0.0/0", "0.0.0.0/0"),
    ("2001:DB8:0::/32", "2001:db8::/32"), ("fe80::1", "fe80::1/128"), ("::ffff:10.1.0.0/112", "10.1.0.0/16"),
])
def test_subnets(ctl, typed, kept):
    assert ctl.text("site", "add", "Berlin", typed) == f"Added site Berlin: {kept}\n"
    assert subnets(ctl) == {"Berlin": [kept]}


@pytest.mark.parametrize("typed, kept", [("10.1.2.3/16", "10.1.0.0/16"), ("2001:db8:ffff::1/32", "2001:db8::/32"),
                                         ("::ffff:10.1.2.3/112", "10.1.0.0/16")])
def test_host_bits_are_cleared_and_that_is_said(ctl, typed, kept):
    result = ctl("site", "add", "Berlin", "172.16.0.0/12", typed)
    assert (result.code, result.out) == (0, f"Added site Berlin: 172.16.0.0/12, {kept}\n")
    assert result.err == f"devupdatectl: DU0872: {typed} is an address in a subnet; the subnet is {kept}\n"
    assert sorted(subnets(ctl)["Berlin"]) == sorted(["172.16.0.0/12", kept])


def test_site_list(sites):
    assert subnets(sites) == {"Berlin": ["10.1.0.0/16", "2001:db8::/32"], "Lab": ["10.1.7.0/24"]}
    assert sites.text("site", "list") == "SITE    SUBNETS\nBerlin  10.1.0.0/16, 2001:db8::/32\nLab     10.1.7.0/24\n"


def test_no_sites(ctl):
    assert ctl.text("site", "list") == "No sites.\n" and ctl.json("site", "list") == []


@pytest.mark.parametrize("name, subnet, words", [
    ("BERLIN", ["10.9.0.0/16"], "DU0721: there is a site BERLIN already"),
    ("Paris", ["10.9.0.0/16", "10.1.0.0/16"], "DU0720: subnet 10.1.0.0/16 belongs to site Berlin already"),
    ("Paris", ["10.1.200.1/16"], "DU0720: subnet 10.1.0.0/16 belongs to site Berlin already"),
    ("Paris", ["2001:db8::/32"], "DU0720: subnet 2001:db8::/32 belongs to site Berlin already"),
])
def test_a_site_that_cannot_be(sites, name, subnet, words):
    before = sites.state()
    assert words in sites.refused("site", "add", name, *subnet)
    assert sites.state() == before


def test_other_subnets_for_a_site(sites):
    """The site stays, and with it its test devices."""
    sites.text("test-device", "add", "desk", "--serial", "1", "--scope", "site:Berlin")
    result = sites("site", "set", "berlin", "10.1.3.4/16", "10.2.0.0/16", "10.2.0.0/16")
    assert (result.code, result.out) == (0, "Replaced the subnets of site berlin: 10.1.0.0/16, 10.2.0.0/16\n")
    assert "DU0872: 10.1.3.4/16 is an address in a subnet; the subnet is 10.1.0.0/16" in result.err
    assert subnets(sites) == {"Berlin": ["10.1.0.0/16", "10.2.0.0/16"], "Lab": ["10.1.7.0/24"]}
    assert listed(sites) == {"site:Berlin/desk": "1"}
    before = sites.state()
    assert sites.text("site", "set", "Berlin", "10.2.0.0/16", "10.1.0.0/16") == \
           "Nothing to do: these are the subnets of site Berlin: 10.2.0.0/16, 10.1.0.0/16\n"
    assert sites.json("site", "set", "Berlin", "10.2.0.0/16", "10.1.0.0/16")["result"] == "nothing"
    assert sites.state() == before
    assert sites.json("site", "set", "Berlin", "10.3.0.0/16") == {
        "result": "changed", "site": {"name": "Berlin", "subnets": ["10.3.0.0/16"]}}
    sites.text("site", "add", "Paris", "10.1.0.0/16", "10.2.0.0/16")


@pytest.mark.parametrize("operands, code, words", [
    (["Paris", "10.9.0.0/16"], 1, "DU0726: there is no site Paris whose subnets could be replaced"),
    (["Berlin", "10.9.0.0/16", "10.1.7.0/24"], 1, "DU0720: subnet 10.1.7.0/24 belongs to site Lab already"),
    (["Berlin", "10.9.0.0/33"], 2, 'DU0871: "10.9.0.0/33" is not a subnet'),
    (["Berlin", "fe80::1%eth0"], 2, 'DU0871: "fe80::1%eth0" is not a subnet'),
    (["Ber/lin", "10.9.0.0/16"], 2, "DU0870"),
    (["Berlin"], 2, "usage: devupdatectl site set NAME CIDR..."),
])
def test_other_subnets_that_cannot_be(sites, operands, code, words):
    before = sites.state()
    assert words in sites.refused("site", "set", *operands, code=code)
    assert sites.state() == before


def test_a_removed_site_takes_its_test_devices_along(sites):
    sites.text("test-device", "add", "desk", "--serial", "1")
    sites.text("test-device", "add", "lobby", "--serial", "2", "--scope", "site:Lab")
    assert sites.text("site", "remove", "LAB") == "Removed site LAB with its subnets, test devices, settings and roles\n"
    assert subnets(sites) == {"Berlin": ["10.1.0.0/16", "2001:db8::/32"]} and set(listed(sites)) == {"global/desk"}
    before = sites.state()
    assert "DU0722: there is no site Lab" in sites.refused("site", "remove", "Lab")
    assert sites.state() == before
    sites.text("site", "add", "Lab 2", "10.1.7.0/24")


# The record


@pytest.mark.parametrize("command, row", [
    (["site", "add", "Paris", "10.9.0.0/16"], ("add", "site:Paris", "", "10.9.0.0/16")),
    (["site", "set", "Lab", "10.1.8.0/24"], ("set", "site:Lab", "10.1.7.0/24", "10.1.8.0/24")),
    (["site", "remove", "Lab"], ("remove", "site:Lab", "10.1.7.0/24", "")),
    (["test-device", "add", "new", "--mac", MAC, "--scope", "site:Lab"],
     ("add", "test-device site:Lab/new", "", f"mac={MAC}")),
    (["test-device", "remove", "desk"], ("remove", "test-device global/desk", "serial=A1", "")),
    (["test-device", "remove", "--all", "--scope", "global"],
     ("remove", "test-device global", "desk serial=A1, table serial=A2", "")),
])
def test_every_change_is_on_record(sites, command, row):
    sites.text("test-device", "add", "desk", "--serial", "A1")
    sites.text("test-device", "add", "table", "--serial", "A2")
    (before,), = sites.sql("SELECT value FROM counter WHERE name = 'generation'")
    sites.text(*command, "--note", "for the pilot")
    assert sites.sql("SELECT action, object, before, after, note FROM activity ORDER BY id DESC LIMIT 1") == \
           [(*row, "for the pilot")]
    assert sites.sql("SELECT value FROM counter WHERE name = 'generation'") == [(before + 1,)]


@pytest.mark.parametrize("command", [["site", "add", "Paris", "10.9.0.0/16"], ["site", "set", "Lab", "10.9.0.0/16"],
                                     ["site", "remove", "Lab"],
                                     ["test-device", "add", "new", "--mac", MAC], ["test-device", "remove", "desk"],
                                     ["test-device", "remove", "--all", "--scope", "global"]])
def test_what_cannot_be_recorded_is_not_done(sites, command):
    sites.text("test-device", "add", "desk", "--serial", "A1")
    sites.sql("CREATE TRIGGER broken BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    before = sites.state()
    assert "DU0522" in sites.refused(*command)
    assert sites.state() == before
