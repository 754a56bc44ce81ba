#!/usr/bin/python3
"""Fills a store with phones that never were: for the bench, and for tests of pages and lists.

    many_phones.py "sqlite3 FILE" | "pgsql PARAMETERS" [--phones N] [--events N] [--rules N] [--sites N] [--now SECONDS]

The store is new (devupdatectl store init). A few kinds have most of the phones, most phones are where they should be, some are
not, and a tenth has not been seen for weeks; the same numbers make the same phones. Rules are of package 1; the files of
their images do not exist. `--events` is how many there are in all, spread evenly.
"""
import argparse
import collections
import csv
import itertools
import random
import sqlite3
import subprocess
import time

SECOND = 1_000_000
DAY = 86_400 * SECOND
VERSIONS = ("4.0.7577.4047", "4.0.7577.4066", "4.0.7577.4100", "4.0.7577.4463")
APPROVED = VERSIONS[-1]
BRANDS = {"POLYCOM": ("UCPhone", "0004F2"), "LG-Nortel": ("UCPhone", "00405A"), "HP": ("UCPhone", "001A4B"),
          "Aastra": ("3PIP", "00085D"), "Microsoft": ("RoundTable", "0013B6")}
NODES = ("node1", "node2", "node3")

Kind = collections.namedtuple("Kind", "type brand model revision locale")

# What became of a phone, by its state: how many of 1000, result, reason, (offers, of the files of the version: how much)
FATES = {
    "current": (650, "none", "current", 0, 0),
    "updated": (140, "none", "current", 0, 1),
    "offered": (60, "offered", "approved", 1, 0),
    "downloading": (15, "offered", "approved", 1, 0.4),
    "downloaded": (35, "offered", "approved", 2, 1),
    "stuck": (20, "offered", "approved", 7, 1),
    "unknown": (60, "none", "no-rule", 0, 0),
    "refused": (20, "refused", "unauthenticated", 0, 0),
}
SIZE = 30_000_000

DEVICE = ("id count_id state version_before version_time node endpoint first_seen last_seen checks result reason offered offered_time offers "
          "taken taken_time taken_bytes taken_size held events").split()
NAME = "device_id mac mac_reverse serial address user_name".split()
COUNT = "id device_key type brand model revision locale version site_key state phones".split()
VERSION = "device_key version type brand model revision locale phones".split()
RULE = "id device_key type brand model revision locale update_type pending approved restore".split()
STRANGER = "device_key type brand model revision locale checks first_seen last_seen".split()
TRAFFIC = "hour node checks offers refused downloads bytes uploads".split()
ROLLOUT = "rule_id hour version current phones".split()

# One text for both databases: a phone's events lie a day apart and end when it was last seen.
EVENTS = """
INSERT INTO device_event (device_id, number, time, kind, node, address, version, offered, result, reason, file, bytes)
WITH RECURSIVE e (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM e WHERE i < {most})
SELECT d.id, e.i, d.last_seen - (d.events - e.i) * 86400000000, CASE WHEN e.i % 10 = 0 THEN 'download' ELSE 'check' END,
d.node, n.address, c.version, CASE WHEN e.i % 10 = 0 THEN '' ELSE d.offered END,
CASE WHEN e.i % 10 = 0 THEN 'complete' ELSE d.result END, CASE WHEN e.i % 10 = 0 THEN '' ELSE d.reason END,
CASE WHEN e.i % 10 = 0 THEN 'UCPhone/POLYCOM/CX600/A/ENU/' || c.version || '/CPE/CPE.nbt' ELSE '' END,
CASE WHEN e.i % 10 = 0 THEN 30000000 ELSE 0 END
FROM device d JOIN device_name n ON n.device_id = d.id JOIN device_count c ON c.id = d.count_id JOIN e ON e.i <= d.events
"""


def key_of(kind):
    return "/".join(kind).lower()


def weights(count, steep):
    """The first of a list have most of the phones (Zipf's law)."""
    return list(itertools.accumulate((rank + 1) ** -steep for rank in range(count)))


