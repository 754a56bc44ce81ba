"""The page of packages: upload, imports as jobs, what they say and what they leave; stored versions and clearing them."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

import place
from imports import BOUNDARY, Imports, another_import, form, package, trust_vendor
from pages import Pages, PagesClass
from server import runs
from store import AASTRA, APPROVED, CX600, PENDING, RESTORE
from waiting import until

NEXT = "4.0.7577.5000"
STEPS = ["received", "unpacked", "described", "verified", "stored", "committed"]


def gone(ledger, message="AH01270"):
    """httpd has seen that the client went away in the middle of its request."""
    ledger.declare(message)
    until(lambda: ledger.count(message), message)


class PackagesClass(PagesClass):
    @classmethod
    def prepare_store(cls, store):
        PagesClass.prepare_store(store)
        trust_vendor(store)


class TestUpload(PackagesClass):
    def test_signed_package_comes_in(self, site):
        imports = Imports(site, "operator")
        job = imports.begin(package(site.store, CX600, version=NEXT), filename="UCUpdates <b>.cab", note="from the vendor's page")
        done = imports.ended(job)
        assert (done["end"], done["filename"], done["note"], done["account"]) == ("imported", "UCUpdates <b>.cab", "from the vendor's page", "operator")
        assert [step["state"] for step in done["steps"]] == ["done"] * len(STEPS)
        assert [(image["version"], image["place"], image["trust"]) for image in done["images"]] == [(NEXT, "pending", "verified")]
        shown = imports.pages.json(f"packages?id={done['package']}")["package"]
        assert (shown["trust"], shown["actor"], shown["note"]) == ("verified", "operator", "from the vendor's page")
        assert shown["images"][0]["signer"].startswith("Vendor Firmware")
        assert NEXT in site.store.ctl("rule", "list")
        imports.nothing_left()
        html = imports.pages.get(f"packages?job={job}").text
        assert "imported" in html and "UCUpdates &lt;b&gt;.cab" in html and "<b>" not in html and "http-equiv=\"refresh\"" not in html
        assert "Vendor Firmware" in imports.pages.get(f"packages?id={done['package']}").text

    def test_same_package_again(self, site):
        imports = Imports(site)
        content = package(site.store, CX600, version="4.0.7577.5001")
        first = imports.ended(imports.begin(content))
        again = imports.ended(imports.begin(content))
        assert (again["end"], again["package"]) == ("known", first["package"])

    def test_form_without_javascript(self, site):
        imports = Imports(site)
        answer = imports.send(package(site.store, CX600, version="4.0.7577.5002"), accept="text/html")
        assert answer.status == 303 and answer.headers["Location"].startswith("packages?job=")
        assert "The package was received" in imports.pages.after(answer).text
        imports.ended(answer.headers["Location"].partition("job=")[2].partition("&")[0])

    def test_unsigned_is_refused(self, site):
        imports = Imports(site)
        before = site.store.generation()
        done = imports.ended(imports.begin(package(site.store, CX600, version=NEXT + "1", signed=False)))
        assert (done["end"], done["failure_id"], done["package"]) == ("failed", "DU0668", 0)
        assert [step["state"] for step in done["steps"]] == ["done"] * 3 + ["stopped", "open", "open"]
        assert site.store.generation() == before
        imports.nothing_left()
        assert "DU0668" in imports.pages.get(f"packages?job={done['id']}").text

    def test_unsigned_is_allowed_by_an_administrator(self, site):
        imports = Imports(site)
        done = imports.ended(imports.begin(package(site.store, CX600, version=NEXT + "2", signed=False), allow_unsigned="yes"))
        assert (done["end"], done["trust"]) == ("imported", "unverified")
        assert "not verified" in imports.pages.get("packages").text

    def test_operator_may_not_allow_unsigned(self, site):
        imports = Imports(site, "operator")
        assert "allow_unsigned" not in imports.pages.get("packages").text
        before = imports.directories()
        answer = imports.send(package(site.store, CX600, version=NEXT + "3", signed=False), allow_unsigned="yes")
        assert answer.status == 403 and imports.directories() == before

    @pytest.mark.parametrize("user", ["viewer", "helpdesk"])
    def test_others_may_not_import(self, site, user):
        pages = Pages(site, user=user)
        assert 'type="file"' not in pages.get("packages").text
        imports = Imports(site, user)
        token = Pages(site).token("packages")
        before = imports.directories()
        answer = pages.ask("POST", "packages", form({"token": token}, "a.cab", b"x"), imports.headers())
        assert answer.status == 403 and imports.directories() == before

    @pytest.mark.parametrize("fields, filename, status, says", [
        ({}, "a.cab", 403, "no valid token"),
        ({"token": "1.2.3"}, "a.cab", 403, "no valid token"),
        ({"token": "right"}, "", 400, "no package was chosen"),
        ({"token": "right"}, None, 400, "no package was chosen"),
        ({"token": "right", "unknown": "1"}, "a.cab", 400, "no parameter"),
        ({"token": "right", "note": "x" * 5000}, "a.cab", 413, "parameters"),
        ({"token": "right", "note": "a\0b"}, "a.cab", 400, "NUL"),
    ])
    def test_bad_forms(self, site, fields, filename, status, says):
        imports = Imports(site)
        fields = {name: imports.pages.token("packages") if value == "right" else value for name, value in fields.items()}
        before = imports.directories()
        answer = imports.pages.ask("POST", "packages", form(fields, filename, b"content" if filename else b""), imports.headers())
        assert (answer.status, says in answer.text) == (status, True), answer
        assert imports.directories() == before

    def test_field_behind_the_file(self, site):
        imports = Imports(site)
        before = imports.directories()
        late = form({"token": "x"}, None)
        body = form(imports.fields(), "a.cab", b"content", end=False) + b"\r\n" + late
        answer = imports.pages.ask("POST", "packages", body, imports.headers())
        assert answer.status == 400 and "one file at the end" in answer.text
        assert imports.directories() == before

    def test_token_in_a_header(self, site):
        imports = Imports(site)
        headers = {**imports.headers(), "X-DevUpdate-Token": imports.pages.token("packages")}
        answer = imports.pages.ask("POST", "packages", form({}, "a.cab", b"no cabinet"), headers)
        assert answer.status == 200
        done = imports.ended(json.loads(answer.text)["job"])
        assert done["end"] == "failed" and done["failure"]
        imports.nothing_left()

    def test_empty_package(self, site):
        imports = Imports(site)
        before = imports.directories()
        answer = imports.send(b"")
        assert answer.status == 400 and "empty" in answer.text and imports.directories() == before

    def test_too_large(self, site):
        """Refused by its announced length, and if it does not say, when it has become too much."""
        imports = Imports(site)
        site.store.ctl("setting", "set", "import-max-size", "100000")
        try:
            before = imports.directories()
            assert "97.7 KB" in imports.pages.get("packages").text or "100" in imports.pages.get("packages").text
            early = imports.send(b"x" * 300000)
            late = imports.send(b"x" * 120000)
            assert (early.status, late.status) == (413, 413)
            assert "import-max-size" in early.text and "import-max-size" in late.text
            assert imports.directories() == before
        finally:
            site.store.ctl("setting", "set", "import-max-size", "4294967296")

    def test_two_gigabytes(self, site, ledger):
        """httpd refuses it before a byte of it is sent."""
        imports = Imports(site)
        with imports.opened(b"", length=2 * 1024 ** 3) as connection:
            assert b" 413 " in connection.recv(4096).partition(b"\r\n")[0]
        assert not imports.left()
        gone(ledger)

    def test_half_sent(self, site, ledger):
        imports = Imports(site)
        before = imports.directories()
        with imports.opened(form(imports.fields(), "half.cab", b"x" * 300000, end=False), length=900000):
            imports.begun(before)
            begun = [job for job in imports.pages.json("packages")["jobs"] if job["step"] == "none"]
            assert [(job["filename"], job["end"]) for job in begun] == [("half.cab", "running")]
        until(lambda: imports.directories() == before, "nothing is left of it")
        gone(ledger)

    def test_memory_does_not_grow_with_the_package(self, site):
        """500 MB come in; what comes before the end of the form is all but its last line."""
        imports = Imports(site)
        piece, count = bytes(1024 * 1024), 500
        start = form(imports.fields(), "large.cab", b"", end=False)
        end = f"\r\n--{BOUNDARY}--\r\n".encode()
        known = set(imports.directories())
        with imports.opened(start, length=len(start) + len(piece) * count + len(end)) as connection:
            for _ in range(count):
                connection.sendall(piece)
            job = imports.begun(known)
            package_file = imports.jobs_directory / job / "package"
            until(lambda: package_file.stat().st_size > len(piece) * (count - 2), "almost all has come in")
            status = pathlib.Path(f"/proc/{imports.process(job)}/status").read_text()
            connection.sendall(end)
            assert b" 200 " in connection.recv(65536).partition(b"\r\n")[0]
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
        assert peak < 32 * 1024, f"{peak} KB"
        assert imports.ended(job)["end"] == "failed"     # it is no cabinet
        imports.nothing_left()

    def test_bad_jobs(self, site):
        pages = Pages(site)
        for job in ("none", "../../db", "20261123-000000-00000000", "%2e%2e"):
            assert pages.json(f"packages?job={job}", status=404)["error"] == "DU0672"
        assert pages.post("packages", {"action": "cancel", "job": "../x"}).status == 404
        assert pages.get("packages?view=nothing").status == 404
        assert pages.get("packages?id=0").status == 400
        assert pages.get("packages?id=999").status == 404


class TestJobs(PackagesClass):
    def test_stages_are_seen_while_it_runs(self, site):
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version=NEXT))
            shown = imports.waits(job)
            assert (shown["end"], shown["step"], shown["may_cancel"]) == ("running", "received", True)
            html = imports.pages.get(f"packages?job={job}").text
            assert "It waits for another import to end." in html and 'http-equiv="refresh"' in html
            assert [one["id"] for one in imports.pages.json("packages")["jobs"] if one["is_running"]] == [job]
        assert imports.ended(job)["end"] == "imported"

    def test_cancel(self, site):
        imports = Imports(site)
        before = site.store.generation()
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version="4.0.7577.5010"))
            imports.waits(job)
            answer = imports.cancel(job)
            assert answer.status == 303
            assert imports.ended(job)["end"] == "cancelled"
        assert site.store.generation() == before
        imports.nothing_left()
        again = imports.cancel(job)
        assert again.status == 409 and "too late" in again.text

    def test_cancel_while_it_comes_in(self, site, ledger):
        imports = Imports(site)
        before = imports.directories()
        with imports.opened(form(imports.fields(), "half.cab", b"x" * 300000, end=False), length=90000000) as connection:
            job = imports.begun(before)
            assert imports.cancel(job).status == 303

            def send_more():
                try:
                    connection.sendall(b"x" * 65536)
                except OSError:
                    pass
                return imports.directories() == before
            until(send_more, "the upload ends")
        gone(ledger)

    def test_viewer_may_not_cancel(self, site):
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version="4.0.7577.5011"))
            imports.waits(job)
            viewer = Pages(site, user="viewer")
            assert not viewer.json(f"packages?job={job}")["job"]["may_cancel"]
            assert viewer.post("packages", {"action": "cancel", "job": job}, token=imports.pages.token("packages")).status == 403
        assert imports.ended(job)["end"] == "imported"

    def test_two_at_once(self, site):
        imports = Imports(site)
        with another_import(site.store):
            jobs = [imports.begin(package(site.store, device, version="4.0.7577.5020")) for device in (CX600, AASTRA)]
            for job in jobs:
                imports.waits(job)
        ends = [imports.ended(job) for job in jobs]
        assert [end["end"] for end in ends] == ["imported", "imported"]
        assert len({end["package"] for end in ends}) == 2
        imports.nothing_left()

    def test_killed(self, site):
        imports = Imports(site)
        before = site.store.generation()
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version="4.0.7577.5030"))
            imports.waits(job)
            process = imports.process(job)
            os.kill(process, signal.SIGKILL)
            until(lambda: not runs(process), "it is dead")
            assert imports.ended(job)["end"] == "interrupted"
        assert site.store.generation() == before
        imports.nothing_left()
        assert "ended from outside" in imports.pages.get(f"packages?job={job}").text

    def test_process_has_nothing_of_httpd(self, site):
        """In a session of its own, with no descriptor but the lock, and nobody's child but that of the system's first process."""
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version="4.0.7577.5031"))
            imports.waits(job)
            process = imports.process(job)
            assert os.getsid(process) not in (os.getsid(site.httpd.process.pid), os.getsid(0))
            links = {os.readlink(link) for link in pathlib.Path(f"/proc/{process}/fd").iterdir()}
            others = {link for link in links if link != "/dev/null" and not link.startswith(str(site.store.directory))}
            assert not others
        assert imports.ended(job)["end"] == "imported"

    def test_files_clear_names_what_a_killed_one_left(self, site):
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version="4.0.7577.5032"))
            imports.waits(job)
            process = imports.process(job)
            os.kill(process, signal.SIGKILL)
            until(lambda: not runs(process), "it is dead")
        dry = site.store.ctl("file", "clear", "--dry-run")
        assert f"DeviceUpdateJobs/{job}" in dry and "Would delete" in dry
        assert [path.name for path in imports.left()] == ["package"]
        assert f"DeviceUpdateJobs/{job}" in site.store.ctl("file", "clear")
        assert not imports.left()
        assert imports.job(job)["end"] == "interrupted"


class TestRestart(PackagesClass):
    def test_httpd_restarts_while_a_job_runs(self, site):
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version=NEXT))
            imports.waits(job)
            site.httpd.restart_gracefully()
            assert imports.job(job)["end"] == "running"
            site.httpd.stop()
            assert runs(imports.process(job))
            site.httpd.start()
            assert imports.job(job)["end"] == "running"
        assert imports.ended(job)["end"] == "imported"


class TestCgiWithProcesses(PackagesClass):
    """mod_cgi."""
    mpm = "prefork"
    modules = (*(name for name in PagesClass.modules if name not in ("cgi", "cgid")), "cgi")
    config = PagesClass.config.replace("ScriptSock cgisock\n", "")

    def test_import(self, site):
        imports = Imports(site)
        with another_import(site.store):
            job = imports.begin(package(site.store, CX600, version=NEXT))
            imports.waits(job)
        assert imports.ended(job)["end"] == "imported"

    def test_half_sent(self, site, ledger):
        imports = Imports(site)
        before = imports.directories()
        with imports.opened(form(imports.fields(), "half.cab", b"x" * 300000, end=False), length=900000):
            imports.begun(before)
        until(lambda: imports.directories() == before, "nothing is left of it")
        gone(ledger, "AH01225")


class TestFullDisk(PackagesClass):
    def test_says_so_and_leaves_nothing(self, site, ledger):
        ledger.declare("DU0679")
        imports = Imports(site)
        directory = imports.jobs_directory
        directory.mkdir()
        if not place.AS_ROOT or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "none", directory],
                                               capture_output=True, check=False).returncode:
            pytest.skip("a small disk cannot be mounted here")
        try:
            answer = imports.send(b"x" * 400000)
            assert answer.status == 507 and "not enough room" in answer.text
            assert imports.directories() == []
        finally:
            subprocess.run(["umount", "-l", directory], check=True)


class TestStoredVersions(PackagesClass):
    def test_list_and_clear(self, site):
        store = site.store
        pages = Pages(site)
        store.import_package(CX600, version=NEXT)      # PENDING has no rule any more
        stored = {(entry["version"], tuple(entry["slots"])): entry for entry in pages.json("packages?view=files")["stored"]}
        assert (APPROVED, ("approved",)) in stored and (RESTORE, ("restore",)) in stored and (NEXT, ("pending",)) in stored
        unused = pages.json("packages?view=clear")["unused"]
        assert [entry["version"] for entry in unused] == [PENDING]
        assert f"CX600/A/ENU/{PENDING}/CPE" in pages.get("packages?view=clear").text
        assert "not used" in pages.get("packages?view=files").text
        answer = pages.post("packages", {"action": "clear", "shown": self.shown(pages)})
        assert "Unused versions deleted: 1." in pages.after(answer).text
        assert not store.image(CX600, PENDING).exists() and store.image(CX600, APPROVED).exists()
        again = pages.post("packages", {"action": "clear", "shown": self.shown(pages)})
        assert "Nothing to do" in pages.after(again).text

    @staticmethod
    def shown(pages):
        """What the form says along with the click."""
        found = re.search(r'name="shown" value="([0-9a-f]{64})"', pages.get("packages?view=clear").text)
        return found[1] if found else pages.json("packages?view=clear")["shown"]

    def test_clears_what_was_shown(self, site):
        pages = Pages(site)
        unused = [f"4.0.7577.900{number}" for number in range(3)]
        for version in unused:
            site.store.import_package(CX600, version=version)
        shown = self.shown(pages)
        site.store.import_package(CX600, version="4.0.7577.9999")   # now the last of them is unused, too
        answer = pages.post("packages", {"action": "clear", "shown": shown})
        assert answer.status == 409 and "has changed since it was shown" in answer.text
        assert all(site.store.image(CX600, version).exists() for version in unused)
        answer = pages.post("packages", {"action": "clear"})
        assert answer.status == 400 and "DU1138" in answer.text
        assert pages.after(pages.post("packages", {"action": "clear", "shown": self.shown(pages)})).status == 200
        assert not any(site.store.image(CX600, version).exists() for version in unused)

    def test_operator_may_not(self, site):
        pages = Pages(site, user="operator")
        assert "view=clear" not in pages.get("packages?view=files").text
        assert pages.get("packages?view=clear").status == 403
        assert pages.post("packages", {"action": "clear"}).status == 403
