"""devupdatectl ingest: random streams of records against a model, files of the original service, damaged and foreign files, and the
program killed wherever it writes."""
import datetime
import json
import os
import random
import shutil

import pytest

import write_points
from conftest import NEW, OLD, Ctl

CHECKS = "DeviceUpdateLogs/Server/Audit/ImageUpdates/RequestHandlerAuditLog_{}_{}.log"
HEADER = ("Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"
          "Request Modules,Response Modules,User ID")
OURS = HEADER + ",Endpoint,Result,Reason"
START = datetime.datetime(2026, 11, 20)


def check_line(time, address, mac="", serial="", version=OLD, offered="", model="CX600", user="", outcome=None):
    result, reason = outcome or (("offered", "approved") if offered else ("none", "current"))
    response = f"CPE.nbt;CPE.cat;{offered};" if offered else ""
    return (f"{time:%Y-%m-%d %H:%M:%S},{address},UCPhone,{mac},{serial},POLYCOM,{model},A,ENU,CPE.nbt;{version};,{response},{user},"
            f"internal,{result},{reason}\n")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


class Model:
    """What the inventory should know after a stream of checks: the rules of du_fleet.h once more, one record at a time."""

    def __init__(self):
        self.phones = []

    def find(self, **name):
        found = [phone for phone in self.phones if all(phone[key] == value for key, value in name.items())]
        return max(found, key=lambda phone: phone["touched"], default=None)

    def resolve(self, mac, serial):
        if not mac:
            return self.find(serial=serial)
        phone, nameless = self.find(mac=mac), self.find(mac="", serial=serial) if serial else None
        if phone and nameless:
            self.phones.remove(nameless)
            newer = max(phone, nameless, key=lambda one: one["touched"])
            merged = {**newer, "mac": mac, "checks": phone["checks"] + nameless["checks"],
                      "first": min(phone["first"], nameless["first"])}
            phone.update(merged)
        return phone or nameless

    def take(self, number, time, mac, serial, version, offered, model):
        phone = self.resolve(mac, serial)
        if not phone:
            phone = {"mac": mac, "serial": serial, "checks": 0, "first": time, "version": "", "offered": "", "offers": 0}
            self.phones.append(phone)
        phone.update(mac=mac or phone["mac"], serial=serial or phone["serial"], touched=number, version=version, model=model,
                     checks=phone["checks"] + 1)
        if phone["offered"] == version:
            phone.update(offered="", offers=0)
        if offered:
            phone["offers"] = phone["offers"] + 1 if phone["offered"] == offered else 1
            phone["offered"] = offered

    def rows(self):
        return sorted((phone["mac"], phone["serial"], phone["model"], phone["version"], phone["checks"], phone["offered"],
                       phone["offers"]) for phone in self.phones)


PHONES = "FROM device d JOIN device_name n ON n.device_id = d.id JOIN device_count c ON c.id = d.count_id"
ROWS = f"SELECT n.mac, n.serial, c.model, c.version, d.checks, d.offered, d.offers {PHONES} ORDER BY 1, 2"
WRONG_COUNTS = "SELECT c.id FROM device_count c WHERE phones <> (SELECT COUNT(*) FROM device d WHERE d.count_id = c.id)"


def stream(chance, count):
    """Random checks of a few phones that sometimes say both names, sometimes one."""
    versions = [OLD, NEW, "5.0"]
    for number in range(count):
        i = chance.randrange(12)
        mac, serial = f"00-04-F2-00-00-{i:02X}", f"s{i}"
        names = chance.choice([(mac, serial), (mac, ""), ("", serial)])
        version = chance.choice(versions)
        offered = chance.choice(["", *(other for other in versions if other != version)])
        yield number, START + datetime.timedelta(seconds=number), *names, version, offered, chance.choice(["CX600", "CX700"])


@pytest.mark.parametrize("seed", range(8))
def test_random_streams_agree_with_the_model(ctl, seed):
    chance, model = random.Random(seed), Model()
    for number, time, mac, serial, version, offered, kind in stream(chance, 300):
        model.take(number, time, mac, serial, version, offered, kind)
        write_check(ctl, time, check_line(time, "10.1.0.1", mac, serial, version, offered, kind))
        if chance.random() < 0.05:
            ctl.text("ingest")
    ctl.text("ingest")
    assert ctl.sql(ROWS) == model.rows()
    assert ctl.sql(WRONG_COUNTS) == []
    assert ctl.sql("SELECT SUM(checks) FROM traffic") == [(300,)]


