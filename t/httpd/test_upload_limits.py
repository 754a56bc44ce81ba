"""What does not fit, does not come, or comes too slowly: a clear answer, one record, no file, and phones go on."""
import os
import pathlib
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import phone
import place
import upload
from phone import ask, head, send
from store import APPROVED, CX600, image_path
from upload import END, FORM, LOG, RAW, Watch, chunked, field, file_part, form, part, query, raw, xml_part
from waiting import until

LIMIT = 20000
TOO_LARGE = "DU0430"
CUT = ("DU0440", "DU0406")


def phones_go_on(site):
    assert site.offered() == APPROVED
    assert site.get(f"{phone.ROOTS[0]}/{image_path(CX600, APPROVED)}").status == 200


class TestSize:
    directives = {"DevUpdateMaxUpload": str(LIMIT)}

    def refused(self, site, answer, watch, reason="too-large", status=413):
        assert answer.status == status
        watch.refused(reason, status)
        phones_go_on(site)

    def test_the_limit_is_accepted(self, site):
        for send_log in (raw, lambda site, data: form(site, xml_part(), file_part(data))):
            watch = Watch(site)
            assert send_log(site, b"x" * LIMIT).status == 200
            watch.stored(b"x" * LIMIT)

    def test_one_byte_more(self, site, ledger):
        ledger.declare(TOO_LARGE)
        for send_log in (raw, lambda site, data: form(site, xml_part(), file_part(data))):
            watch = Watch(site)
            self.refused(site, send_log(site, b"x" * (LIMIT + 1)), watch)

    def test_one_byte_more_in_chunks(self, site, ledger):
        ledger.declare(TOO_LARGE)
        for target, headers, body in ((query(), RAW, b"x" * (LIMIT + 1)),
                                      (phone.CHECK, FORM, xml_part() + file_part(b"x" * (LIMIT + 1)) + END)):
            watch = Watch(site)
            data = head("POST", target, {**headers, "Transfer-Encoding": "chunked"}) + chunked(body)
            self.refused(site, send(site.port, data, "POST"), watch)

    def test_a_length_is_believed_before_the_body_comes(self, site, ledger):
        ledger.declare(TOO_LARGE)
        for headers in (RAW, FORM):
            watch = Watch(site)
            data = head("POST", query(), {**headers, "Content-Length": "1000000000"}) + b"x"
            self.refused(site, send(site.port, data, "POST", half_close=True), watch)

    def test_a_client_that_waits_for_100_is_not_told_to_go_on(self, site, ledger):
        ledger.declare(TOO_LARGE)
        watch = Watch(site)
        data = head("POST", query(), {**RAW, "Content-Length": "1000000", "Expect": "100-continue"})
        self.refused(site, send(site.port, data, "POST", half_close=True), watch)

    @pytest.mark.parametrize("before", [b"", xml_part()], ids=["preamble", "part"])
    def test_endless_chunks_end(self, site, ledger, before):
        ledger.declare(TOO_LARGE)
        watch = Watch(site)
        start = before + (b"--" + upload.BOUNDARY.encode() + b"\r\n\r\n" if before else b"")
        data = head("POST", phone.CHECK, {**FORM, "Transfer-Encoding": "chunked"}) + chunked(start)[:-5]
        self.refused(site, send(site.port, data + b"1000\r\n%s\r\n" % (b" " * 4096) * 100, "POST", half_close=True), watch)

    def test_endless_headers_end(self, site, ledger):
        ledger.declare("DU0402")
        watch = Watch(site)
        name = b'Content-Disposition: form-data; name="' + b"n" * 1000000 + b'"'
        data = head("POST", phone.CHECK, {**FORM, "Transfer-Encoding": "chunked"}) + chunked(part(b"x", name))
        self.refused(site, send(site.port, data, "POST"), watch, "malformed", 400)


