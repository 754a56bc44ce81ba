"""Fixtures of the tests of the command line: a private store and file store for each test, packages, odd servers."""
import collections
import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

import make_package

Result = collections.namedtuple("Result", "code out err")

PHONE = {"type": "UCPhone", "brand": "POLYCOM", "model": "CX600", "revision": "A", "locale": "ENU"}
CX600 = "UCPhone/POLYCOM/CX600/A/ENU"
AASTRA = "UCPhone/Aastra/6725ip/A/ENU"
OLD, NEW = "4.0.7577.4463", "4.0.7577.4512"


def run(*arguments, cwd=None, stdout=subprocess.PIPE, env=None):
    """Runs devupdatectl as it stands."""
    done = subprocess.run([os.environ["CTL"], *map(str, arguments)], cwd=cwd, stdout=stdout, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, env=env, timeout=120, check=False)
    return Result(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


class Ctl:
    """devupdatectl with a store and a file store of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.database = directory / "devupdate.sqlite"
        self.files = directory / "files"
        self.files.mkdir(exist_ok=True)
        self.where = ["--store", f"sqlite3 {self.database}", "--files", str(self.files)]
        self.allow_unsigned = True  # what make_package makes is not signed; test_trust.py is about what is

    def __call__(self, *arguments, **options):
        if self.allow_unsigned and "import" in arguments[:2]:
            arguments += ("--allow-unsigned",)
        return run(*self.where, *arguments, **options)

    def text(self, *arguments):
        """Standard output of a run that succeeds and has nothing to complain about."""
        result = self(*arguments)
        assert (result.code, result.err) == (0, ""), result
        return result.out

    def json(self, *arguments):
        """The one document that such a run prints."""
        return json.loads(self.text("--json", *arguments))

    def refused(self, *arguments, code=1):
        """The one line on standard error of a run that is refused; nothing else is printed."""
        result = self(*arguments)
        assert (result.code, result.out) == (code, ""), result
        lines = result.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("devupdatectl: DU"), result
        return lines[0]

    def copy(self, directory):
        """A copy of store and file store in that directory, in the place of the copy before."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.directory, directory)
        return Ctl(directory)

    def sql(self, statement):
        """What another program reads or changes in the database."""
        connection = sqlite3.connect(self.database)
        try:
            rows = connection.execute(statement).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    def content(self):
        """Everything in the database but what is different in each run: times (microseconds since 1970), and digests of
        activities, which have times in them. The database is sound."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return self.without_times(connection.iterdump())

    @staticmethod
    def without_times(lines):
        lines = [re.sub(r"\b1\d{15}\b", "TIME", line) for line in lines]
        return "\n".join(re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", line) if "activity" in line else line for line in lines)

    def state(self):
        """Everything that may not change when something is refused: the store's content, and the tree of files with
        content, mode and owner."""
        connection = sqlite3.connect(self.database)
        dump = list(connection.iterdump())
        connection.close()
        tree = {}
        for path in sorted(self.files.rglob("*")):
            info = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
            tree[str(path.relative_to(self.files))] = (info.st_mode, info.st_uid, info.st_gid, content)
        return dump, tree


@pytest.fixture
def bare(tmp_path):
    """Without a store yet."""
    directory = tmp_path / "service"
    directory.mkdir()
    return Ctl(directory)


@pytest.fixture
def ctl(bare):
    """With an empty store."""
    bare.text("store", "init")
    return bare


@pytest.fixture
def package(tmp_path):
    """Makes a package and answers its path; arguments are those of make_package()."""
    def make(*devices, name="package.cab", version=OLD, **options):
        return make_package.make_package(tmp_path / name, devices or (CX600,), version, **options)
    return make


@pytest.fixture
def filled(ctl, package):
    """Two rules: 1 with an approved and a pending version, 2 with a pending one."""
    ctl.text("import", package(CX600, AASTRA, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    ctl.text("import", package(CX600, name="second.cab", version=NEW))
    return ctl