class Loops:
    """One phone that is offered versions, fetches them or not, and reports this or that: when it is held (du_fleet.h)."""

    def __init__(self, number):
        self.mac, self.address = f"00-04-F2-00-01-{number:02X}", f"10.1.1.{number}"
        self.version = self.offered = self.taken = self.held = ""
        self.offers = self.takes = self.taken_offer = 0

    def check(self, version, offered):
        self.version = version
        if self.offered == version:
            self.offered, self.offers = "", 0
        if self.taken == version:
            self.takes = 0
        if self.held == version:
            self.held = ""
        if offered and offered != self.offered:
            self.offered, self.offers, self.taken_offer = offered, 0, 0
        elif offered and self.taken_offer == self.offers > 0 and self.taken == offered:
            self.takes += 1
        self.offers += bool(offered)
        if self.takes >= HOLD_AFTER and self.offered and self.offered == self.taken:
            self.held = self.offered

    def download(self):
        """All of what it was offered last."""
        if self.taken != self.offered:
            self.taken, self.takes = self.offered, 0
        self.taken_offer = self.offers

    def release(self):
        self.held, self.takes, self.offers, self.taken_offer = "", 0, 0, 0

    def row(self):
        return (self.mac, self.version, self.offered, self.offers, self.taken, self.takes, self.held)


HOLD_AFTER = 2
LOOPS = f"SELECT n.mac, c.version, d.offered, d.offers, d.taken, d.takes, d.held {PHONES} ORDER BY n.mac"
DOWNLOADS = "DeviceUpdateLogs/Server/Downloads/DevUpdateDownloads_web1_2026-11-20.log"
DOWNLOADS_HEADER = "Logging DateTime,User Host Address,Endpoint,Path,Status,Bytes Sent,Size,Complete,Duration ms,User\n"


@pytest.mark.parametrize("seed", range(6))
def test_random_loops_agree_with_the_model(ctl, seed):
    """Wherever a reading ends, and whatever is released in between."""
    chance, phones, held, released = random.Random(seed), [Loops(number) for number in range(6)], 0, 0
    ctl.text("setting", "set", "hold-after", str(HOLD_AFTER))
    write(ctl.files / DOWNLOADS, DOWNLOADS_HEADER)
    for number in range(400):
        phone, time = chance.choice(phones), START + datetime.timedelta(seconds=number)
        if phone.offered and chance.random() < 0.6:
            path = f"UCPhone/POLYCOM/CX600/A/ENU/{phone.offered}/CPE/CPE.nbt"
            write(ctl.files / DOWNLOADS, f"{time:%Y-%m-%d %H:%M:%S},{phone.address},internal,{path},200,1000,1000,yes,5,\n")
            phone.download()
        else:
            version, offered = (OLD, chance.choice([NEW, NEW, "5.0"])) if chance.random() < 0.9 else (NEW, "")
            write_check(ctl, time, check_line(time, phone.address, phone.mac, "", version, offered))
            phone.check(version, offered)
        if chance.random() < 0.05:
            ctl.text("ingest")
            assert ctl.sql(LOOPS) == sorted(one.row() for one in phones if one.version)
            held += sum(one.held != "" for one in phones)
            for one in (one for one in phones if one.held and chance.random() < 0.3):
                ctl.text("device", "release", one.mac)
                one.release()
                released += 1
    ctl.text("ingest")
    assert ctl.sql(LOOPS) == sorted(one.row() for one in phones if one.version)
    assert ctl.sql(WRONG_COUNTS) == [] and held > released > 0


def write_check(ctl, time, line, node="web1"):
    path = ctl.files / CHECKS.format(node, f"{time:%Y-%m-%d}")
    write(path, line if path.exists() else OURS + "\n" + line)
    return path


