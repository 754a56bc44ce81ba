"""A private httpd: own ServerRoot, own port, own process, the smallest configuration that shows the point."""
import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess

import place
from ledger import Ledger
from waiting import until

MODULES = pathlib.Path(os.environ["HTTPD_MODDIR"])
# Debian's httpd has these built in and no file for them
BUILT_IN = {"log_config", "logio", "unixd", "version", "watchdog"}

BASE = """
ServerRoot "{root}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
DefaultRuntimeDir logs
PidFile logs/httpd.pid
Mutex file:logs default
ErrorLog logs/error_log
LogLevel notice
DocumentRoot "{root}/htdocs"
TimeOut 10
TraceEnable Off
KeepAliveTimeout 5
GracefulShutdownTimeout 20
"""

# Two children or more from the beginning, so that whatever children share is shown to be shared; and no reason for the
# MPM to start or end one while a test looks.
THREADS = "StartServers 2\nThreadsPerChild 8\nMinSpareThreads 1\nMaxSpareThreads 32\nMaxRequestWorkers 32\n"
MPM = {
    "event": THREADS,
    "worker": THREADS,
    "prefork": "StartServers 4\nMinSpareServers 1\nMaxSpareServers 16\nMaxRequestWorkers 16\n",
}


KEEPER = "devupdate-node"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def apart():
    """In httpd's process: a session of its own, because it signals its whole process group when it ends; and the kernel
    ends it if the tests are killed before they can (prctl PR_SET_PDEATHSIG)."""
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def load(name):
    """The LoadModule line of one of httpd's own modules."""
    path = MODULES / f"mod_{name}.so"
    if name in BUILT_IN and not path.exists():
        return ""
    return f"LoadModule {name}_module {path}\n"


class Httpd:
    """config is put behind the base configuration; {root} and {port} in it are filled in, and {tls_port}, a second one."""

    def __init__(self, root, config, modules=(), mpm=None):
        self.root = pathlib.Path(root)
        self.mpm = mpm or os.environ.get("MPM", "event")
        self.first_children = int(re.search(r"StartServers (\d+)", MPM[self.mpm])[1])
        self.port, self.tls_port = free_port(), free_port()
        self.logs = self.root / "logs"
        self.ledger = Ledger(self.logs / "error_log")
        self.process = None
        for directory in (self.logs, self.root / "htdocs"):
            directory.mkdir(parents=True, exist_ok=True)
        # without mod_authz_core httpd wants a user for everything
        self.modules = dict.fromkeys((f"mpm_{self.mpm}", "authz_core", *modules))
        self.write(config)

    def write(self, config):
        """Writes the configuration file anew; it is in force after the next start or graceful restart."""
        self.config = config
        account = f"User {place.ACCOUNT}\nGroup {place.ACCOUNT}\n" if place.AS_ROOT else ""
        text = BASE + "".join(map(load, self.modules)) + MPM[self.mpm] + account + config
        for name, value in (("root", self.root), ("port", self.port), ("tls_port", self.tls_port)):
            text = text.replace(f"{{{name}}}", str(value))
        (self.root / "httpd.conf").write_text(text)

    def environment(self):
        """With a sanitizer build httpd, which knows nothing of it, must load the run-time library first."""
        env = {"PATH": os.environ["PATH"], "LANG": "C", "TZ": "Europe/Berlin"}
        if os.environ.get("SANITIZER_RUNTIME"):
            reports = self.root / "sanitizer"
            reports.mkdir(exist_ok=True)
            reports.chmod(0o777)
            env["LD_PRELOAD"] = os.environ["SANITIZER_RUNTIME"]
            env["ASAN_OPTIONS"] = f"detect_leaks=0:log_path={reports}/asan"
            env["UBSAN_OPTIONS"] = f"print_stacktrace=1:halt_on_error=1:log_path={reports}/ubsan"
        return env

    def command(self, *arguments):
        return [os.environ["HTTPD"], "-f", str(self.root / "httpd.conf"), *arguments]

    def check(self):
        """What `apachectl -t` says: (exit status, text)."""
        done = subprocess.run(self.command("-t"), env=self.environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def start(self):
        """Starts httpd as a child of ours and waits for its port. Another port is taken if somebody was faster."""
        for _ in range(5):
            with open(self.logs / "startup", "wb") as output:
                self.process = subprocess.Popen(self.command("-DFOREGROUND"), env=self.environment(),
                                                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                                preexec_fn=apart)
            until(lambda: self.process.poll() is not None or self.listens(), "httpd listens")
            if self.process.poll() is None:
                until(lambda: len(self.children()) >= self.first_children, "httpd has its children")
                return self
            if "AH00072" not in self.startup():
                break
            self.port, self.tls_port = free_port(), free_port()
            self.write(self.config)
        raise AssertionError(f"httpd did not start:\n{self.startup()}{self.log()}")

    def listens(self):
        return listens(self.port)

    def startup(self):
        return (self.logs / "startup").read_text()

    def log(self):
        path = self.logs / "error_log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        """Ends httpd with all its children. The children gracefully: on SIGTERM those of the event MPM close
        connections under the hands of threads that are closing them, and crash now and then. Then the parent, which
        would sleep on."""
        if self.process is None:
            return
        children = self.children()
        process, self.process = self.process, None
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGWINCH)
                until(lambda: not any(map(runs, children)), "the children are gone")
                process.send_signal(signal.SIGTERM)
            status = process.wait(30)
        except (AssertionError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        assert status == 0, f"httpd ended with status {status}"

    def restart_gracefully(self):
        """New children serve with the configuration as it now is; returns when the old ones are gone."""
        old = self.children()
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: not set(old) & set(self.children()) and self.children(), "new children")

    def children(self):
        """Process ids of the children that are running and answer requests."""
        return [pid for pid in children_of(self.process.pid) if name_of(pid) != KEEPER]

    def keeper(self):
        """Process id of the one that looks at the store; None while there is none."""
        return next((pid for pid in children_of(self.process.pid) if name_of(pid) == KEEPER), None)

    def sanitizer_reports(self):
        reports = self.root / "sanitizer"
        return "\n".join(path.read_text(errors="replace") for path in reports.glob("*")) if reports.exists() else ""


def children_of(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def runs(pid):
    """True if the process is there and not a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
