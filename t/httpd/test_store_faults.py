"""Whatever happens to the database under a running httpd: phones notice nothing, the log says it once, and once more when
it is over; nobody has to restart anything (issue 4, "What faults and bad input get")."""
import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import place
import postgres
from phone import PHONE, ROOTS, request_xml
from server import children_of, runs
from store import APPROVED, CX600, PENDING, RESTORE, PostgresStore, Store, image_path
from test_refresh import damage
from waiting import until

pytestmark = pytest.mark.patient

CX500 = request_xml(Model="CX500")
PHONES = [request_xml(), request_xml(Version=APPROVED), CX500, request_xml(Model="none")]
IMAGES = [f"{ROOTS[0]}/{image_path(CX600, version)}" for version in (RESTORE, APPROVED, PENDING)]
MAC = PHONE["MacAddress"]
TIMEOUT = 2
DIRECTIVES = {"DevUpdateStoreTimeout": str(TIMEOUT)}
SAYS = ["DU0502", "DU0503", "DU0506", "DU0507", "DU0513", "DU0516", "DU0519", "DU0520", "DU0521", "DU0522", "DU0530", "DU0531"]
BACK = "DU0503"


class Service:
    """What phones get from a site: compared byte for byte with what they got before the fault."""

    def __init__(self, site):
        self.site = site
        self.before = self.answers()
        assert self.before[0][0] == 200

    def answers(self):
        def parts(reply):
            return reply.status, reply.body, reply.headers.get("ETag"), reply.headers.get("Last-Modified")
        return [parts(self.site.check(body)) for body in PHONES] + [parts(self.site.get(url)) for url in IMAGES]

    def goes_on(self):
        assert self.site.every_child(lambda: self.answers() == self.before), "phones get something else"

    def goes_on_for(self, seconds):
        """Many turns of the keeper, which must not add to the log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.answers() == self.before

    def changes_with_an_approval(self):
        """The store is read again, by the same httpd."""
        self.site.store.approve()
        until(lambda: self.site.offered(CX500) == PENDING, "an approval is in force")


def changes(site):
    """What the log says about the store, in order: everything worse than a notice, and that it is over."""
    return [entry.id for entry in site.ledger.read() if entry.id in SAYS and (entry.level == "warn" or entry.id == BACK)]


def says(site, *ids):
    until(lambda: changes(site) == list(ids), f"the log says {ids}, not {changes(site)}")


def kill_the_children(site, before=lambda: None):
    """Those that come instead have seen nothing of the store. Stopped first, so that none sees what happens before."""
    site.ledger.declare("AH00052")
    # what looks at the store has one thread, and may not have its name yet
    victims = [pid for pid in site.httpd.children() if len(os.listdir(f"/proc/{pid}/task")) > 1]
    for sent in (signal.SIGSTOP, signal.SIGKILL):
        for victim in victims:
            os.kill(victim, sent)
        if sent == signal.SIGSTOP:
            before()
    until(lambda: set(site.httpd.children()) - set(victims) and not set(site.httpd.children()) & set(victims),
          "other children")


def ctl_as_httpd(store, *arguments):
    """devupdatectl with the rights of httpd's children: root may do everything."""
    command = ["runuser", "-u", place.ACCOUNT, "--"] if place.AS_ROOT else []
    command += [os.environ["CTL"], "--store", store.spec, "--files", store.files, *arguments]
    return subprocess.run(list(map(str, command)), text=True, capture_output=True, timeout=60, check=False)


@contextlib.contextmanager
def small_disk(path, size):
    """A file system of that many KiB in place of a directory, with its content."""
    content = path.with_name(path.name + ".content")
    shutil.copytree(path, content, copy_function=shutil.copy2)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0777", "tmpfs", path], capture_output=True,
                      check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copytree(content, path, dirs_exist_ok=True)
        place.give(path)
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def rule_sets(site):
    """Names of what stands where the rule set is kept, but for the time of the last clean-up."""
    return sorted(path.name for path in site.store.kept.parent.glob("*.ruleset*"))


