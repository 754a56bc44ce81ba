"""What a child of httpd asks of the kernel while something happens."""
import contextlib
import pathlib
import shutil
import subprocess

import pytest

from waiting import until


class Trace:
    def __init__(self, path):
        self.path = path

    def lines(self):
        return self.path.read_text(errors="replace").splitlines()


@contextlib.contextmanager
def of_children(site, calls, name):
    """Traces the system calls of every child while the block runs; skips the test where that is not permitted."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    path = pathlib.Path(site.root) / f"strace-{name}"
    messages = path.with_suffix(".err")
    targets = [argument for pid in site.httpd.children() for argument in ("-p", str(pid))]
    with open(messages, "wb") as errors:
        tracer = subprocess.Popen(["strace", "-f", "-s", "9000", "-e", f"trace={calls}", "-o", str(path), *targets],
                                  stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            until(lambda: tracer.poll() is not None or messages.read_text().count("attached") >= len(targets) // 2,
                  "strace has attached itself")
            if tracer.poll() is not None:
                pytest.skip(f"strace: {messages.read_text().strip()}")
            yield Trace(path)
        finally:
            tracer.terminate()
            tracer.wait()