class TestForm:
    def test_a_part_name_of_1_mb(self, site, ledger):
        ledger.declare("DU0402")
        watch = Watch(site)
        name = b'Content-Disposition: form-data; name="' + b"n" * 1000000 + b'"'
        assert form(site, part(b"x", name)).status == 400
        watch.refused("malformed", 400)
        phones_go_on(site)

    def test_a_hundred_parts(self, site, ledger):
        ledger.declare("DU0404")
        watch = Watch(site)
        assert form(site, xml_part(), *[field(f"f{n}", "v") for n in range(100)], file_part()).status == 400
        watch.refused("malformed", 400)
        phones_go_on(site)

    def test_a_hundred_logs(self, site, ledger):
        ledger.declare("DU0432")
        watch = Watch(site)
        assert form(site, xml_part(), *[file_part()] * 100).status == 400
        watch.refused("no-file", 400)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
    def test_half_sent(self, site, ledger, share):
        ledger.declare(*CUT)
        for target, headers, body in ((query(), RAW, LOG * 100), (phone.CHECK, FORM, xml_part() + file_part(LOG * 100) + END)):
            watch = Watch(site)
            data = head("POST", target, {**headers, "Content-Length": str(len(body))}) + body[:int(len(body) * share)]
            answer = send(site.port, data, "POST", half_close=True)
            assert answer is None or answer.status == 400
            until(watch.new, "the record is there")
            watch.refused("incomplete", 400)
        phones_go_on(site)

    def test_a_client_that_is_gone(self, site, ledger):
        ledger.declare(*CUT)
        watch = Watch(site)
        with socket.create_connection(("127.0.0.1", site.port)) as connection:
            connection.sendall(head("POST", query(), {**RAW, "Content-Length": "100000"}) + b"x" * 50000)
            until(watch.new_files, "the upload is in staging")
            assert all("/.staging/" in name for name in watch.new_files())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        until(watch.new, "the record is there")
        watch.refused("incomplete", 400)

    def test_a_body_longer_than_its_length(self, site):
        watch = Watch(site)
        answer = send(site.port, head("POST", query(), {**RAW, "Content-Length": "10"}) + LOG, "POST")
        assert answer.status == 200
        watch.stored(LOG[:10])

    def test_a_multipart_body_longer_than_its_length(self, site, ledger):
        ledger.declare(*CUT)
        watch = Watch(site)
        body = xml_part() + file_part() + END
        data = head("POST", phone.CHECK, {**FORM, "Content-Length": str(len(body) - 20)}) + body
        assert send(site.port, data, "POST").status == 400
        watch.refused("malformed", 400)

    def test_broken_chunks(self, site, ledger):
        ledger.declare(*CUT, "AH01590", "AH02901")
        watch = Watch(site)
        data = head("POST", query(), {**RAW, "Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\nzz\r\n"
        assert send(site.port, data, "POST").status == 400
        watch.refused("incomplete", 400)


class TestSlow:
    modules = ("reqtimeout",)
    config = "RequestReadTimeout header=5 body=1"

    def test_it_is_given_up(self, site, ledger):
        ledger.declare("DU0440", "AH01382")
        watch = Watch(site)
        with socket.create_connection(("127.0.0.1", site.port), 30) as connection:
            connection.sendall(head("POST", query(), {**RAW, "Content-Length": "100000"}) + b"x" * 1000)
            answer = phone.parse(connection.recv(65536), "POST")
        assert answer.status == 408
        watch.refused("incomplete", 408)
        phones_go_on(site)


class TestWarnings:
    def test_one_a_minute_for_a_client(self, site, ledger):
        ledger.declare("DU0411")
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda _: raw(site, target=query(type="Audio"), address="127.0.0.12").status, range(60)))
        assert set(answers) == {415}
        assert 1 <= ledger.count("DU0411") <= 2, "the minute may have ended meanwhile"


class TestQuota:
    """Seed G4: a full log store is nobody's problem but the uploads'."""
    directives = {"DevUpdateUploadQuota": "50000", "DevUpdateUploadQuotaPerDevice": "20000"}

    def test_G4_log_store_at_quota(self, site, ledger):
        ledger.declare("DU0422", "DU0421")
        for serial in range(100):
            watch = Watch(site)
            answer = raw(site, b"x" * 10000, query(serial=f"s{serial}"))
            if answer.status != 200:
                break
            watch.stored(b"x" * 10000)
        assert answer.status == 507
        watch.refused("quota", 507)
        stored = sum((site.store.files / name).stat().st_size for name in upload.files(site))
        children = len(site.httpd.children())
        assert 50000 <= stored <= 50000 * children, "each child may be a minute behind the others"
        for _ in range(20):
            phones_go_on(site)

    def test_of_one_device(self, more_sites):
        site = more_sites("device-quota").start(directives=self.directives)
        site.ledger.declare("DU0421")
        watch = Watch(site)
        assert [raw(site, b"x" * 10000).status for _ in range(4)] == [200, 200, 507, 507]
        assert len(watch.new_files()) == 2
        assert [record["Reason"] for record in watch.new()] == ["", "", "device-quota", "device-quota"]
        assert raw(site, b"x", query(serial="another")).status == 200


class TestFreeSpace:
    directives = {"DevUpdateMinFreeSpace": str(1 << 50)}

    def test_too_little(self, site, ledger):
        ledger.declare("DU0423")
        watch = Watch(site)
        assert raw(site).status == 507
        watch.refused("disk-full", 507)
        phones_go_on(site)


def made(site):
    """The directory of device logs before there is one."""
    directory = site.store.files / upload.CLIENT
    directory.mkdir(parents=True)
    place.give(site.store.files)
    return directory


