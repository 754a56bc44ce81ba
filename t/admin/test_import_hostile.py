"""import of what makes its reader misbehave, and where the reader cannot be confined (house.md D10).

t/tools/hostile_archive.c takes the place of a function of libarchive; t/unit/test_cab_hostile.c has all that it can do.
"""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from conftest import CX600, NEW, Result

BUILD = pathlib.Path(os.environ["CTL"]).parent
HOSTILE = BUILD / "t/tools/.libs/hostile_archive.so"
WATCHED = b"__asan_init" in pathlib.Path(os.environ["CTL"]).read_bytes()

needs_filter = pytest.mark.skipif(WATCHED, reason="a sanitizer needs more system calls than the filter allows")


def run(ctl, cab, *before, **environment):
    """An import with these commands in front of it."""
    done = subprocess.run([*before, os.environ["CTL"], *ctl.where, "import", "--allow-unsigned", cab], stdin=subprocess.DEVNULL,
                          capture_output=True, env={**os.environ, **environment}, timeout=120, check=False)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@needs_filter
@pytest.mark.parametrize("act, says", [
    ("crash", "DU0626: the reader of the package was stopped: signal 11"),
    ("file", "DU0626: the reader of the package was stopped: it tried to do what it may not"),
    ("exec", "DU0626: the reader of the package was stopped: it tried to do what it may not"),
    ("escape", r"DU0601: the cabinet is damaged: \x1b[2J\x1b]0;owned\x07"),
])
def test_a_reader_that_misbehaves(filled, package, tmp_path, act, says):
    cab = package(CX600, name="third.cab", version="4.1")
    made = tmp_path / "made"
    before = filled.state()
    if not HOSTILE.exists():
        pytest.fail(f"make {HOSTILE.parent.parent.relative_to(BUILD)}/hostile_archive.la")
    result = run(filled, cab, LD_PRELOAD=str(HOSTILE), HOSTILE=act, HOSTILE_FILE=str(made))
    assert (result.code, result.out) == (1, "") and result.err.startswith(f"devupdatectl: {says}"), result
    assert len(result.err.splitlines()) == 1
    assert filled.state() == before and not made.exists()
    assert run(filled, cab, LD_PRELOAD=str(HOSTILE)).code == 0, "without the act it is a good package"


def strace(ctl, cab, output, *options):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    result = run(ctl, cab, "strace", "-f", "-o", output, *options, ASAN_OPTIONS="detect_leaks=0")
    if "ptrace" in result.err:
        pytest.skip(f"strace may not trace: {result.err}")
    return result


# Each is a step of confining that fails; without seccomp the kernel, an emulator or a container answers the two last ones so.
@pytest.mark.parametrize("calls, error, when", [
    ("dup2", "EBADF", 1), ("rt_sigprocmask", "EINVAL", None), ("prctl", "EINVAL", 1), ("prctl", "EINVAL", 2),
    ("prctl", "EINVAL", 3), ("prlimit64", "EPERM", 1), ("seccomp", "EACCES", None),
])
def test_without_confinement_nothing_is_read(filled, package, tmp_path, calls, error, when):
    if WATCHED and calls == "seccomp":
        pytest.skip("a sanitizer needs more system calls than the filter allows")
    cab = package(CX600, name="third.cab", version="4.1")
    before = filled.state()
    inject = f"inject={calls}:error={error}" + (f":when={when}" if when else "")
    result = strace(filled, cab, tmp_path / "trace", "-e", f"trace={calls},pread64,writev", "-e", inject)
    trace = (tmp_path / "trace").read_text()
    assert "(INJECTED)" in trace
    assert (result.code, result.out) == (1, ""), result
    assert "DU0628: the reader of packages cannot be confined on this system, so it is not used: " in result.err
    child = trace.split("(INJECTED)")[-1]
    assert "MSCF" not in child, "the package was read all the same"
    assert filled.state() == before


def test_no_process_can_be_started(filled, package, tmp_path):
    cab = package(CX600, name="third.cab", version="4.1")
    before = filled.state()
    result = strace(filled, cab, tmp_path / "trace", "-e", "trace=clone,fork,vfork", "-e", "inject=clone:error=EAGAIN")
    assert result.code == 1 and "devupdatectl: DU0627: the reader of packages cannot be started: " in result.err
    assert filled.state() == before


def test_who_started_us_ignores_its_children(filled, package):
    """That is inherited, and would keep us from learning how the reader ended."""
    cab = package(CX600, name="third.cab", version="4.1")
    done = subprocess.run([os.environ["CTL"], *filled.where, "import", "--allow-unsigned", cab], stdin=subprocess.DEVNULL,
                          capture_output=True, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), timeout=120, check=False)
    assert done.returncode == 0 and not done.stderr, done


SETTINGS = [("import-max-members", "2", "DU0611"), ("import-max-size", "70000", "DU0612"),
            ("import-max-member-size", "69999", "DU0642"), ("import-max-ratio", "1", "DU0643"),
            ("import-max-name", "26", None), ("import-max-name", "25", "DU0644"), ("import-max-depth", "4", None), ("import-max-members", "3", None), ("import-max-member-size", "70000", None)]


@pytest.mark.parametrize("name, value, refused", SETTINGS)
def test_a_limit_is_a_setting(ctl, package, name, value, refused):
    cab = package(CX600, version=NEW, files=("FIFTEEN_LETTERS",) if name == "import-max-name" else ("CPE",))
    ctl.sql(f"INSERT INTO setting (scope, name, value) VALUES ('', '{name}', '{value}')")
    before = ctl.state()[0]
    if not refused:
        ctl.text("import", cab)
        return
    line = ctl.refused("import", cab)
    assert line.startswith(f"devupdatectl: {refused}: ") and line.endswith(f"(setting {name})"), line
    assert ctl.state()[0] == before
