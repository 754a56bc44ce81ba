"""An import that is killed or finds the disk full, at every point: all is as before, or complete (house.md D4).

How a point is met: t/tools/write_points.py. Only points of the import's own process: the reader of the package is a child
that cannot write but to its parent, and ends with it.
"""
import hashlib
import os

import pytest

import make_package
import write_points
from conftest import AASTRA, CX600, NEW, OLD
from test_kill import fresh  # noqa: F401 (a fixture)

pytestmark = pytest.mark.patient


def command(ctl, package):
    return [os.environ["CTL"], *ctl.where, "import", "--allow-unsigned", package]


def tree(ctl):
    """Every file and directory of the file store; files with their digests."""
    return {str(path.relative_to(ctl.files)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            for path in ctl.files.rglob("*")}


def images(ctl):
    """The files of the file store that are in their places."""
    return {name: digest for name, digest in tree(ctl).items() if digest and "/.staging/" not in name}


@pytest.fixture
def second(tmp_path):
    """The package of which the import will be killed."""
    return make_package.make_package(tmp_path / "second.cab", (CX600, AASTRA), NEW, files=("CPE", "EBOOT"))


@pytest.fixture
def template(ctl, package):
    """A store with one approved version."""
    ctl.text("import", package(CX600, name="first.cab", version=OLD))
    ctl.text("rule", "approve", "1")
    return ctl


def check_survivor(ctl, before, after, what):
    """The store of a killed import is as before or complete, and so are the files that its rules name."""
    found = ctl.content()
    complete = found == after["content"]
    assert complete or found == before["content"], what
    expected = after["images"] if complete else before["images"]
    present = images(ctl)
    assert expected.items() <= present.items(), f"{what}: files that rules name are missing or wrong"
    return complete


def test_killed_at_every_point(fresh, second, tmp_path):
    reference = fresh()
    before = {"content": reference.content(), "images": images(reference)}
    points = write_points.of(command(reference, second), tmp_path / "trace")
    after = {"content": reference.content(), "images": images(reference), "tree": tree(reference)}
    assert before["content"] != after["content"] and len(after["images"]) == len(before["images"]) + 8
    assert {name for name, _ in points} >= {"mkdir", "rename", "link", "fsync", "unlink"}, points

    outcomes = []
    for number, point in enumerate(points):
        what = f"point {number} of {len(points)}: before {point.call} number {point.occurrence}"
        ctl = fresh()
        write_points.kill(command(ctl, second), point, tmp_path / "killed")
        outcomes.append(check_survivor(ctl, before, after, what))

        again = ctl("import", second)
        assert again.code == 0, f"{what}: the next import: {again}"
        assert ctl.content() == after["content"], what
        assert tree(ctl) == after["tree"], f"{what}: after the next import"
    assert outcomes == sorted(outcomes), "once complete, it stays complete"
    assert not outcomes[0] and outcomes[-1], "both sides of the commit were met"


GROWING = [*write_points.OPENING, "creat", "write", "pwrite64", "mkdir", "rename", "fsync", "fdatasync"]


def test_disk_full_at_every_point(fresh, second, tmp_path):
    """Each call that could meet a full disk does: the import fails and everything is as before, or it is complete."""
    reference = fresh()
    before = reference.state()
    points = [point for point in write_points.of(command(reference, second), tmp_path / "trace") if point.call in GROWING]
    after, complete = reference.state(), tree(reference)  # the copies that follow take the reference's place

    failed = 0
    for number, point in enumerate(points):
        what = f"point {number} of {len(points)}: no space at {point.call} number {point.occurrence}"
        ctl = fresh()
        result = write_points.fail(command(ctl, second), point, tmp_path / "full", "ENOSPC")
        assert result.returncode in (0, 1), f"{what}: {result}"
        if result.returncode:
            failed += 1
            assert b"devupdatectl: DU" in result.stderr, f"{what}: {result}"
            assert ctl.state() == before, f"{what}: {result}"
        else:
            assert tree(ctl) == complete, f"{what}: {result}"
    assert failed > len(points) // 2
    assert before != after


def test_file_system_without_hard_links(fresh, second, tmp_path):
    """Images are copied then."""
    reference = fresh()
    write_points.of(command(reference, second), tmp_path / "trace")
    expected = tree(reference)
    ctl = fresh()
    result = write_points.strace(command(ctl, second), tmp_path / "trace", "-e", "trace=link,linkat", "-e", "inject=link,linkat:error=EPERM")
    assert result.returncode == 0, result
    assert "EPERM" in (tmp_path / "trace").read_text()
    assert tree(ctl) == expected
