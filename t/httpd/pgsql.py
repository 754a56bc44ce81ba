"""Stores in PostgreSQL for the tests with a real httpd. The server listens on 127.0.0.1: httpd's user cannot reach the socket."""
import pathlib

from pg_server import Server
from server import free_port
from store import Store


def start(prepare=None):
    port = free_port()
    server = Server(prepare, f"127.0.0.1 {port}")
    server.port = port
    return server


class PgsqlStore(Store):
    """A store of that specification, and files/ in a directory."""

    def __init__(self, directory, spec):
        self.pgsql_spec = spec
        super().__init__(directory)

    @property
    def spec(self):
        return self.pgsql_spec


def new_store(directory, server, name):
    """An empty one in a database of its own."""
    server.psql(f"CREATE DATABASE {name}")
    parameters = f"host=127.0.0.1 port={server.port} user=postgres dbname={name}"
    store = PgsqlStore(pathlib.Path(directory), f"pgsql {parameters}")
    store.parameters = parameters
    return store
