"""Arguments, help, and what is said when they are wrong."""
import os

import pytest

from conftest import run

COMMANDS = ["store init", "store migrate", "store check", "store copy", "activity list", "activity verify",
            "import", "package list", "package show", "rule list", "rule show", "rule forecast", "rule approve",
            "rule reset", "rule restore", "rule remove", "file list", "file clear",
            "device list", "device show", "device why", "device counts", "device unknown", "device sources", "device hold", "device held",
            "device release", "device purge",
            "test-device add", "test-device list", "test-device remove", "site add", "site set", "site list", "site remove",
            "setting list", "setting set", "setting new", "setting reset", "role set", "role list", "role remove", "log list", "log clear",
            "ingest", "replay", "phone", "doctor", "help"]
PHONE = ["phone", "http://127.0.0.1:9/", "--type", "T", "--brand", "B", "--model", "M", "--revision", "R", "--locale", "L"]


@pytest.mark.parametrize("arguments", [["help"], ["--help"]])
def test_help_lists_every_command(arguments):
    result = run(*arguments)
    assert (result.code, result.err) == (0, "")
    listed = [line.strip() for line in result.out.partition("Commands:")[2].partition("Options:")[0].splitlines()]
    assert [line for line in COMMANDS if not any(entry.startswith(line + " ") for entry in listed)] == []
    assert len([line for line in listed if line]) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_help_explains_one_command(command):
    asked, flagged = run("help", *command.split()), run(*command.split(), "--help")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out.startswith(f"Usage: devupdatectl {command}")
    assert flagged == asked


def test_help_of_a_group_explains_its_commands():
    result = run("help", "rule")
    assert [line.split()[2:4] for line in result.out.splitlines() if line.startswith("Usage:")] == \
           [["rule", word] for word in ("list", "show", "forecast", "approve", "reset", "restore", "remove")]


def test_help_fits_a_terminal():
    for command in COMMANDS:
        for line in run("help", *command.split()).out.splitlines():
            assert len(line) <= 100, line


def test_version():
    result = run("--version")
    assert result.code == 0 and result.out.startswith("devupdatectl ") and len(result.out.split()) == 2


