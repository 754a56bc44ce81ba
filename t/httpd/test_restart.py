"""Restarts and ageing children."""
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import phone
from phone import Reply, request_xml
from server import runs
from store import APPROVED, PENDING
from waiting import until


class TestGraceful:
    def test_no_check_is_lost(self, site):
        audit = site.audit()
        with ThreadPoolExecutor(4) as crowd:
            answers = [crowd.submit(site.check) for _ in range(200)]
            site.httpd.restart_gracefully()
            answers += [crowd.submit(site.check) for _ in range(200)]
            versions = {Reply(answer.result()).version for answer in answers}
        assert versions == {APPROVED}
        assert len(audit.new()) == 400

    def test_again_and_again(self, site):
        for _ in range(5):
            site.httpd.restart_gracefully()
            assert site.offered() == APPROVED

    def test_changes_of_the_configuration_are_in_force(self, site):
        site.httpd.write(site.configuration({"DevUpdateInternalURL": "http://other.example/x"}))
        site.httpd.restart_gracefully()
        assert site.every_child(lambda: Reply(site.check()).base.startswith("http://other.example/x/"))

    def test_the_watchdog_goes_on(self, site):
        site.httpd.restart_gracefully()
        site.store.approve()
        until(lambda: site.offered(request_xml(Model="CX500")) == PENDING, "an approval after the restart", limit=10)


class TestHardRestart:
    def test_hup(self, site):
        old = site.httpd.children()
        site.httpd.process.send_signal(signal.SIGHUP)
        until(lambda: not any(map(runs, old)) and len(site.httpd.children()) > 1, "new children")
        assert site.offered() == APPROVED


class TestAgeingChildren:
    config = "MaxConnectionsPerChild 20\n"

    def test_children_come_and_go(self, site):
        audit = site.audit()
        first = set(site.httpd.children())
        for _ in range(200):
            assert site.offered() == APPROVED
        assert not first & set(site.httpd.children())
        assert len(audit.new()) == 200

    def test_somebody_keeps_watching(self, site):
        for _ in range(60):
            site.check()
        site.store.approve()
        until(lambda: site.offered(request_xml(Model="CX500")) == PENDING, "offered", limit=20)


class TestKilledChild:
    def test_the_others_go_on(self, site, ledger):
        """Also if it is the one that watches the store."""
        ledger.declare("AH00052")
        for victim in site.httpd.children():
            os.kill(victim, signal.SIGKILL)
            until(lambda: not runs(victim) and len(site.httpd.children()) > 1, "another child")
            until(lambda: phone.check(site.port) is not None, "an answer")
            assert site.offered() == APPROVED
        site.store.approve()
        until(lambda: site.offered(request_xml(Model="CX500")) == PENDING, "offered", limit=20)