def test_says_what_was_read(ctl):
    path = write_check(ctl, START, check_line(START, "10.1.0.1", "0004f2000176") + "what is this?\n" + "x" * 70000 + "\n")
    assert ctl.text("ingest") == f"1 records read, 2 bad lines, 1 new phones\nbad line: {path}:3\nbad line: {path}:4\n"
    assert ctl.text("ingest") == "Nothing to do: all records were read before\n"
    write_check(ctl, START, check_line(START, "10.1.0.1", "0004f2000176"))
    assert ctl.json("ingest") == {"result": "read", "good": 1, "bad": 0, "new_phones": 0, "merged_phones": 0,
                                  "over_device_limit": 0, "bad_lines": []}


@pytest.mark.parametrize("content", [
    pytest.param("{h}\n8/30/2010 4:44:48 PM,192.168.7.90,UCPhone,00-04-F2-00-01-76,A1,POLYCOM,CX600,A,ENU,CPE.nbt;{v};,,kim\n", id="comma"),
    pytest.param("{s}\n2010-08-30 16:44:48;192.168.7.90;UCPhone;0004F2000176;A1;POLYCOM;CX600;A;ENU;CPE.nbt;{v};t;;kim\n", id="semicolon"),
    pytest.param("\ufeff{h}\r\n30.8.2010 16:44:48,192.168.7.90,UCPhone,00:04:F2:00:01:76,A1,POLYCOM,CX600,A,ENU,CPE.nbt;{v};,,kim\r\n",
                 id="Windows"),
    pytest.param("{q}\n\"2010-08-30 16:44:48\",\"192.168.7.90\",\"UCPhone\",\"0004F2000176\",\"A1\",\"POLYCOM\",\"CX600\",\"A\",\"ENU\","
                 "\"CPE.nbt;{v};\",\"\",\"kim\"\n", id="quoted"),
])
def test_files_of_the_original_service(ctl, tmp_path, content):
    path, moved = tmp_path / "old.log", tmp_path / "copy.csv"
    quoted = ",".join(f'"{name}"' for name in HEADER.split(","))
    path.write_text(content.format(h=HEADER, s=HEADER.replace(",", ";"), q=quoted, v=OLD), newline="")
    assert ctl.text("ingest", path).startswith("1 records read, 0 bad lines, 1 new phones")
    assert ctl.sql(ROWS) == [("00-04-F2-00-01-76", "a1", "CX600", OLD, 1, "", 0)]
    assert ctl.sql("SELECT last_seen FROM device") == [(1283186688000000,)]
    shutil.copy(path, moved)
    assert "Nothing to do" in ctl.text("ingest", moved)


def test_file_of_another_node_counts_once(ctl, tmp_path):
    path = write_check(ctl, START, check_line(START, "10.1.0.1", "0004f2000176"), node="web2")
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    assert "1 records" in ctl.text("ingest", copy)
    assert "Nothing to do" in ctl.text("ingest")
    assert ctl.sql("SELECT node FROM traffic") == [("web2",)]


def test_other_files_are_refused_and_do_not_keep_the_rest_from_being_read(ctl, tmp_path):
    good, bad, missing = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "missing.csv"
    good.write_text(OURS + "\n" + check_line(START, "10.1.0.1", "0004f2000176"))
    for content in (b"\x7fELF\0\0\n" * 100, b"Name,Value\n1,2\n", b"\0" * 200000 + b"\n"):
        bad.write_bytes(content)
        assert "DU0935" in ctl.refused("ingest", bad)
    bad.write_bytes(b"PNG\n")
    result = ctl("ingest", bad, missing, good)
    assert (result.code, [line[14:20] for line in result.err.splitlines()]) == (1, ["DU0935", "DU0938"])
    assert result.out.startswith("1 records read")