@pytest.mark.parametrize("arguments, number, words", [
    ([], "DU0801", "no command"),
    (["frobnicate"], "DU0802", '"frobnicate" is not a command'),
    (["rule"], "DU0802", '"rule" is not a command'),
    (["rule", "list\x1b[31m"], "DU0802", r"list\x1b[31m"),
    (["rule", "li"], "DU0802", "not a command"),
    (["--frobnicate", "rule", "list"], "DU0803", "--frobnicate"),
    (["rule", "list", "--frobnicate"], "DU0803", "--frobnicate"),
    (["rule", "list", "--note", "x"], "DU0803", "--note"),
    (["rule", "list", "-x"], "DU0803", "-x"),
    (["rule", "list", "--type"], "DU0804", "--type"),
    (["rule", "list", "--json=yes"], "DU0804", "--json"),
    (["--store"], "DU0804", "--store"),
    (["rule", "list", "extra"], "DU0805", "usage: devupdatectl rule list"),
    (["import"], "DU0805", "usage: devupdatectl import FILE.cab"),
    (["import", "a.cab", "b.cab"], "DU0805", "usage: devupdatectl import FILE.cab"),
    (["package", "show"], "DU0805", "usage: devupdatectl package show ID"),
    (["phone"], "DU0805", "usage: devupdatectl phone URL"),
    (PHONE, "DU0806", "--version VERSION"),
    (["import", "a.cab", "--note", "n" * 1001], "DU0807", "1000 bytes"),
    (["import", "a.cab", "--note", os.fsdecode(b"\xff")], "DU0807", "UTF-8"),
    (["rule", "show", "one"], "DU0808", '"one"'),
    (["rule", "show", "0"], "DU0808", '"0"'),
    (["rule", "show", "1x"], "DU0808", '"1x"'),
    (["rule", "show", ""], "DU0808", '""'),
    (["rule", "show", "99999999999999999999"], "DU0808", "999"),
    (["rule", "approve", "1", "two"], "DU0808", '"two"'),
    (["help", "frobnicate"], "DU0809", "frobnicate"),
    (["rule", "list", "--state", "odd"], "DU0810", '"odd"'),
    (["rule", "approve"], "DU0811", "--all"),
    (["rule", "approve", "--all", "1"], "DU0811", "--all alone"),
    (["rule", "reset", "--brand", "x", "1"], "DU0811", "rule reset needs"),
    (["rule", "restore", "--all", "--state", "approved"], "DU0811", "rule restore needs"),
    (["rule", "remove"], "DU0811", "rule remove needs"),
    (["rule", "approve", "--model", "C*6"], "DU0854", "--model C*6"),
    (["rule", "list", "--brand", "**"], "DU0854", "--brand **"),
    (["rule", "restore", "1", "2", "--to", "4"], "DU0855", "--to VERSION is for one rule"),
    (["rule", "restore", "--all", "--to", "4"], "DU0855", "--to VERSION"),
    (["rule", "restore", "1", "--to", ""], "DU0855", "--to VERSION"),
    (["rule", "restore", "1@4"], "DU0808", '"1@4"'),
    (["rule", "remove", "1@4"], "DU0808", '"1@4"'),
    (["rule", "approve", "x@4"], "DU0808", '"x"'),
    (["file", "clear", "x"], "DU0808", '"x"'),
    (["test-device", "add", "--serial", "1"], "DU0805", "usage: devupdatectl test-device add NAME"),
    (["test-device", "add", "a", "b", "--serial", "1"], "DU0805", "usage: devupdatectl test-device add NAME"),
    (["test-device", "add", "a/b", "--serial", "1"], "DU0870", '"a/b" cannot be the name of a test device'),
    (["test-device", "add", "", "--serial", "1"], "DU0870", "1 to 64 bytes"),
    (["test-device", "add", "n" * 65, "--serial", "1"], "DU0870", "1 to 64 bytes"),
    (["test-device", "add", "a\x1b[31m", "--serial", "1"], "DU0870", r"a\x1b[31m"),
    (["test-device", "add", os.fsdecode(b"\xff"), "--serial", "1"], "DU0870", r"\xff"),
    (["test-device", "add", "a"], "DU0874", "either --mac or --serial"),
    (["test-device", "add", "a", "--serial", "1", "--mac", "010203040506"], "DU0874", "either --mac or --serial"),
    (["test-device", "add", "a", "--serial", "1", "--scope", "Berlin"], "DU0873", '"Berlin"'),
    (["test-device", "add", "a", "--serial", "1", "--scope", "site:"], "DU0873", '"site:"'),
    (["test-device", "add", "a", "--serial", "1", "--scope", ""], "DU0873", '""'),
    (["test-device", "list", "--scope", "sites:x"], "DU0873", '"sites:x"'),
    (["test-device", "remove", "a", "--scope", "globally"], "DU0873", '"globally"'),
    (["test-device", "remove"], "DU0877", "needs a name, or --all together with --scope"),
    (["test-device", "remove", "--all"], "DU0877", "--all together with --scope"),
    (["test-device", "remove", "a", "--all", "--scope", "global"], "DU0877", "needs a name, or --all"),
    (["site", "add", "Berlin"], "DU0805", "usage: devupdatectl site add NAME CIDR..."),
    (["site", "add", "Ber:lin", "10.1.0.0/16"], "DU0870", '"Ber:lin" cannot be the name of a site'),
    (["site", "add", " Berlin", "10.1.0.0/16"], "DU0870", "no space or dot at its ends"),
    (["site", "add", "Berlin", "10.1.0.0/33"], "DU0871", '"10.1.0.0/33" is not a subnet'),
    (["site", "add", "Berlin", "10.1.0.0/16", "2001:db8::/129"], "DU0871", '"2001:db8::/129"'),
    (["site", "add", "Berlin", "10.1.0.0/255.255.0.0"], "DU0871", "not a subnet"),
    (["site", "add", "Berlin", "10.1.0.0/16,10.2.0.0/16"], "DU0871", "not a subnet"),
    (["site", "remove"], "DU0805", "usage: devupdatectl site remove NAME"),
    ([*PHONE, "--version", "1", "--mac", "a\nb"], "DU0830", "--mac"),
    ([*PHONE, "--version", "1" * 257], "DU0830", "256"),
    ([*PHONE, "--version", "1", "--timeout", "0"], "DU0853", "3600"),
    ([*PHONE, "--version", "1", "--timeout", "3601"], "DU0853", "3600"),
    ([*PHONE, "--version", "1", "--timeout", "ten"], "DU0853", "3600"),
    ([*PHONE, "--version", "1", "--base", "ftp://x"], "DU0850", "ftp://x"),
    (["phone", "file:///etc/passwd", *PHONE[2:], "--version", "1"], "DU0850", "file:///etc/passwd"),
])
def test_wrong_usage(bare, arguments, number, words):
    """Exit status 2, one sentence, and nothing is opened: there is no store here."""
    line = bare.refused(*arguments, code=2)
    assert line.startswith(f"devupdatectl: {number}: ") and words in line


@pytest.mark.parametrize("order", [lambda g, c: [*g, *c], lambda g, c: [*c, *g], lambda g, c: [*g[:2], *c, *g[2:]]])
def test_global_options_stand_before_or_behind_the_command(ctl, order):
    assert run(*order([*ctl.where, "--json"], ["rule", "list"])).out == "[]\n"


def test_options_and_operands_mix(filled):
    mixed = filled.text("rule", "approve", "1", "--dry-run", "2")
    assert mixed == filled.text("rule", "approve", "--dry-run", "1", "2") and mixed.count("would approve") == 2


def test_the_environment_says_nothing(ctl):
    """No variable names a store or a file store."""
    environment = {name: "/nonexistent" for name in ("DEVUPDATE_STORE", "DU_STORE", "HOME", "TMPDIR")}
    sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    assert ctl("rule", "list", env={**environment, **sanitizers}).out == "No rules.\n"
