"""A command that is killed, or finds the disk full, at each of its system calls that write.

The command is traced once to learn these calls. Then strace lets the same command, on a fresh copy of what it changes, end
or fail right before one of them. The calls of one run come in the same order each time, so every point is met exactly;
that it was met is checked. Calls of child processes are no points.

    points = write_points.of(command, trace)                    # [Point("write", 1), Point("fsync", 1), ...]
    write_points.kill(command, points[0], trace)
    write_points.fail(command, points[0], trace, "ENOSPC")

Skips the test where strace is not there or may not trace.
"""
import collections
import os
import re
import shutil
import signal
import subprocess

import pytest

WRITING = ("creat write writev pwrite64 pwritev rename renameat renameat2 link linkat mkdir mkdirat fsync fdatasync "
           "unlink unlinkat rmdir ftruncate chmod fchmod fchmodat chown lchown fchown fchownat sendto sendmsg").split()
OPENING = ["open", "openat"]
CALL = re.compile(r"^(\w+)\((.*)$")

Point = collections.namedtuple("Point", "call occurrence")   # the how-manieth call of this name; 1 is the first


def strace(command, trace, *options):
    """Runs a command under strace; what subprocess.run() answers."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}   # the leak detector cannot work under strace
    return subprocess.run(["strace", "-o", str(trace), *options, *map(str, command)], stdin=subprocess.DEVNULL,
                          capture_output=True, env=environment, timeout=120, check=False)


def points_in(trace):
    count, points = collections.Counter(), []
    for line in trace.read_text(errors="replace").splitlines():
        match = CALL.match(line)
        if not match:
            continue
        name, arguments = match.groups()
        count[name] += 1
        if re.match("[12],", arguments):   # what is printed
            continue
        if name in WRITING or (name in OPENING and re.search(r"O_CREAT|O_WRONLY|O_RDWR", arguments)):
            points.append(Point(name, count[name]))
    return points


def of(command, trace):
    """The points of a command that is left alone and succeeds."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    result = strace(command, trace, "-e", "trace=" + ",".join(OPENING + WRITING))
    if result.returncode and b"ptrace" in result.stderr:
        pytest.skip(f"strace may not trace: {result.stderr.decode().strip()}")
    assert result.returncode == 0, result
    return points_in(trace)


def kill(command, point, trace):
    """Runs the command until right before that call."""
    result = strace(command, trace, "-e", f"trace={point.call}",
                    "-e", f"inject={point.call}:signal=SIGKILL:when={point.occurrence}")
    assert result.returncode == -signal.SIGKILL, f"not killed at {point}: {result}"


def fail(command, point, trace, error):
    """Runs the command, and that call fails."""
    result = strace(command, trace, "-e", f"trace={point.call}",
                    "-e", f"inject={point.call}:error={error}:when={point.occurrence}")
    assert "(INJECTED)" in trace.read_text(errors="replace"), f"not met: {point}"
    return result
