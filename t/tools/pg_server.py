"""A PostgreSQL server for pytest, started and ended by t/tools/pg_private."""
import csv
import io
import os
import pathlib
import subprocess

import pytest

TOOL = pathlib.Path(__file__).with_name("pg_private")


class Server:
    """Runs until close()."""

    def __init__(self, prepare=None, listen=None):
        environment = {**os.environ, **({"PG_PREPARE": str(prepare)} if prepare else {}),
                       **({"PG_LISTEN": listen} if listen else {})}
        self.process = subprocess.Popen([str(TOOL), "sh", "-c", 'echo "$UNIT_STORE"; exec cat >/dev/null'], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        line = self.process.stdout.readline().rstrip("\n")
        if line.startswith("1..0"):
            self.close()
            pytest.skip(line)
        assert line.startswith("pgsql "), line + self.process.stdout.read()
        self.parameters = line.removeprefix("pgsql ")   # of the superuser, to the database postgres

    def close(self):
        """The tool stops the server when its command ends."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def to(self, database):
        """Parameters for another database."""
        return self.parameters.replace("dbname=postgres", f"dbname={database}")

    def psql(self, statement, parameters=None, check=True):
        """What psql prints, as CSV."""
        return subprocess.run(["psql", "-X", "-q", "--csv", "-t", "-v", "ON_ERROR_STOP=1", parameters or self.parameters],
                              input=statement, text=True, capture_output=True, check=check)

    def rows(self, statement, parameters=None):
        """Rows as sqlite3 would answer them: numbers as numbers."""
        rows = csv.reader(io.StringIO(self.psql(statement, parameters).stdout))
        return [tuple(int(cell) if cell.lstrip("-").isdigit() and cell == str(int(cell)) else cell for cell in row)
                for row in rows]
