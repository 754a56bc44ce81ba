"""A private PostgreSQL server for tests: a Unix socket in a directory of its own, no TCP, an unprivileged account."""
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

ACCOUNT = "postgres"  # PostgreSQL refuses to run as root
AS_ROOT = os.geteuid() == 0


def programs():
    """The directory of the server's programs, or None; and who would run it must exist."""
    found = [path for path in sorted(glob.glob("/usr/lib/postgresql/*/bin")) if os.path.exists(f"{path}/initdb")]
    if AS_ROOT and ACCOUNT not in [account.pw_name for account in pwd.getpwall()]:
        return None
    return found[-1] if found else None


class Postgres:
    """Makes and starts a server. Everything about it is gone after remove()."""

    def __init__(self):
        self.bin = programs()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="devupdate-pg-"))
        self.place.chmod(0o755)
        self.data = self.place / "data"
        if AS_ROOT:
            shutil.chown(self.place, ACCOUNT)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def run(self, program, *arguments):
        """Runs one of the server's programs as its account; its standard output."""
        command = ["runuser", "-u", ACCOUNT, "--"] if AS_ROOT else []
        command += [f"{self.bin}/{program}", *map(str, arguments)]
        with tempfile.TemporaryFile() as out:   # no pipe: a server that is started keeps it open
            done = subprocess.run(command, cwd=self.place, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, timeout=120, check=False)
            out.seek(0)
            text = out.read().decode(errors="replace")
        assert done.returncode == 0, f"{command}: {text}"
        return text

    def start(self):
        options = f"-p 5432 -c listen_addresses= -c unix_socket_directories={self.place} -c fsync=off"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.place / "log", "-o", options, "start")

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def is_running(self):
        return (self.data / "postmaster.pid").exists()

    def sql(self, statement, database="postgres"):
        return self.run("psql", "-h", self.place, "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atqc",
                        statement)

    def answers(self):
        """True if it is ready for queries."""
        try:
            return self.sql("SELECT 1") == "1\n"
        except AssertionError:
            return False

    def spec(self, database):
        """What DevUpdateStore and --store are given."""
        return f"pgsql host={self.place} port=5432 user=postgres dbname={database}"

    def processes(self):
        """The process ids of the server and all its backends."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def freeze(self):
        """From now on it accepts connections (the kernel does) and answers nothing."""
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGCONT)

    def remove(self):
        if self.is_running():
            self.thaw()
            self.stop()
        shutil.rmtree(self.place)
