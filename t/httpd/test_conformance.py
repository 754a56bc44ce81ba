"""The transcripts of t/conformance against this server, and the program that plays them against others."""
import base64
import hashlib
import os
import subprocess
import sys

import pytest

import upload
from waiting import until

DIRECTORY = os.path.join(os.environ["srcdir"], "t", "conformance")
sys.path.insert(0, DIRECTORY)
import conformance  # noqa: E402  (a program that is a module, too)

REFUSED = "DU0201", "DU0203", "DU0411", "DU0412", "DU0413", "DU0414", "DU0430", "DU0431"   # some transcripts are


class TestTranscripts:
    """On the site that t/conformance/README describes."""
    directives = {"DevUpdateMaxUpload": "65536"}
    modules = ("authn_core", "authn_file", "authz_user", "auth_basic")
    config = """
<Location "/RequestHandlerExt">
AuthType Basic
AuthName phones
AuthUserFile "{root}/passwords"
Require valid-user
</Location>
<Location "/DeviceUpdateFiles_Ext">
AuthType Basic
AuthName phones
AuthUserFile "{root}/passwords"
Require valid-user
</Location>
"""

    @staticmethod
    def prepare_store(store):
        for key, version in (("3PIP/Yealink/T48G/A/ENU", "X.8.1.52"), ("RoundTable/Microsoft/RTDevice/A/ENU", "1.0.3912.0")):
            store.import_package(key, version=version)
            store.approve(key)
        store.ctl("test-device", "add", "by MAC", "--mac", "00-04-F2-00-99-01")
        store.ctl("test-device", "add", "by serial", "--serial", "09768-ABDR-83295")
        digest = base64.b64encode(hashlib.sha1(b"conformance").digest()).decode()
        (store.directory.parent / "passwords").write_text(f"conformance:{{SHA}}{digest}\n")

    @pytest.mark.parametrize("name", conformance.names())
    def test_transcript(self, site, ledger, name):
        ledger.declare(*REFUSED)
        answer = conformance.play(f"http://127.0.0.1:{site.port}", conformance.read_request(name))
        assert not conformance.faults(answer, conformance.read_expectation(name))

    def test_the_program(self, site, ledger):
        ledger.declare(*REFUSED)
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
        assert conformance.faults(answer, [("grade", "D"), ("source", "x"), ("status", "200")])
        assert not conformance.faults(answer, [*about, ("xml NumOfFiles", "0")])

    def test_bodies_are_sent_byte_by_byte(self):
        request = conformance.parse_request(b"# note\nPOST /x?y\nA: b\nContent-Length: 9\n\n\xff\n\n\x00")
        assert request == ("POST", "/x?y", {"A": "b"}, b"\xff\n\n\x00")
        assert conformance.parse_request(b"# times: 3\nPOST /\n\nab").body == b"ababab"
        request = conformance.parse_request("# encoding: UTF-16BE\nPOST /\n\nä".encode())
        assert request.body == b"\x00\xe4"

    def test_uploads_leave_what_they_should(self, site, ledger):
        """What the answers do not show: who sent what, and the files."""
        ledger.declare(*REFUSED)
        url, found = f"http://127.0.0.1:{site.port}", {}
        for name in (name for name in conformance.names() if "-log-" in name):
            watch = upload.Watch(site)
            answer = conformance.play(url, conformance.read_request(name))
            record = until(watch.new, "the upload is on record")[0]
            assert len(watch.new_files()) == (answer.status == 200), name
            found[name] = (record["Result"], record["Reason"], record["Device File Name"])
        assert {name: outcome for name, outcome in found.items() if outcome[0] != "stored"} == {
            "184-log-of-a-refused-type": ("refused", "type", "ce.clg"),
            "185-log-with-a-refused-extension": ("refused", "extension", "ce.exe"),
            "186-log-too-large": ("refused", "too-large", "ce.clg"),
            "187-log-outside-without-a-user": ("refused", "unauthenticated", "ce.clg"),
            "189-log-with-a-hostile-file-name": ("refused", "file-name", "../../../../etc/cron.d/ce.clg"),
            "190-log-without-a-device": ("refused", "identity", "ce.clg"),
            "191-log-that-is-empty": ("refused", "no-file", "ce.clg"),
        }
        assert len(found) == 12
