#!/usr/bin/python3
"""Fills a new SQLite store with many approved rules that no package ever brought; for the bench.

    many_rules.py DATABASE COUNT

The rules are UCPhone/BENCH/M00000 ... /A/ENU with version 4.0.7577.4463. Their images do not exist.
"""
import hashlib
import sqlite3
import sys

VERSION = "4.0.7577.4463"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def fill(database, count):
    with sqlite3.connect(database) as store:
        first = {name: store.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()[0] + 1
                 for name in ("package", "rule", "image")}
        store.execute("INSERT INTO package VALUES (?, ?, 'bench.cab', 0, 0, 'bench', '', 'unverified', '')",
                      (first["package"], digest(f"bench {first}")))
        for number in range(count):
            rule, image, model = first["rule"] + number, first["image"] + number, f"M{number:05}"
            store.execute("INSERT INTO rule VALUES (?, ?, 'UCPhone', 'BENCH', ?, 'A', 'ENU', 'CPE', '', ?, '')",
                          (rule, f"ucphone/bench/{model.lower()}/a/enu", model, VERSION))
            store.execute("INSERT INTO image VALUES (?, ?, ?, ?, 'unverified', '')", (image, rule, VERSION, first["package"]))
            store.execute("INSERT INTO image_file VALUES (?, 0, 'CPE.nbt', 30000000, ?, 'CPE.cat', 2000, ?, '')",
                          (image, digest(model), digest(model + "cat")))
        for name, value in (("package", first["package"]), ("rule", first["rule"] + count - 1),
                            ("image", first["image"] + count - 1)):
            store.execute("UPDATE counter SET value = ? WHERE name = ?", (value, name))
        store.execute("UPDATE counter SET value = value + 1 WHERE name = 'generation'")


# The same into an empty store on PostgreSQL, for psql.
PGSQL = """
INSERT INTO package (id, digest, filename, size, imported, actor, note, trust, signer)
VALUES (1, 'bench', 'bench.cab', 0, 0, 'bench', '', 'unverified', '');
INSERT INTO rule (id, device_key, type, brand, model, revision, locale, update_type, pending, approved, restore)
SELECT n, 'ucphone/bench/m' || n || '/a/enu', 'UCPhone', 'BENCH', 'M' || n, 'A', 'ENU', 'CPE', '', '{version}', ''
FROM generate_series(1, {count}) n;
INSERT INTO image (id, rule_id, version, package_id, trust, signer)
SELECT n, n, '{version}', 1, 'unverified', '' FROM generate_series(1, {count}) n;
UPDATE counter SET value = {count} WHERE name IN ('rule', 'image');
UPDATE counter SET value = 1 WHERE name = 'package';
ANALYZE;
"""


def fill_pgsql(psql, count):
    """psql runs what it is given."""
    psql(PGSQL.format(version=VERSION, count=count))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    fill(sys.argv[1], int(sys.argv[2]))
