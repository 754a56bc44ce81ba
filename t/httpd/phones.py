"""Phones and logs that pages show, put into a site's store as no phone would: with SQL and by hand."""
import contextlib
import os
import sqlite3
import time

import place

NOW = int(time.time())
SECOND = 1_000_000
DAY = 86_400 * SECOND
CLIENT = "DeviceUpdateLogs/Client"
AUDIT = "DeviceUpdateLogs/Server/Audit/ImageUpdates"
HOSTILE = ("<script>alert(1)</script>", "\"' onmouseover=\"alert(1)", "\u202eDetsurt\u202c", "x" * 4096, "&lt;b&gt;</td>", "=cmd|' /C calc'!A0")


class Phones:
    """Writes into the SQLite store of a site that is not asked meanwhile."""

    def __init__(self, store):
        self.database = store.database
        self.number = 0

    def run(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def insert(self, table, **row):
        self.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())

    def add(self, *, key=("UCPhone", "POLYCOM", "CX600", "A", "ENU"), version="4.0.7577.4463", site="", state="current", seen=0, **row):
        """One phone, last seen so many days ago; its id."""
        self.number += 1
        mac = row.get("mac", f"00-04-F2-00-00-{self.number:02X}")
        count = self.count(key, version, site, state)
        if count:
            self.run("UPDATE device_count SET phones = phones + 1 WHERE id = ?", count)
        else:
            count = self.number
            self.insert("device_count", id=count, device_key="/".join(key).lower(), type=key[0], brand=key[1], model=key[2],
                        revision=key[3], locale=key[4], version=version, site_key=site, state=state, phones=1)
        self.run("INSERT INTO device_version VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET phones = phones + 1",
                 "/".join(key).lower(), version, *key)
        names = {"mac": mac, "mac_reverse": mac.replace("-", "")[::-1], "serial": f"s{self.number}", "address": "10.0.0.1",
                 "user_name": "sip:ann@contoso.com"}
        names.update((name, row.pop(name)) for name in names if name in row)
        values = {"id": self.number, "count_id": count, "state": state, "version_before": "", "version_time": 0, "node": "node1",
                  "endpoint": "internal", "first_seen": NOW * SECOND - 100 * DAY, "last_seen": NOW * SECOND - seen * DAY,
                  "checks": 3, "result": "none", "reason": "current", "offered": "", "offered_time": 0, "offers": 0, "taken": "",
                  "taken_time": 0, "taken_bytes": 0, "taken_size": 0, "held": "", "events": 0}
        self.insert("device", **{**values, **row})
        self.insert("device_name", device_id=self.number, **names)
        return self.number

    def count(self, key, version, site, state):
        rows = self.run("SELECT id FROM device_count WHERE device_key = ? AND version = ? AND site_key = ? AND state = ?",
                        "/".join(key).lower(), version, site, state)
        return rows[0][0] if rows else None

    def event(self, device, number, **row):
        values = {"time": NOW * SECOND, "kind": "check", "node": "node1", "address": "10.0.0.1", "version": "1", "offered": "",
                  "result": "none", "reason": "current", "file": "", "bytes": 0}
        self.insert("device_event", device_id=device, number=number, **{**values, **row})

    def stranger(self, *key):
        self.insert("stranger", device_key="/".join(key).lower(), type=key[0], brand=key[1], model=key[2], revision=key[3],
                    locale=key[4], checks=5, first_seen=NOW * SECOND - DAY, last_seen=NOW * SECOND)

    def filled(self):
        """As if records had been read."""
        self.insert("reading", file="Server/x", position=1, time=NOW * SECOND)


def log_name(serial, kind="CELOG", number=0):
    return f"UCPhone_{serial}-20261101-{kind}010203_{number}.clg"


def put_log(store, path, data=b"one line\n", days=0):
    """A file of logs, last written so many days ago."""
    full = store.files / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(data)
    os.utime(full, (NOW - days * 86400,) * 2)
    place.give(store.directory)
    return full
