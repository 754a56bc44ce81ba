"""A store and a file store, filled with the command line of the product."""
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess

import make_package
import place

NODE = "node1"
AUDIT = "DeviceUpdateLogs/Server/Audit/ImageUpdates"
IMAGES = "DeviceUpdateStore"

# What the template store holds, by slot of UCPhone/POLYCOM/CX600/A/ENU
RESTORE, APPROVED, PENDING = "4.0.7577.4387", "4.0.7577.4463", "4.0.7577.4512"
CX600 = "UCPhone/POLYCOM/CX600/A/ENU"
PENDING_ONLY = "UCPhone/POLYCOM/CX500/A/ENU"      # never approved
AASTRA = "UCPhone/Aastra/6725ip/A/ENU"            # approved


def image_path(key, version, name="CPE.nbt"):
    return f"{key}/{version}/CPE/{name}"


class Store:
    """devupdate.sqlite and files/ in a directory."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.database = self.directory / "db" / "devupdate.sqlite"
        self.files = self.directory / "files"
        for path in (self.database.parent, self.files):
            path.mkdir(parents=True, exist_ok=True)
            place.give(path)

    @property
    def spec(self):
        return f"sqlite3 {self.database}"

    def ctl(self, *arguments, check=True):
        """Runs devupdatectl; its standard output."""
        command = [os.environ["CTL"], "--store", self.spec, "--files", str(self.files), *map(str, arguments)]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def init(self):
        self.ctl("store", "init")
        return self

    def rules(self):
        return json.loads(self.ctl("rule", "list", "--json"))

    def generation(self):
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return connection.execute("SELECT value FROM counter WHERE name = 'generation'").fetchone()[0]

    def import_package(self, *devices, version, size=70000, files=("CPE",)):
        """Makes a package for devices ("UCPhone/POLYCOM/CX600/A/ENU") and imports it."""
        package = make_package.make_package(self.directory / "package.cab", devices, version, size=size, files=files)
        self.ctl("import", package, "--allow-unsigned")  # what make_package makes is not signed

    def approve(self, *keys):
        """Approves what is pending, for the given keys or for all."""
        chosen = [rule["id"] for rule in self.rules() if not keys or key_of(rule) in keys]
        self.ctl("rule", "approve", *chosen)

    def image(self, key, version, name="CPE.nbt"):
        return self.files / IMAGES / image_path(key, version, name)

    @property
    def kept(self):
        """The kept rule set."""
        return self.files / "DeviceUpdateRules" / f"{NODE}.ruleset"

    def template(self):
        """One rule with all three versions, one with a pending version only, one for another make."""
        self.init()
        self.import_package(CX600, version=RESTORE)
        self.approve()
        self.import_package(CX600, AASTRA, version=APPROVED, size=300000)
        self.approve()
        self.import_package(CX600, PENDING_ONLY, version=PENDING)
        self.age()
        return self

    def age(self):
        """Makes the images an hour old: the tag of a file that is younger than a second is weak."""
        for path in (self.files / IMAGES).rglob("*.*"):
            if path.is_file():
                os.utime(path, (path.stat().st_mtime - 3600,) * 2)

    def copy_of(self, original):
        """Takes over the content of another store that nobody uses."""
        shutil.rmtree(self.directory)
        shutil.copytree(original.directory, self.directory)
        place.give(self.directory)
        return self


class PostgresStore(Store):
    """The same with a database on a private PostgreSQL server (t/tools/postgres.py)."""

    def __init__(self, directory, server, name):
        super().__init__(directory)
        self.server, self.name = server, name

    @property
    def spec(self):
        return self.server.spec(self.name)

    def copy_of(self, original):
        super().copy_of(original)
        self.server.sql(f"CREATE DATABASE {self.name} TEMPLATE {original.name}")
        return self


def key_of(rule):
    return "/".join(rule[part] for part in ("device_type", "brand", "model", "revision", "locale"))