def make_kinds(count):
    """As many different kinds, the well-known models first."""
    brands = list(BRANDS)
    for number in range(count):
        brand = brands[0 if number % 3 else number // 3 % len(brands)]
        yield Kind(BRANDS[brand][0], brand, f"CX{500 + 100 * (number % 3)}" if number < 30 else f"M{number:04}",
                   "AB"[number // 3 % 2], ("ENU", "DEU", "JPN", "FRA", "ESN")[number // 6 % 5])


class Phones:
    """Makes phones one by one, and counts what is counted of them."""

    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.phones)
        self.now = options.now * SECOND
        self.kinds = list(dict.fromkeys(make_kinds(options.rules)))
        self.strangers = [Kind("UCPhone", "NEWCOM", f"X{number}", "A", "ENU") for number in range(40)]
        self.sites = ["", *(f"site{number}" for number in range(1, options.sites + 1))]
        self.counts = {}    # (kind, version, site, state) -> [id, phones]
        self.names = []     # of the phones that were made
        self.events, self.more = divmod(options.events, options.phones)

    def count(self, *what):
        row = self.counts.setdefault(what, [len(self.counts) + 1, 0])
        row[1] += 1
        return row[0]

    def seen(self):
        """A tenth weeks ago or longer, the others within a day."""
        ago = self.random.randrange(DAY) if self.random.random() < 0.9 else self.random.randrange(20 * DAY, 400 * DAY)
        return self.now - ago

    def device(self, number, kind, site, state):
        _, result, reason, offers, part = FATES[state]
        old = self.random.choice(VERSIONS[:-1])
        version = APPROVED if state in ("current", "updated") else old
        mac = f"{BRANDS.get(kind.brand, ('', '02FFFF'))[1]}{number * 7919 % 0x1000000:06X}"
        last = self.seen()
        place = self.sites.index(site)
        taken = APPROVED if part else ""
        serial = f"{kind.brand[:2].lower()}{number:08}" if number % 3 else ""
        self.names.append((number, "-".join(mac[i:i + 2] for i in range(0, 12, 2)) if number % 50 else "", mac[::-1] if number % 50 else "",
                           serial, f"10.{place}.{number // 250 % 256}.{number % 250 + 1}", f"sip:user{number}@contoso.com" if number % 4 else ""))
        return (number, self.count(kind, version, site, state), state, old if version == APPROVED else "", last - 90 * DAY, NODES[number % 3], "internal" if number % 8 else "external",
                last - 300 * DAY, last, 300 + number % 100, result, reason, APPROVED if offers else "", last - 5 * DAY if offers else 0,
                offers, taken, last - DAY if part else 0, int(SIZE * part), SIZE if part else 0, "",
                self.events + (number <= self.more))

    def devices(self):
        states, shares = list(FATES), list(itertools.accumulate(fate[0] for fate in FATES.values()))
        by_kind, by_site = weights(len(self.kinds), 1.5), weights(len(self.sites), 1)
        for number in range(1, self.options.phones + 1):
            state = self.random.choices(states, cum_weights=shares)[0]
            kind = self.random.choice(self.strangers) if state == "unknown" else self.random.choices(self.kinds, cum_weights=by_kind)[0]
            yield self.device(number, kind, self.random.choices(self.sites, cum_weights=by_site)[0], state)

    def rows_of_counts(self):
        for (kind, version, site, state), (number, phones) in self.counts.items():
            yield (number, key_of(kind), *kind, version, site, state, phones)

    def rows_of_versions(self):
        versions = collections.Counter()
        for (kind, version, _, _), (_, phones) in self.counts.items():
            versions[kind, version] += phones
        for (kind, version), phones in versions.items():
            yield (key_of(kind), version, *kind, phones)

    def rules(self):
        for number, kind in enumerate(self.kinds, 1):
            yield (number, key_of(kind), *kind, "CPE", "", APPROVED, VERSIONS[-2])

    def images(self):
        for number, version in itertools.product(range(1, len(self.kinds) + 1), VERSIONS[-2:]):
            yield (2 * number - (version != APPROVED), number, version, 1, "unverified", "")

    def rows_of_strangers(self):
        for kind in self.strangers:
            yield (key_of(kind), *kind, 1000, self.now - 100 * DAY, self.now - self.random.randrange(DAY))

    def traffic(self):
        """30 days, hour by hour."""
        hour = self.now - self.now % (DAY // 24)
        checks = self.options.phones // 24 // len(NODES) + 1
        for back, node in itertools.product(range(24 * 30), NODES):
            yield (hour - back * DAY // 24, node, checks, checks // 10, checks // 50, checks // 20, checks // 20 * SIZE, 3)

    def rollout(self):
        """The first 100 rules, hour by hour for a week."""
        hour = self.now - self.now % (DAY // 24)
        for rule, back in itertools.product(range(1, min(100, len(self.kinds)) + 1), range(24 * 7)):
            yield (rule, hour - back * DAY // 24, APPROVED, 1000 - 5 * back, 1000)


class Sqlite:
    def __init__(self, path):
        self.store = sqlite3.connect(path, isolation_level=None)
        for pragma in ("cache_size = -500000", "synchronous = OFF"):
            self.store.execute(f"PRAGMA {pragma}")
        self.store.execute("BEGIN IMMEDIATE")

    def load(self, table, columns, rows):
        self.store.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)

    def run(self, statement):
        self.store.execute(statement)

    def end(self):
        self.store.execute("COMMIT")
        self.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.store.close()


class Pgsql:
    def __init__(self, parameters):
        self.command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", parameters]

    def load(self, table, columns, rows):
        copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')"
        with subprocess.Popen([*self.command, "-c", copy], stdin=subprocess.PIPE, text=True) as psql:
            csv.writer(psql.stdin, lineterminator="\n").writerows(rows)
        assert psql.returncode == 0, table

    def run(self, statement):
        subprocess.run([*self.command, "-c", statement], check=True)

    def end(self):
        self.run("VACUUM ANALYZE")  # as its autovacuum would, soon


def fill(spec, options):
    driver, parameters = spec.split(" ", 1)
    database = {"sqlite3": Sqlite, "pgsql": Pgsql}[driver](parameters)
    phones = Phones(options)
    database.load("package", ("id", "digest", "filename", "size", "imported", "actor", "note", "trust", "signer"),
                  [(1, "many", "many.cab", 0, 0, "many", "", "unverified", "")])
    database.load("rule", RULE, phones.rules())
    database.load("image", ("id", "rule_id", "version", "package_id", "trust", "signer"), phones.images())
    database.load("site", ("name_key", "name"), [(site, site.capitalize()) for site in phones.sites[1:]])
    database.load("site_subnet", ("subnet", "name_key"), [(f"10.{place}.0.0/16", site) for place, site in enumerate(phones.sites) if site])
    database.load("device", DEVICE, phones.devices())
    database.load("device_name", NAME, phones.names)
    database.load("device_count", COUNT, phones.rows_of_counts())
    database.load("device_version", VERSION, phones.rows_of_versions())
    database.load("stranger", STRANGER, phones.rows_of_strangers())
    database.load("traffic", TRAFFIC, phones.traffic())
    database.load("rollout", ROLLOUT, phones.rollout())
    database.load("reading", ("file", "position", "time"), [("many", 0, phones.now)])
    database.run(EVENTS.format(most=phones.events + 1))
    for name, value in (("device", options.phones), ("device_count", len(phones.counts)), ("rule", len(phones.kinds)),
                        ("image", 2 * len(phones.kinds)), ("package", 1)):
        database.run(f"UPDATE counter SET value = {value} WHERE name = '{name}'")
    database.end()


def parse(arguments=None):
    parser = argparse.ArgumentParser(description="Fills a new store with phones.")
    parser.add_argument("spec")
    parser.add_argument("--phones", type=int, default=500_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rules", type=int, default=2000)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--now", type=int, default=int(time.time()), help="seconds since 1970")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    options = parse()
    fill(options.spec, options)
