"""devupdatectl with a PostgreSQL store of its own; the server is one for the whole run."""
import hashlib
import itertools

import pytest

from conftest import Ctl
from pg_server import Server

NUMBERS = itertools.count(1)


class PgsqlCtl(Ctl):
    """What conftest.Ctl does, on a database of its own."""

    def __init__(self, directory, server):
        super().__init__(directory)
        self.server = server
        self.name = f"test{next(NUMBERS)}"
        server.psql(f"CREATE DATABASE {self.name}")
        self.parameters = server.to(self.name)
        self.where[1] = f"pgsql {self.parameters}"

    def sql(self, statement):
        """Also what references would not allow: they are checked by triggers, which are off."""
        return self.server.rows(f"SET session_replication_role = replica; {statement}", self.parameters)

    def state(self):
        tables = [name for name, in self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        dump = {table: self.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}
        return dump, {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
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
