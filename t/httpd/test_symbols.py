"""The module exports its module symbol and nothing else: it shares a process with whatever is loaded beside it."""
import os
import subprocess


def test_exported_symbols():
    listing = subprocess.run(["nm", "-D", "--defined-only", os.environ["MODULE"]], check=True, text=True,
                             capture_output=True).stdout
    assert [line.split()[-1] for line in listing.splitlines()] == ["devupdate_module"]
