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


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    fill(sys.argv[1], int(sys.argv[2]))
