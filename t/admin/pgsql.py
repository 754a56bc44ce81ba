"""devupdatectl with a PostgreSQL store of its own; the server is one for the whole run."""
import hashlib
import itertools
import shutil

import pytest

from conftest import Ctl
from pg_server import Server

NUMBERS = itertools.count(1)


class PgsqlCtl(Ctl):
    """What conftest.Ctl does, on a database of its own."""

    def __init__(self, directory, server, template="template1"):
        super().__init__(directory)
        self.server = server
        self.name = f"test{next(NUMBERS)}"
        self.copied = None
        server.psql(f"CREATE DATABASE {self.name} TEMPLATE {template}")
        self.parameters = server.to(self.name)
        self.where[1] = f"pgsql {self.parameters}"

    def sql(self, statement):
        """Also what references would not allow: they are checked by triggers, which are off."""
        return self.server.rows(f"SET session_replication_role = replica; {statement}", self.parameters)

    def copy(self, directory):
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.directory, directory)
        if self.copied:
            self.server.psql(f"DROP DATABASE {self.copied} WITH (FORCE)")
        made = PgsqlCtl(directory, self.server, self.name)
        self.copied = made.name
        return made

    def content(self):
        return self.without_times(f"{table} {rows}" for table, rows in self.dump())

    def dump(self):
        """All tables with their rows, by one call of psql."""
        return self.sql("SELECT tablename, query_to_xml(format('SELECT * FROM %I t ORDER BY t::text', tablename), true, false, '') "
                        "FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")

    def state(self):
        return self.dump(), {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
                             for path in sorted(self.files.rglob("*"))}


@pytest.fixture(scope="session")
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def bare(tmp_path, server):
    """Without a store yet; stands in for conftest's, so that the tests of the other files run here, too."""
    directory = tmp_path / "service"
    directory.mkdir()
    return PgsqlCtl(directory, server)
