"""conf/examples/postgresql.*, as they stand: TLS, three roles, passwords in a file."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import pages
import pgsql
import place
from pg_server import Server
from server import free_port
from store import APPROVED, CX600, PENDING
from tls import Authority
from waiting import until

pytestmark = pytest.mark.patient

EXAMPLES = pathlib.Path(os.environ["srcdir"]) / "conf" / "examples"
TEXT = (EXAMPLES / "postgresql.md").read_text()
NAME = "db.contoso.com"
ROLES = ("devupdate_owner", "devupdate_admin", "devupdate_httpd")
OWNER, ADMIN, HTTPD = ROLES


def block(begin):
    """The indented lines of the document that begin with the one that matches."""
    found = re.search(rf"^    {begin}.*(?:\n    .*)*", TEXT, re.M)
    assert found, begin
    return "\n".join(line[4:] for line in found[0].splitlines()) + "\n"


class Deployment:
    """A server, its roles and the files of the nodes, all from the document; only addresses and paths are this test's."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        directory.chmod(0o755)
        self.authority = Authority(directory / "ca").issue(NAME, f"DNS:{NAME}")
        self.port = free_port()
        self.server = Server(self.prepare(), f"127.0.0.1 {self.port}")
        self.server.psql((EXAMPLES / "postgresql-roles.sql").read_text())
        for role in ROLES:
            self.server.psql(f"ALTER ROLE {role} PASSWORD 'secret-of-{role}'")
        for name in ("pgpass", "pgpass.httpd", "pgpass.pages"):
            self.write_passwords(name)

    def prepare(self):
        """The program that puts certificate and configuration into the data directory."""
        settings = block("listen_addresses").replace("listen_addresses = '*'\n", "")
        for suffix in ("pem", "key"):
            settings = settings.replace(f"/etc/postgresql/devupdate.{suffix}", f"devupdate.{suffix}")
        (self.directory / "settings").write_text(settings)
        (self.directory / "hba").write_text(block("hostssl").replace("10.0.0.0/8", "127.0.0.1/32"))
        program = self.directory / "prepare"
        ca = self.directory / "ca"
        program.write_text(f"""#!/bin/sh
set -e
install -m 600 {ca}/{NAME}.pem "$1/devupdate.pem"
install -m 600 {ca}/{NAME}.key "$1/devupdate.key"
cat {self.directory}/settings >>"$1/postgresql.conf"
cat {self.directory}/hba "$1/pg_hba.conf" >"$1/hba" && cat "$1/hba" >"$1/pg_hba.conf" && rm "$1/hba"
[ "$(id -u)" != 0 ] || chown postgres: "$1"/devupdate.*
""")
        program.chmod(0o755)
        return program

    def write_passwords(self, name):
        line = block("db.contoso.com:5432").replace("5432", str(self.port))
        path = self.directory / name
        path.write_text("".join(line.replace(HTTPD, role).replace("PASSWORD", f"secret-of-{role}") for role in ROLES))
        path.chmod(0o600)
        if "." in name:
            place.give(path)   # to httpd's user

    def here(self, text):
        """A line of the document with this test's address and paths."""
        text = text.replace(f"host={NAME}", f"host={NAME} hostaddr=127.0.0.1 port={self.port}")
        text = text.replace("/etc/devupdate/db-ca.pem", str(self.authority.certificate))
        return text.replace("/etc/devupdate/pgpass", str(self.directory / "pgpass"))

    def spec(self, begin):
        """What stands in quotes in the line of the document that begins so."""
        return self.here(re.search(r'"(pgsql [^"]*)"', block(begin))[1])

    def grant(self):
        command = re.search(r'"(host=[^"]*)" -f postgresql-grants\.sql', TEXT)[1]
        return self.server.psql((EXAMPLES / "postgresql-grants.sql").read_text(), self.here(command))


