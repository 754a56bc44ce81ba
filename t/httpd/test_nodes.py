"""What a node says of itself: which rule set its phones are served from."""
import contextlib
import os
import sqlite3

from waiting import until


def said(site):
    """generation, compiled, behind_since of the only node; None before its first word."""
    with contextlib.closing(sqlite3.connect(f"file:{site.store.database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT generation, compiled, behind_since FROM node").fetchall()
    assert len(rows) < 2
    return rows[0] if rows else None


def generation(site):
    with contextlib.closing(sqlite3.connect(f"file:{site.store.database}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT value FROM counter WHERE name = 'generation'").fetchone()[0]


class TestNode:
    def test_says_what_it_has(self, own_site):
        site = own_site.start()
        until(lambda: said(site) and said(site)[0] == generation(site), "what it began with")
        site.store.ctl("setting", "set", "stuck-after", "7")
        until(lambda: said(site)[0] == generation(site) and said(site)[2] == 0, "what it has since the change")

    def test_says_that_it_cannot_follow(self, own_site):
        site = own_site.start()
        until(lambda: said(site) and said(site)[0] == generation(site), "what it began with")
        before, directory = said(site), site.store.files / "DeviceUpdateRules"
        mode = os.stat(directory).st_mode
        site.ledger.declare("DU0502", "DU0513")
        directory.chmod(0o555)
        site.store.ctl("setting", "set", "stuck-after", "7")
        until(lambda: said(site)[2] > 0, "that it is behind")
        assert said(site)[:2] == before[:2]
        directory.chmod(mode)
        until(lambda: said(site)[0] == generation(site) and said(site)[2] == 0, "that it follows again")
