"""A hundred slow clients of each kind at once, while checks go on: the shipped configuration, and what makes it hold."""
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time
from concurrent import futures

import pytest

import phone
from store import APPROVED, CX600, image_path
from test_shipped import MODULES, shipped
from waiting import until

pytestmark = [pytest.mark.patient, pytest.mark.skipif(not shutil.which("slowhttptest"), reason="slowhttptest is not installed")]

CLIENTS = 100
# More workers than clients that can hold one (those that are slow at reading an answer hold none, with this MPM), but not
# enough for two waves of them.
WORKERS = "ServerLimit 4\nStartServers 4\nThreadsPerChild 64\nMaxRequestWorkers 256\nMinSpareThreads 1\nMaxSpareThreads 256\n"
SECOND_WAVE = 12.0                     # seconds after the first: more than a header or a body may take
CHECKS, PHONES, SECONDS = 200, 20, 15  # so many a second, from so many phones, for so long
PATIENCE = 5.0                         # seconds that a phone waits for its answer

KINDS = {
    "headers": lambda url: ["-H", "-t", "POST", "-u", url + phone.CHECK],
    "body": lambda url: ["-B", "-s", "8192", "-f", "text/xml", "-u", url + phone.CHECK],
    "read": lambda url: ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "5", "-k", "3",
                         "-u", f"{url}/RequestHandler/Files/{image_path(CX600, APPROVED)}"],
}


class Slow:
    """The slow clients; they go on until they are told to stop."""

    def __init__(self, site):
        self.url, self.processes = f"http://127.0.0.1:{site.port}", []

    def wave(self):
        for arguments in KINDS.values():
            command = ["slowhttptest", "-c", str(CLIENTS), "-r", str(CLIENTS), "-i", "3", "-x", "8", "-l", "120", "-p", "3"]
            self.processes.append(subprocess.Popen(command + arguments(self.url), stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []


class Checks:
    """200 checks a second; failures is what went wrong. After the first failure nobody goes on."""

    def __init__(self, port):
        self.port, self.failures, self.made, self.begin = port, [], 0, time.monotonic()
        self.over, self.lock = threading.Event(), threading.Lock()
        crowd = futures.ThreadPoolExecutor(PHONES)
        self.work = [crowd.submit(self.ask, number) for number in range(PHONES)]
        crowd.shutdown(wait=False)

    def ask(self, number):
        for turn in range(CHECKS * SECONDS // PHONES):
            due = self.begin + (turn * PHONES + number) / CHECKS
            if self.over.wait(max(0.0, due - time.monotonic())):
                return
            self.note(self.fault())

    def fault(self):
        """One check; what is wrong with it, or None."""
        try:
            answer = phone.check(self.port, patience=PATIENCE)
        except OSError as error:
            return repr(error)
        return None if answer and answer.status == 200 else f"answered {answer and answer.status}"

    def note(self, fault):
        with self.lock:
            self.made += 1
            if fault:
                self.failures.append(f"{time.monotonic() - self.begin:.1f} s: {fault}")
                self.over.set()


def connections(site):
    """Open connections in all children of httpd."""
    listening = re.compile(rf"^ *\d+: \S+:{site.port:04X} \S+ 01 (?:\S+ +){{5}}(\d+) ", re.M)
    inodes = set(listening.findall(pathlib.Path("/proc/net/tcp").read_text()))
    count = 0
    for child in site.httpd.children():
        for descriptor in pathlib.Path(f"/proc/{child}/fd").iterdir():
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor))
            except FileNotFoundError:
                continue
            count += bool(found and found[1] in inodes)
    return count


def serve(site, text):
    """Runs a configuration as an administrator would, but for its port. Bodies that did not come are in its log."""
    text = text.replace("<VirtualHost *:80>", "<VirtualHost *:{port}>") + WORKERS
    site.prepare()
    site.httpd.modules = ("mpm_event", *MODULES)
    site.httpd.write(text)
    site.ledger.declare("DU0211")
    site.httpd.start()


@pytest.fixture
def slow(own_site):
    """A function that begins with a wave of slow clients."""
    begun = []

    def begin():
        begun.append(Slow(own_site))
        begun[0].wave()
        until(lambda: connections(own_site) >= 2.5 * CLIENTS, "the slow clients are there")
        return begun[0]

    yield begin
    for each in begun:
        each.stop()


def two_waves(site, slow):
    """The checks that were made meanwhile."""
    clients, checks = slow(), Checks(site.port)
    checks.over.wait(SECOND_WAVE)
    clients.wave()
    futures.wait(checks.work, return_when=futures.FIRST_COMPLETED)
    if checks.failures:
        clients.stop()
    for each in checks.work:
        each.result()
    return checks


def test_no_check_fails_with_the_shipped_configuration(own_site, slow):
    serve(own_site, shipped(own_site.store))
    checks = two_waves(own_site, slow)
    assert (checks.failures, checks.made) == ([], CHECKS * SECONDS)
    until(lambda: connections(own_site) == 0, "the slow clients are gone", 60)


def test_checks_fail_without_mod_reqtimeout(own_site, slow):
    """So it is not httpd itself that makes the other test pass."""
    text, count = re.subn(r"(?m)^    RequestReadTimeout .*\n", "    RequestReadTimeout header=0 body=0\n", shipped(own_site.store))
    assert count == 1
    serve(own_site, text)
    own_site.ledger.declare("AH00484")   # MaxRequestWorkers is reached
    assert two_waves(own_site, slow).failures
