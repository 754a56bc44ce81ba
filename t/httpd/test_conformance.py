"""The transcripts of t/conformance against this server, and the program that plays them against others."""
import os
import subprocess
import sys

import pytest

DIRECTORY = os.path.join(os.environ["srcdir"], "t", "conformance")
sys.path.insert(0, DIRECTORY)
import conformance  # noqa: E402  (a program that is a module, too)

MALFORMED = "DU0203"   # some transcripts are


class TestTranscripts:
    @pytest.mark.parametrize("name", conformance.names())
    def test_transcript(self, site, ledger, name):
        ledger.declare(MALFORMED)
        answer = conformance.play(f"http://127.0.0.1:{site.port}", conformance.read_request(name))
        assert not conformance.faults(answer, conformance.read_expectation(name))

    def test_the_program(self, site, ledger):
        ledger.declare(MALFORMED)
        program = os.path.join(DIRECTORY, "conformance.py")
        done = subprocess.run([sys.executable, program, f"http://127.0.0.1:{site.port}"], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith(f"1..{len(conformance.names())}\n")

    def test_a_wrong_answer_is_found(self):
        answer = conformance.Answer(200, {}, b"<r><NumOfFiles>0</NumOfFiles></r>")
        about = [("grade", "C"), ("source", "none")]
        for what, value in (("status", "404"), ("xml NumOfFiles", "1"), ("xml BaseURL", ""),
                            ("xml-count NumOfFiles", "2"), ("length", "1")):
            assert conformance.faults(answer, [*about, (what, value)])
        assert conformance.faults(answer, about), "a transcript that asserts nothing"
        assert not conformance.faults(answer, [*about, ("xml NumOfFiles", "0")])
