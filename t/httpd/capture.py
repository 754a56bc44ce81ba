"""Captured requests: they are written when the answer has left, so a test waits for them."""
from waiting import until


def files(directory):
    return sorted(path.name for path in directory.glob("*"))


def wait(directory, number):
    """The content of a captured request."""
    path = directory / f"{number:04}.request"
    return until(lambda: path.exists() and path.read_bytes(), f"{path.name} is there")