def test_damaged_files_keep_their_good_lines(ctl):
    """Bytes of a good file are changed, cut out and doubled at random: never a failure, and what is whole is read."""
    chance = random.Random(7)
    lines = [check_line(START + datetime.timedelta(seconds=i), "10.1.0.1", f"00-04-F2-00-00-{i:02X}") for i in range(100)]
    for turn in range(10):
        damaged = bytearray("".join(lines).encode())
        for _ in range(20):
            at = chance.randrange(len(damaged))
            damaged[at:at + chance.randrange(3)] = chance.randbytes(chance.randrange(40))
        day = START + datetime.timedelta(days=turn)
        write(ctl.files / CHECKS.format("web1", f"{day:%Y-%m-%d}"), OURS.encode() + b"\n" + bytes(damaged) + b"\n")
        report = ctl.json("ingest")
        assert report["good"] >= 60 and report["bad"] >= 1
        assert report["bad_lines"][0]["line"] > 1
    assert ctl.sql(WRONG_COUNTS) == []
    assert ctl.sql("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.patient
def test_killed_wherever_it_writes(ctl, tmp_path):
    for i in range(40):
        time = START + datetime.timedelta(seconds=i)
        write_check(ctl, time, check_line(time, f"10.1.0.{i}", f"00-04-F2-00-00-{i % 20:02X}", offered=NEW))
    write_check(ctl, START, "a bad line\n")

    def fresh():
        directory = tmp_path / "copy"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(ctl.directory, directory)
        copy = Ctl.__new__(Ctl)
        copy.__dict__.update(ctl.__dict__, directory=directory, database=directory / ctl.database.name, files=directory / "files")
        copy.where = ["--store", f"sqlite3 {copy.database}", "--files", str(copy.files)]
        return copy

    def command(copy):
        return [os.environ["CTL"], *copy.where, "ingest"]

    reference = fresh()
    points = write_points.of(command(reference), tmp_path / "trace")
    after = reference.content()
    assert {"pwrite64", "unlink"} <= {point.call for point in points}
    for point in points:
        copy = fresh()
        write_points.kill(command(copy), point, tmp_path / "trace")
        copy("ingest")
        assert copy.content() == after, point


def test_flood_of_invented_phones(ctl):
    """3,000 MAC addresses from one address, which are more than the limit: phones that are known go on, and it is found and removed."""
    ctl.text("setting", "set", "device-limit", "1000")
    known = [f"00-04-F2-00-00-0{number}" for number in range(5)]
    for number, mac in enumerate(known):
        path = write_check(ctl, START, check_line(START, f"10.1.0.{number}", mac))
    assert ctl.json("ingest")["over_device_limit"] == 0
    write(path, "".join(check_line(START, "10.6.6.6", f"02-00-00-00-{number // 256:02X}-{number % 256:02X}") for number in range(3000)))
    write(path, "".join(check_line(START, f"10.1.0.{number}", mac, version=NEW) for number, mac in enumerate(known)))
    report = ctl.json("ingest")
    assert (report["new_phones"], report["over_device_limit"], report["good"]) == (995, 2005, 3005)
    assert ctl.json("device", "list", "--version", NEW)["count"] == len(known)

    sources = ctl.json("device", "sources", "--limit", "2")
    assert sources == [{"address": "10.6.6.6", "phones": 995}, {"address": "10.1.0.0", "phones": 1}]
    assert ctl.text("device", "sources", "--csv", "--limit", "1") == "address,phones\n10.6.6.6,995\n"
    assert ctl.text("device", "sources", "--limit", "1").split() == ["ADDRESS", "PHONES", "10.6.6.6", "995"]
    assert len(ctl.json("device", "sources")) == 6
    assert "DU0891" in ctl.refused("device", "sources", "--limit", "0", code=2)

    assert ctl.json("device", "purge", "--subnet", "10.6.6.6/32")["phones"] == 995
    assert ctl.sql(WRONG_COUNTS) == [] and ctl.sql("SELECT SUM(phones) FROM device_count") == [(5,)]
    assert [phone["mac"] for phone in ctl.json("device", "list", "--sort", "mac")["phones"]] == known
    write(path, check_line(START, "10.1.0.9", "00-04-F2-00-00-09"))
    assert ctl.json("ingest")["new_phones"] == 1    # there is room again


def test_settings_have_their_ranges(ctl):
    for name, good, bad in (("device-history", "4", "3"), ("device-limit", "1", "0"), ("user-names", "hash", "maybe"),
                            ("user-days", "0", "3651")):
        ctl.text("setting", "set", name, good)
        assert "DU" in ctl.refused("setting", "set", name, bad)
    assert json.loads(ctl.text("setting", "list", "--json"))