@pytest.fixture(scope="module", autouse=True)
def leaks_of_libpq():
    """libpq keeps what it tells OpenSSL of its sockets until the process ends, and is unloaded before: a leak, and not ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASAN_OPTIONS", "detect_leaks=0")
        yield


@pytest.fixture(scope="module")
def deployment(workspace):
    made = Deployment(workspace / "postgresql")
    yield made
    made.server.close()


@pytest.fixture(scope="module")
def store(deployment):
    """Initialised by the owner, filled by an administrator."""
    root = deployment.directory / "service"
    made = pgsql.PgsqlStore(root, deployment.spec("devupdatectl --store .* store init"))
    root.chmod(0o755)
    made.ctl("store", "init")
    deployment.grant()
    made.pgsql_spec = deployment.spec("devupdatectl --store .* rule list")
    assert f"user={ADMIN}" in made.spec
    made.ctl("site", "add", "Berlin", "10.1.0.0/16")
    made.ctl("test-device", "add", "desk", "--serial", "1", "--scope", "site:Berlin")
    made.ctl("site", "remove", "Berlin")
    made.import_package(CX600, version=APPROVED)
    made.approve()
    made.import_package(CX600, version=PENDING)
    made.age()
    place.give(root)
    return made


def as_role(deployment, role, statement):
    parameters = deployment.here(f"host={NAME} dbname=devupdate user={role} sslmode=verify-full "
                                 "sslrootcert=/etc/devupdate/db-ca.pem passfile=/etc/devupdate/pgpass")
    return deployment.server.psql(statement, parameters, check=False)


def test_httpd_serves_with_its_own_role(deployment, store, more_sites):
    site = more_sites("postgresql", empty=True)
    site.store = store
    site.start(directives={"DevUpdateStore": f'"{deployment.spec("DevUpdateStore")}"'})
    assert site.offered() == APPROVED
    store.approve()
    until(lambda: site.offered() == PENDING, "approved through TLS", limit=15)
    until(lambda: json.loads(store.ctl("--json", "device", "list"))["count"] == 1, "the reader writes what the phone did", limit=15)
    sessions = deployment.server.rows("SELECT DISTINCT usename, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) "
                                      "WHERE datname = 'devupdate'")
    assert (HTTPD, "t") in sessions and not any(ssl == "f" for _, ssl in sessions)


@pytest.mark.parametrize("command", [["rule", "approve", "--all"], ["site", "add", "Paris", "10.9.0.0/16"], ["store", "migrate"]])
def test_httpd_reads_everything_and_changes_nothing(deployment, store, command):
    store.import_package(CX600, version="9.9.9.9", size=1000)
    before = store.ctl("rule", "list"), store.ctl("activity", "list")
    spec = deployment.spec("DevUpdateStore")
    done = subprocess.run([os.environ["CTL"], "--store", spec, *command], text=True, capture_output=True, check=False)
    if command[0] == "store":
        assert done.returncode == 0 and "Nothing to do" in done.stdout
    else:
        assert done.returncode == 1 and "DU0522" in done.stderr and "permission denied" in done.stderr
    assert "secret-of" not in done.stdout + done.stderr
    assert (store.ctl("rule", "list"), store.ctl("activity", "list")) == before


@pytest.mark.parametrize("role, statement", [
    (HTTPD, "DELETE FROM rule"), (HTTPD, "UPDATE setting SET value = ''"), (HTTPD, "UPDATE activity SET note = ''"),
    (HTTPD, "DELETE FROM activity"), (HTTPD, "DELETE FROM counter"), (HTTPD, "CREATE TABLE x (y INTEGER)"),
    (ADMIN, "UPDATE activity SET note = ''"), (ADMIN, "DELETE FROM activity"), (ADMIN, "DELETE FROM counter"),
    (ADMIN, "DROP TABLE rule"), (ADMIN, "CREATE TABLE x (y INTEGER)"), (ADMIN, "TRUNCATE activity"),
])
def test_what_a_role_may_not_do(deployment, store, role, statement):
    done = as_role(deployment, role, statement)
    assert done.returncode and ("permission denied" in done.stderr or "must be owner" in done.stderr)


def test_pages_have_the_role_of_an_administrator(deployment, store, more_sites):
    site = more_sites("pages", empty=True)
    site.store = store
    pages.prepare(store, root=site.root)
    admin = f"DevUpdateAdmin On\n    DevUpdateAdminStore \"{deployment.spec('DevUpdateAdminStore')}\""
    # what libpq keeps would be a leak of each page, too
    passed = "PassEnv ASAN_OPTIONS\n" if os.environ.get("SANITIZER_RUNTIME") else ""
    site.start(directives={"DevUpdateStore": f'"{deployment.spec("DevUpdateStore")}"'},
               config=passed + pages.CONFIG.replace("DevUpdateAdmin On", admin), modules=[*pages.PagesClass.modules, "env"])
    assert pages.Pages(site).json("index")["rules"] == 1
    assert pages.Pages(site).json("token?page=index")["token"]   # its key is written by the first who asks
    assert as_role(deployment, HTTPD, "SELECT value FROM secret").returncode


def test_what_httpd_may_write(deployment, store):
    """What it records when it cleans up."""
    done = as_role(deployment, HTTPD, "BEGIN; UPDATE counter SET value = value + 1 WHERE name = 'activity'; INSERT INTO activity "
                   "VALUES (9999, 0, 'node1', 'node1', 'clear', 'logs', '', '', '', '', ''); ROLLBACK")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("change, words", [
    (("sslmode=verify-full", "sslmode=disable"), "pg_hba.conf"),
    ((f"host={NAME}", "host=other.contoso.com"), "server certificate for"),
    (("/pgpass", "/nopass"), "no password supplied"),
])
def test_nobody_comes_in_otherwise(deployment, store, change, words):
    spec = deployment.spec("devupdatectl --store .* rule list").replace(*change)
    done = subprocess.run([os.environ["CTL"], "--store", spec, "rule", "list"], text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "DU0521" in done.stderr and "secret-of" not in done.stderr
    assert words in done.stderr
