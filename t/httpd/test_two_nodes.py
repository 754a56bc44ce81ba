"""Two nodes over one PostgreSQL store and one file store; and a store that moves there and back while phones are served."""
import csv
import json
import sqlite3
import threading

import pytest

import many_rules
import pgsql
import place
from store import APPROVED, CX600, PENDING, Store
from waiting import until

pytestmark = pytest.mark.patient

REFRESH = 1  # seconds, sites.DIRECTIVES


@pytest.fixture(scope="module")
def server():
    made = pgsql.start()
    yield made
    made.close()


@pytest.fixture
def nodes(server, workspace, more_sites):
    """Two sites, not started, with one store."""
    root = workspace / "two-nodes"
    root.mkdir()
    root.chmod(0o755)
    store = pgsql.new_store(root, server, "two_nodes").template()
    place.give(root)
    sites = []
    for name in ("node1", "node2"):
        site = more_sites(name, empty=True)
        site.store = store
        sites.append(site)
    return sites


def test_both_see_every_approval_and_each_keeps_its_own_records(nodes):
    for site, name in zip(nodes, ("node1", "node2")):
        site.start(directives={"DevUpdateNode": name})
    store = nodes[0].store
    for site in nodes:
        assert site.offered() == APPROVED
    store.approve(CX600)
    for site in nodes:
        until(lambda: site.every_child(lambda: site.offered() == PENDING), "in force on both nodes", limit=REFRESH * 10)
    store.ctl("rule", "approve", "--all")
    audits = sorted((store.files / "DeviceUpdateLogs/Server/Audit/ImageUpdates").glob("*.log"))
    assert {path.name.split("_")[1] for path in audits} == {"node1", "node2"}
    for path in audits:
        with open(path, encoding="utf-8", newline="") as file:
            assert len(list(csv.reader(file))) > 2
    assert {path.name for path in (store.files / "DeviceUpdateRules").glob("*.ruleset")} == {"node1.ruleset", "node2.ruleset"}
    assert json.loads(store.ctl("activity", "verify", "--json"))["result"] == "whole"


def dump(database):
    """Everything but the generation, which every copy raises, and what the reader adds while phones ask."""
    growing = ("'generation'", "('device", 'INTO "device', 'INTO "reading"', 'INTO "traffic"', 'INTO "stranger"', 'INTO "rollout"',
               'INTO "node"')
    with sqlite3.connect(database) as connection:
        return sorted(line for line in connection.iterdump() if not any(part in line for part in growing))


def test_a_store_moves_while_phones_are_served(server, own_site, workspace):
    """10,000 rules, from SQLite to PostgreSQL and back: nothing is lost, and no check fails or waits for it."""
    site = own_site
    many_rules.fill(site.store.database, 10_000)
    site.start()
    assert site.offered() == APPROVED
    answers, done = [], threading.Event()

    def ask():
        while not done.is_set():
            answers.append(site.offered())

    phone = threading.Thread(target=ask)
    phone.start()
    try:
        there = pgsql.new_store(workspace / "moved", server, "moved")
        copied = json.loads(site.store.ctl("store", "copy", site.store.spec, there.spec, "--json"))
        assert copied["rows"]["rule"] == 10_003 and copied["activity"]["result"] == "whole"
        back = Store(workspace / "back")
        site.store.ctl("store", "copy", there.spec, back.spec)
    finally:
        done.set()
        phone.join()
    assert dump(back.database) == dump(site.store.database)
    assert len(answers) > 5 and set(answers) == {APPROVED}

    # the next step, as the command says: the node is pointed to the copy, and a change there is in force
    there.files = site.store.files
    site.httpd.write(site.httpd.config.replace(site.store.spec, there.spec))
    site.httpd.restart_gracefully()
    there.approve(CX600)
    until(lambda: site.offered() == PENDING, "the copy is in force", limit=20)
