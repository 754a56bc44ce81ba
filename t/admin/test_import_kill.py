"""An import that is killed or finds the disk full, at every point: all is as before, or complete (house.md D4).

One import is traced to learn its system calls that write. (Only its own: the reader of the package is a child that cannot
write but to its parent, and ends with it.) Then, for each of these calls, strace lets the same import
of the same store end or fail right before that call. The calls of one run come in the same order each time, so every
point is met exactly; that it was met is checked.
"""
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest

import make_package
from conftest import AASTRA, CX600, NEW, OLD, Ctl

WRITING = ("creat write writev pwrite64 pwritev rename renameat renameat2 link linkat mkdir mkdirat fsync fdatasync "
           "unlink unlinkat rmdir ftruncate chmod fchmod fchmodat chown lchown fchown fchownat").split()
OPENING = ["open", "openat"]
CALL = re.compile(r"^(\w+)\((.*)$")


def strace(ctl, output, *options):
    """Runs an import of the package under strace; its exit status."""
    command = ["strace", "-o", str(output), *options, os.environ["CTL"], *ctl.where, "import", str(ctl.package)]
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # the leak detector cannot work under strace
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=120,
                          check=False)


def points_of(trace):
    """(call, how many of this name so far) for each call of the trace that changes a file."""
    count, points = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match = CALL.match(line)
        if not match:
            continue
        name, arguments = match.groups()
        count[name] = count.get(name, 0) + 1
        if re.match("[12],", arguments):  # what is printed
            continue
        if name in WRITING or (name in OPENING and re.search(r"O_CREAT|O_WRONLY|O_RDWR", arguments)):
            points.append((name, count[name]))
    return points


def content(ctl):
    """Everything in the database but the times, which are microseconds since 1970."""
    connection = sqlite3.connect(ctl.database)
    dump = "\n".join(connection.iterdump())
    connection.close()
    return re.sub(r"\b1\d{15}\b", "TIME", dump)


def tree(ctl):
    """Every file and directory of the file store; files with their digests."""
    return {str(path.relative_to(ctl.files)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            for path in ctl.files.rglob("*")}


def images(ctl):
    """The files of the file store that are in their places."""
    return {name: digest for name, digest in tree(ctl).items() if digest and "/.staging/" not in name}


@pytest.fixture
def template(ctl, package, tmp_path):
    """A store with one approved version, and the package of which the import will be killed."""
    ctl.text("import", package(CX600, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    ctl.package = make_package.make_package(tmp_path / "second.cab", (CX600, AASTRA), NEW, files=("CPE", "EBOOT"))
    return ctl


@pytest.fixture
def fresh(template, tmp_path):
    """Makes copies of that store."""
    def make():
        directory = tmp_path / "copy"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(template.directory, directory)
        shutil.rmtree(directory / "files")  # Ctl makes it
        copy = Ctl(directory)
        shutil.copytree(template.files, copy.files, dirs_exist_ok=True)
        copy.package = template.package
        return copy
    return make


def traced(ctl, output):
    """The points of an import that is not killed."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    result = strace(ctl, output, "-e", "trace=" + ",".join(OPENING + WRITING))
    if result.returncode and b"ptrace" in result.stderr:
        pytest.skip(f"strace may not trace: {result.stderr.decode().strip()}")
    assert result.returncode == 0, result.stderr
    return points_of(output)


def check_survivor(ctl, before, after, what):
    """The store of a killed import is as before or complete, and so are the files that its rules name."""
    found = content(ctl)
    complete = found == after["content"]
    assert complete or found == before["content"], what
    expected = after["images"] if complete else before["images"]
    present = images(ctl)
    assert expected.items() <= present.items(), f"{what}: files that rules name are missing or wrong"
    return complete


def test_killed_at_every_point(fresh, tmp_path):
    reference = fresh()
    before = {"content": content(reference), "images": images(reference)}
    points = traced(reference, tmp_path / "trace")
    after = {"content": content(reference), "images": images(reference), "tree": tree(reference)}
    assert before["content"] != after["content"] and len(after["images"]) == len(before["images"]) + 8
    assert {name for name, _ in points} >= {"mkdir", "rename", "link", "fsync", "unlink"}, points

    outcomes = []
    for number, (name, occurrence) in enumerate(points):
        what = f"point {number} of {len(points)}: before {name} number {occurrence}"
        ctl = fresh()
        result = strace(ctl, tmp_path / "killed", "-e", f"trace={name}",
                        "-e", f"inject={name}:signal=SIGKILL:when={occurrence}")
        assert result.returncode == -signal.SIGKILL, f"{what}: not killed there: {result}"
        outcomes.append(check_survivor(ctl, before, after, what))

        again = ctl("import", ctl.package)
        assert again.code == 0, f"{what}: the next import: {again}"
        assert content(ctl) == after["content"], what
        assert tree(ctl) == after["tree"], f"{what}: after the next import"
    assert outcomes == sorted(outcomes), "once complete, it stays complete"
    assert not outcomes[0] and outcomes[-1], "both sides of the commit were met"


GROWING = [*OPENING, "creat", "write", "pwrite64", "mkdir", "rename", "fsync", "fdatasync"]


def test_disk_full_at_every_point(fresh, tmp_path):
    """Each call that could meet a full disk does: the import fails and everything is as before, or it is complete."""
    reference = fresh()
    before = reference.state()
    points = [point for point in traced(reference, tmp_path / "trace") if point[0] in GROWING]
    after, complete = reference.state(), tree(reference)  # the copies that follow take the reference's place

    failed = 0
    for number, (name, occurrence) in enumerate(points):
        what = f"point {number} of {len(points)}: no space at {name} number {occurrence}"
        ctl = fresh()
        result = strace(ctl, tmp_path / "full", "-e", f"trace={name}",
                        "-e", f"inject={name}:error=ENOSPC:when={occurrence}")
        assert result.returncode in (0, 1), f"{what}: {result}"
        assert "(INJECTED)" in (tmp_path / "full").read_text(errors="replace"), what
        if result.returncode:
            failed += 1
            assert b"devupdatectl: DU" in result.stderr, f"{what}: {result}"
            assert ctl.state() == before, f"{what}: {result}"
        else:
            assert tree(ctl) == complete, f"{what}: {result}"
    assert failed > len(points) // 2
    assert before != after


def test_file_system_without_hard_links(fresh, tmp_path):
    """Images are copied then."""
    reference = fresh()
    traced(reference, tmp_path / "trace")
    expected = tree(reference)
    ctl = fresh()
    result = strace(ctl, tmp_path / "trace", "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM")
    assert result.returncode == 0, result
    assert "EPERM" in (tmp_path / "trace").read_text()
    assert tree(ctl) == expected