class TestFullDisk:
    @pytest.fixture
    def small_disk(self, own_site):
        """The directory of device logs is a disk of 256 KiB."""
        directory = made(own_site)
        mounted = place.AS_ROOT and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "none", directory], capture_output=True, check=False).returncode == 0
        if not mounted:
            pytest.skip("a small disk cannot be mounted here")
        yield own_site
        own_site.httpd.stop()
        subprocess.run(["umount", "-l", directory], check=True)

    def test_507_and_nothing_left(self, small_disk):
        site = small_disk.start()
        site.ledger.declare("DU0420")
        assert raw(site, b"x" * 100000).status == 200
        watch = Watch(site)
        for send_log in (raw, lambda site, data: form(site, xml_part(), file_part(data))):
            assert send_log(site, b"x" * 200000).status == 507
        assert [record["Reason"] for record in watch.new()] == ["disk-full"] * 2
        assert not watch.new_files()
        phones_go_on(site)
        assert raw(site, b"x" * 100000).status == 200, "there is room again at once"

    def test_nowhere_to_write(self, own_site):
        directory = made(own_site)
        directory.chmod(0o555)
        if place.AS_ROOT:
            os.chown(directory, 0, 0)
        site = own_site.start()
        site.ledger.declare("DU0420")
        watch = Watch(site)
        assert [raw(site).status for _ in range(5)] == [500] * 5
        assert {record["Reason"] for record in watch.new()} == {"not-written"}
        phones_go_on(site)


class TestExternal:
    def test_refused_and_on_record(self, site):
        watch = Watch(site)
        target = query().replace(phone.CHECK, phone.CHECK_EXTERNAL)
        assert raw(site, target=target).status == 403
        record = watch.refused("unauthenticated", 403)
        assert (record["Endpoint"], record["User"], record["Type"]) == ("external", "", "CELog")


class TestExternalWithUsers:
    modules = ("auth_basic", "authn_file", "authn_core", "authz_user")
    config = '<Location "/RequestHandlerExt">\nAuthType Basic\nAuthName x\nAuthUserFile "{root}/users"\nRequire valid-user\n</Location>'

    @pytest.fixture(autouse=True)
    def users(self, site):
        (site.root / "users").write_text("kim:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")   # "secret"

    def test_refused_by_httpd_and_on_record(self, site, ledger):
        ledger.declare("AH01617")
        target = query().replace(phone.CHECK, phone.CHECK_EXTERNAL)
        for headers in ({}, phone.basic("kim", "wrong")):
            watch, audit = Watch(site), site.audit()
            assert raw(site, target=target, headers=headers).status == 401
            until(watch.new, "the refusal is on record")
            assert watch.refused("unauthenticated", 401)["User"] == ""
            assert not audit.new(), "an upload is no check"

    def test_stored_for_a_user(self, site):
        watch = Watch(site)
        target = query().replace(phone.CHECK, phone.CHECK_EXTERNAL)
        assert raw(site, target=target, headers=phone.basic("kim")).status == 200
        record = watch.stored()
        assert (record["Endpoint"], record["User"]) == ("external", "kim")


def peak_memory(pid):
    """KiB, the most that the process ever had."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


class TestMemory:
    mpm = "prefork"
    config = "MaxSpareServers 4\nMaxRequestWorkers 4\n"   # as many as are started, so that the same ones take them all

    def test_it_does_not_depend_on_the_size(self, site, ledger):
        ledger.declare("AH00161")
        def upload_to_all(size):
            body = b"x" * size
            with ThreadPoolExecutor(8) as crowd:
                answers = [crowd.submit(raw, site, body, query(serial=f"s{number}")) for number in range(12)]
                answers += [crowd.submit(form, site, file_part(body), target=query(filename=None, serial=f"f{number}"))
                            for number in range(12)]
            assert {answer.result().status for answer in answers} == {200}

        upload_to_all(300000)
        before = {pid: peak_memory(pid) for pid in site.httpd.children()}
        upload_to_all(10485760)
        grown = {pid: peak_memory(pid) - memory for pid, memory in before.items()}
        assert max(grown.values()) < 2048, f"KiB: {grown}"


class TestManyAtOnce:
    config = "MaxRequestWorkers 128\nServerLimit 16\n"

    def test_64_at_once_and_phones_go_on(self, site):
        watch = Watch(site)
        bodies = [os.urandom(16) + b"%d" % number * 500000 for number in range(64)]
        with ThreadPoolExecutor(68) as crowd:
            answers = [crowd.submit(raw, site, body, query(serial=f"s{number}")) for number, body in enumerate(bodies)]
            checks = [crowd.submit(site.offered) for _ in range(100)]
            assert {check.result() for check in checks} == {APPROVED}
            assert {answer.result().status for answer in answers} == {200}
        assert sorted((site.store.files / record["Stored File"]).read_bytes() for record in watch.new()) == sorted(bodies)
        assert len(watch.new_files()) == 64