def fill(path):
    """Leaves not a byte on the file system of that directory; the name of the file that takes all. May be called again."""
    filler = path / "filler"
    with open(filler, "ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    return filler


@pytest.fixture
def sqlite_site(more_sites):
    site = more_sites("sqlite").start(directives=DIRECTIVES)
    site.ledger.declare(*SAYS)
    return site


class TestSQLite:
    def remove(self, site):
        """Database, log and index, as a person would; they can be put back."""
        away = site.root / "away"
        away.mkdir()
        for path in site.store.database.parent.iterdir():
            path.rename(away / path.name)
        return away

    def put_back(self, site, away):
        """The database last: without its log it would be an older one."""
        for path in sorted(away.iterdir(), reverse=True):
            path.rename(site.store.database.with_name(path.name))

    def test_removed_and_put_back(self, sqlite_site):
        site, service = sqlite_site, Service(sqlite_site)
        away = self.remove(site)
        says(site, "DU0520", "DU0502")
        kill_the_children(site)
        service.goes_on()
        service.goes_on_for(3)
        self.put_back(site, away)
        says(site, "DU0520", "DU0502", BACK)
        service.goes_on()
        service.changes_with_an_approval()

    def test_started_meanwhile(self, sqlite_site):
        site, service = sqlite_site, Service(sqlite_site)
        away = self.remove(site)
        site.httpd.stop()
        site.httpd.start()
        service.goes_on()
        assert site.ledger.count("DU0506") == 1
        self.put_back(site, away)
        until(lambda: site.ledger.count(BACK), "it is noticed")
        service.changes_with_an_approval()

    def test_replaced_by_another_store(self, sqlite_site, tmp_path):
        """Which has the same generation, too; no query of the old file would ever have failed."""
        site = sqlite_site
        other = Store(tmp_path / "other").copy_of(site.store)
        other.ctl("test-device", "add", "desk", "--mac", MAC)
        site.store.ctl("site", "add", "here", "10.0.0.0/8")
        assert [store.generation() for store in (site.store, other)] == [other.generation()] * 2
        assert site.every_child(lambda: site.offered() == APPROVED)
        self.remove(site)
        shutil.copy(other.database, site.store.database)
        place.give(site.store.directory)
        until(lambda: site.every_child(lambda: site.offered() == PENDING), "the other store's test device is one")

    def test_replaced_by_something_else(self, sqlite_site):
        site, service = sqlite_site, Service(sqlite_site)
        away = self.remove(site)
        site.store.database.write_bytes(b"This is no database. " * 1000)
        place.give(site.store.directory)
        until(lambda: site.ledger.count("DU0502"), "the log says so")
        service.goes_on_for(3)
        assert len(changes(site)) == 2, changes(site)
        site.store.database.unlink()
        self.put_back(site, away)
        until(lambda: site.ledger.count(BACK) == 1, "it is noticed")
        service.changes_with_an_approval()

    def test_read_only(self, sqlite_site):
        """Reading goes on; a change is refused with a sentence, and nothing has changed."""
        site, service = sqlite_site, Service(sqlite_site)
        directory = site.store.database.parent
        modes = {path: path.stat().st_mode for path in [directory, *directory.iterdir()]}
        for path in modes:
            path.chmod(0o555 if path == directory else 0o444)
        refused = ctl_as_httpd(site.store, "rule", "approve", "--all")
        assert refused.returncode == 1 and "devupdatectl: DU05" in refused.stderr, refused
        kill_the_children(site)
        service.goes_on_for(2)
        for path, mode in modes.items():
            path.chmod(mode)
        service.goes_on()
        service.changes_with_an_approval()

    def test_directory_without_rights(self, sqlite_site):
        """httpd, which is started meanwhile, is served from the kept rule set; the running one reads on."""
        site, service = sqlite_site, Service(sqlite_site)
        directory = site.store.database.parent
        directory.chmod(0)
        service.goes_on_for(2)
        site.httpd.restart_gracefully()
        until(lambda: site.ledger.count("DU0519"), "the log says so")
        service.goes_on()
        directory.chmod(0o755)
        service.changes_with_an_approval()
        assert sorted(changes(site)) == [BACK, "DU0506", "DU0519"]

    def test_full_disk(self, more_sites):
        site = more_sites("full")
        directory = site.store.database.parent
        with small_disk(directory, 2000):   # KiB; the reader of records writes, too
            site.start(directives=DIRECTIVES)
            site.ledger.declare(*SAYS)
            service = Service(site)
            values = itertools.count(5)

            def refused():
                """httpd's last connection that closes leaves the room of its log to others, so the disk is filled again."""
                fill(directory)
                answer = ctl_as_httpd(site.store, "setting", "set", "stuck-after", next(values))
                assert answer.returncode == 0 or "DU0522" in answer.stderr and "full" in answer.stderr, answer
                return answer.returncode == 1

            until(refused, "a change is refused")
            filler = fill(directory)
            kill_the_children(site)
            service.goes_on_for(2)
            filler.unlink()
            service.changes_with_an_approval()
            site.httpd.stop()


class TestKeptRuleSet:
    def test_full_disk(self, more_sites):
        """The old rule set serves, the log says so once; the new one is in force as soon as there is room."""
        site = more_sites("kept").start(directives=DIRECTIVES)
        site.httpd.stop()
        with small_disk(site.store.kept.parent, 64):
            site.httpd.start()
            site.ledger.declare(*SAYS)
            service = Service(site)
            filler = fill(site.store.kept.parent)
            site.store.approve()
            says(site, "DU0513", "DU0502")
            kill_the_children(site)
            service.goes_on_for(3)
            assert rule_sets(site) == [site.store.kept.name], "nothing temporary stays"
            says(site, "DU0513", "DU0502")
            filler.unlink()
            until(lambda: site.offered(CX500) == PENDING, "the approval is in force")
            says(site, "DU0513", "DU0502", BACK)
            site.httpd.stop()

    def test_damaged_when_a_child_starts(self, more_sites):
        """The child waits for a new one instead of telling phones to come again."""
        site = more_sites("damaged").start(directives={**DIRECTIVES, "DevUpdateRefresh": "60"})
        site.ledger.declare("DU0512")
        service = Service(site)
        kill_the_children(site, lambda: damage(site.store.kept, "flipped"))
        service.goes_on()
        assert site.ledger.count("DU0512") in (1, 2), "each child that met it"


class TestKeeper:
    """The process that looks at the store."""

    def test_killed_it_comes_back(self, sqlite_site):
        site = sqlite_site
        service = Service(site)
        keeper = site.httpd.keeper()
        os.kill(keeper, signal.SIGKILL)
        until(lambda: site.httpd.keeper() not in (None, keeper), "another keeper")
        assert changes(site) == ["DU0516"]
        service.changes_with_an_approval()

    def test_one_of_them_and_none_is_left(self, sqlite_site):
        site = sqlite_site
        first = site.httpd.keeper()
        for _ in range(3):
            site.httpd.restart_gracefully()
            until(lambda: site.httpd.keeper() not in (None, first), "a keeper of its own")
            assert not runs(first)
            first = site.httpd.keeper()
        site.httpd.process.send_signal(signal.SIGHUP)
        until(lambda: site.httpd.keeper() not in (None, first), "a keeper of its own")
        last = site.httpd.keeper()
        until(lambda: len(site.httpd.children()) > 1 and site.httpd.listens(), "httpd is back")
        site.httpd.stop()
        assert not runs(last)

    def test_ended_while_it_writes(self, sqlite_site):
        """Nothing temporary stays: it finishes what it is at."""
        if not shutil.which("strace"):
            pytest.skip("strace is not installed")
        site = sqlite_site
        messages = site.root / "strace"
        with open(messages, "wb") as out:
            tracer = subprocess.Popen(["strace", "-p", str(site.httpd.keeper()), "-e", "trace=fsync", "-e",
                                       "inject=fsync:delay_enter=700000"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            until(lambda: tracer.poll() is not None or "attached" in messages.read_text(), "strace has attached itself")
            if tracer.poll() is not None:
                pytest.skip(f"strace: {messages.read_text().strip()}")
            site.store.approve()
            until(lambda: len(rule_sets(site)) == 2, "a new rule set is being written")
            os.kill(site.httpd.keeper(), signal.SIGTERM)
            until(lambda: tracer.poll() is not None, "the keeper has ended")
            assert rule_sets(site) == [site.store.kept.name]
        finally:
            tracer.terminate()
            tracer.wait()
        until(lambda: site.offered(CX500) == PENDING, "it was finished, or done again")

    def test_ends_with_an_httpd_that_was_killed(self, sqlite_site):
        site = sqlite_site
        keeper, children = site.httpd.keeper(), site.httpd.children()
        process, site.httpd.process = site.httpd.process, None
        process.kill()
        process.wait()
        for child in children:
            os.kill(child, signal.SIGKILL)
        until(lambda: not runs(keeper), "the keeper ends")

    @pytest.mark.skipif(not place.AS_ROOT, reason="only root can become somebody else")
    def test_has_no_rights(self, sqlite_site):
        status = pathlib.Path(f"/proc/{sqlite_site.httpd.keeper()}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert len(set(uids)) == 1 and uids[0] != "0"

    def test_has_no_socket_of_httpd(self, sqlite_site):
        links = [os.readlink(path) for path in pathlib.Path(f"/proc/{sqlite_site.httpd.keeper()}/fd").iterdir()]
        assert not [link for link in links if link.startswith("socket:")], links


@contextlib.contextmanager
def silent_server():
    """Accepts connections and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for connection in held:
            connection.close()


class TestSilentServer:
    """A store that accepts connections and never answers, from the start."""

    def spec(self, port):
        return f'"pgsql host=127.0.0.1 port={port} user=x dbname=x"'

    def test_start_is_bounded_and_the_kept_rule_set_serves(self, more_sites):
        site = more_sites("silent").start(directives=DIRECTIVES)
        site.ledger.declare(*SAYS)
        service = Service(site)
        site.httpd.stop()
        with silent_server() as port:
            start = time.monotonic()
            site.prepare(directives={**DIRECTIVES, "DevUpdateStore": self.spec(port)}).httpd.start()
            site.ledger.declare(*SAYS)
            assert time.monotonic() - start < TIMEOUT + 5
            service.goes_on()
            says(site, "DU0506", "DU0507", "DU0502")
            service.goes_on_for(2 * TIMEOUT + 2)
            says(site, "DU0506", "DU0507", "DU0502")

            start = time.monotonic()
            site.httpd.restart_gracefully()
            assert time.monotonic() - start < TIMEOUT
            service.goes_on()

            start, keeper = time.monotonic(), site.httpd.keeper()
            site.httpd.stop()
            assert time.monotonic() - start < TIMEOUT, "nobody waits for the store"
            assert not runs(keeper)

    def test_without_a_kept_rule_set_phones_come_again(self, more_sites):
        site = more_sites("bare", empty=True)
        with silent_server() as port:
            site.start(directives={**DIRECTIVES, "DevUpdateStore": self.spec(port)})
            site.ledger.declare(*SAYS, "DU0515")
            assert site.check().status == 503


#
# A private PostgreSQL
#

@pytest.fixture(scope="module")
def server():
    if not postgres.programs():
        pytest.skip("no PostgreSQL server programs (Debian: postgresql)")
    made = postgres.Postgres()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def original(server, workspace):
    server.sql("CREATE DATABASE original")
    return PostgresStore(workspace / "original", server, "original").template()


@pytest.fixture
def pg_site(more_sites, server, original):
    """A site with a database of its own; the server runs afterwards, whatever was done to it."""
    site = more_sites("postgres", empty=True)
    site.store = PostgresStore(site.root / "store", server, f"db{time.monotonic_ns()}").copy_of(original)
    site.start(directives=DIRECTIVES)
    site.ledger.declare(*SAYS)
    yield site
    site.httpd.stop()
    if server.is_running():
        server.thaw()
    else:
        server.start()


class TestPostgres:
    def test_stopped_and_started(self, pg_site, server):
        site, service = pg_site, Service(pg_site)
        server.stop()
        until(lambda: changes(site)[-1:] == ["DU0502"], "the log says so")
        kill_the_children(site)
        service.goes_on()
        service.goes_on_for(3)
        site.httpd.restart_gracefully()
        service.goes_on()
        assert site.ledger.count("DU0502") == site.ledger.count("DU0506") == 1
        server.start()
        until(lambda: site.ledger.count(BACK) == 1, "it is noticed")
        service.goes_on()
        service.changes_with_an_approval()

    def test_restarted_between_two_looks(self, pg_site, server):
        """The one connection is gone; the next look makes another and nobody hears of it."""
        site = pg_site
        site.httpd.write(site.configuration({**DIRECTIVES, "DevUpdateRefresh": "15"}))
        site.httpd.restart_gracefully()
        server.stop()
        server.start()
        Service(site).changes_with_an_approval()
        assert changes(site) == []

    def test_hung_and_back(self, pg_site, server):
        site, service = pg_site, Service(pg_site)
        server.freeze()
        says(site, "DU0507", "DU0502")
        kill_the_children(site)
        service.goes_on()
        service.goes_on_for(2 * TIMEOUT + 2)
        says(site, "DU0507", "DU0502")
        server.thaw()
        says(site, "DU0507", "DU0502", BACK)
        service.goes_on()
        service.changes_with_an_approval()

    def test_hung_when_httpd_stops_and_starts(self, pg_site, server):
        site, service = pg_site, Service(pg_site)
        server.freeze()
        start, everybody = time.monotonic(), children_of(site.httpd.process.pid)
        site.httpd.stop()
        assert time.monotonic() - start < 5 and not any(map(runs, everybody))
        start = time.monotonic()
        site.httpd.start()
        assert time.monotonic() - start < TIMEOUT + 5
        service.goes_on()
        until(lambda: site.ledger.count("DU0502"), "the log says so")
        server.thaw()
        until(lambda: site.ledger.count(BACK), "it is noticed")
        service.changes_with_an_approval()

    def test_hung_during_a_graceful_restart(self, pg_site, server):
        """Nobody had noticed yet; connections wait for two seconds at most, none fails."""
        site, service = pg_site, Service(pg_site)
        server.freeze()
        site.httpd.process.send_signal(signal.SIGUSR1)
        service.goes_on_for(4)
        says(site, "DU0506", "DU0507", "DU0502")

    def test_read_only(self, pg_site, server):
        site, service = pg_site, Service(pg_site)
        server.sql(f"ALTER DATABASE {site.store.name} SET default_transaction_read_only = on")
        refused = ctl_as_httpd(site.store, "rule", "approve", "--all")
        assert refused.returncode == 1 and "read-only" in refused.stderr, refused
        server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site.store.name}'")
        kill_the_children(site)
        service.goes_on_for(2)
        assert changes(site) == [], "reading is all that httpd does"
        server.sql(f"ALTER DATABASE {site.store.name} RESET default_transaction_read_only")
        service.changes_with_an_approval()

    def test_full_disk(self, pg_site, server):
        site, service = pg_site, Service(pg_site)
        disk = server.place / "disk"
        disk.mkdir()
        with small_disk(disk, 20480):
            shutil.chown(disk, postgres.ACCOUNT if postgres.AS_ROOT else None, postgres.ACCOUNT if postgres.AS_ROOT else
                         os.getgid())
            disk.chmod(0o700)
            server.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            self.while_nobody_reads(site, lambda: server.sql(f"ALTER DATABASE {site.store.name} SET TABLESPACE small"))
            filler = fill(disk)
            added = 0
            refused = ctl_as_httpd(site.store, "site", "add", "a0", "10.0.0.0/24", "--note", "x" * 1000)
            while refused.returncode == 0 and added < 200:   # what is left of the tables' last pages
                added += 1
                refused = ctl_as_httpd(site.store, "site", "add", f"a{added}", f"10.0.{added}.0/24", "--note", "x" * 1000)
            assert refused.returncode == 1 and "No space left" in refused.stderr, refused
            assert f"a{added} " not in site.store.ctl("site", "list")
            kill_the_children(site)
            service.goes_on_for(2)
            filler.unlink()
            service.changes_with_an_approval()
            self.while_nobody_reads(site,
                                    lambda: server.sql(f"ALTER DATABASE {site.store.name} SET TABLESPACE pg_default"))
            server.sql("DROP TABLESPACE small")

    def while_nobody_reads(self, site, change):
        """The keeper's connection is in the way of some changes; they are tried until they fall between two looks."""
        end = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
               f"WHERE datname = '{site.store.name}' AND pid <> pg_backend_pid()")

        def tried():
            site.store.server.sql(end)
            try:
                change()
            except AssertionError:
                return False
            return True

        until(tried, "the change of the database")

    def test_dropped_and_put_back(self, pg_site, server, original):
        site, service = pg_site, Service(pg_site)
        server.sql(f"DROP DATABASE {site.store.name} WITH (FORCE)")
        until(lambda: site.ledger.count("DU0502"), "the log says so")
        service.goes_on_for(3)
        assert len(changes(site)) == 2, changes(site)
        server.sql(f"CREATE DATABASE {site.store.name} TEMPLATE {original.name}")
        until(lambda: site.ledger.count(BACK) == 1, "it is noticed")
        service.changes_with_an_approval()

    def test_backends_killed(self, pg_site, server):
        """As when the server runs out of memory: it restarts itself."""
        site, service = pg_site, Service(pg_site)
        for _ in range(3):
            until(server.answers, "the server has started itself again")
            for pid in server.processes()[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            service.goes_on()
        until(server.answers, "the server has started itself again")
        service.changes_with_an_approval()
        assert site.ledger.count("DU0502") == site.ledger.count(BACK)


class TestCommandLine:
    def test_against_a_server_that_never_answers(self, tmp_path):
        with silent_server() as port:
            start = time.monotonic()
            done = subprocess.run([os.environ["CTL"], "--store", f"pgsql host=127.0.0.1 port={port} user=x", "rule", "list"],
                                  capture_output=True, text=True, timeout=60, check=False)
            assert 9 < time.monotonic() - start < 15
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "devupdatectl: DU0509: the store has not answered for 10 seconds\n"

    def test_stopped_in_the_middle_of_a_command(self, server, original, workspace):
        """A server that hangs between two statements: nothing is changed."""
        store = PostgresStore(workspace / "hung", server, "hung").copy_of(original)
        before = store.rules()
        with subprocess.Popen(["psql", "-h", server.place, "-U", "postgres", "-d", "hung", "-q"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            other.stdin.write("BEGIN; LOCK TABLE rule; SELECT 'locked';\n")
            other.stdin.flush()
            until(lambda: "locked" in other.stdout.readline(), "the table is locked")
            done = ctl_as_httpd(store, "rule", "approve", "--all")
            assert done.returncode == 1 and done.stderr.count("\n") == 1 and "DU0509" in done.stderr, done
            other.stdin.close()
        assert store.rules() == before
