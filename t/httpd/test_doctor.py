"""devupdatectl doctor: a healthy service, and each thing that can be wrong with one, broken for real."""
import contextlib
import glob
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest

import examples
import place
from passwords import AUTH_MODULES, make_htpasswd
from peer import Peer, need, running
from sites import finish
from store import APPROVED, CX600, Store
from test_store_faults import silent_server
from tls import Authority
from visit import NameServer, TimeServer, TlsServer, doctor
from waiting import until

FIRST, OUTER = "ucupdates-r2.example.com", "updates.example.com"
PROXY = "127.0.0.9"   # where nginx comes from
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
CONFIG = '''
Listen 127.0.0.1:{tls_port}
SSLSessionCache "shmcb:{root}/logs/tls(51200)"
Define DEVUPDATE_PASSWORDS "{root}/htpasswd"
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy %s
Include "%s/auth-basic.conf"
<VirtualHost *:{tls_port}>
    ServerName %s
    SSLEngine on
    SSLCertificateFile "{root}/tls/%s.pem"
    SSLCertificateKeyFile "{root}/tls/%s.key"
</VirtualHost>
''' % (PROXY, examples.EXAMPLES, OUTER, OUTER, OUTER)


def pair(findings):
    return {(finding.id, finding.level) for finding in findings if finding.id}


def of(visit, *checks):
    """Findings of some checks."""
    return [finding for finding in visit.findings if finding.check in checks]


@pytest.fixture(scope="module")
def tls(workspace):
    names = [f"DNS:{name}" for name in (OUTER, FIRST, "ucupdates-r2")]
    return Authority(workspace / "doctor").issue(OUTER, *names, days=90)


@pytest.fixture(scope="module")
def site(new_site, tls):
    made = new_site("doctor")
    make_htpasswd(made.store)
    (made.root / "tls").symlink_to(tls.directory)
    (made.root / "netrc").write_text("default login phone password secret\n")
    place.give(made.root / "netrc")
    made.start(modules=(*AUTH_MODULES, *examples.TLS_MODULES, "remoteip"), config=CONFIG)
    with contextlib.closing(sqlite3.connect(made.store.database)) as connection:
        until(lambda: connection.execute("SELECT count(*) FROM node").fetchone()[0], "the node's word")
    yield made
    finish(made)


@pytest.fixture
def names():
    made = NameServer()
    made.names = {FIRST: ["127.0.0.1"], OUTER: ["127.0.0.1"]}
    yield made
    made.stop()


@pytest.fixture
def clock():
    made = TimeServer()
    yield made
    made.stop()


@pytest.fixture
def ill(site, tmp_path_factory, workspace):
    """A store and a file store of its own, as the site has them, to be broken."""
    made = Store(workspace / tmp_path_factory.mktemp("ill").name).copy_of(site.store)
    yield made
    shutil.rmtree(made.directory)


def where(store):
    return ["--store", store.spec, "--files", store.files]


def everything(site, names, clock):
    return [*where(site.store), "doctor", f"http://{FIRST}:{site.port}", "--external", f"https://{OUTER}:{site.httpd.tls_port}",
            "--resolver", names.where, "--ntp", clock.where, "--ca-file", site.root / "tls" / "authority.pem",
            "--netrc-file", site.root / "netrc"]


def later(amount):
    """The environment of a program whose clock is ahead."""
    if not FAKETIME:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    if os.environ.get("SANITIZER_RUNTIME"):
        pytest.skip("libfaketime and AddressSanitizer both want to be the first library of a process")
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": amount}


class TestHealthy:
    def test_everything_is_right(self, site, names, clock):
        visit = doctor(*everything(site, names, clock), as_httpd=True)
        assert {finding.level for finding in visit.findings} == {"ok"}, visit.out
        checks = ["dns", "certificate", "chain", "inside", "outside", "clock", "store", "images", "nodes", "rights", "space",
                  "quota", "files", "proxy"]
        assert list(dict.fromkeys(finding.check for finding in visit.findings)) == checks
        roots = [finding.text for finding in of(visit, "files")]
        for root in ("/RequestHandler/Files", "/DeviceUpdateFiles_Int", "/RequestHandlerExt/Files", "/DeviceUpdateFiles_Ext"):
            assert sum(f"{root}/UCPhone/" in text for text in roots) == 1, roots

    def test_it_is_no_phone(self, site, names, clock):
        """Only what it was refused is there as that of a stranger, who is the host itself: a refusal does not say more."""
        doctor(*everything(site, names, clock))
        site.store.ctl("ingest")
        (stranger,) = json.loads(site.store.ctl("--json", "device", "list"))["phones"]
        assert (stranger["address"], stranger["model"], stranger["state"]) == ("127.0.0.1", None, "refused")
        assert "devupdatectl" not in site.store.ctl("device", "unknown")

    def test_lines(self, site):
        done = subprocess.run([os.environ["CTL"], "doctor", f"http://127.0.0.1:{site.port}"], text=True, capture_output=True,
                              check=False)
        lines = done.stdout.splitlines()
        assert f"ok       inside       http://127.0.0.1:{site.port}/RequestHandler/ucdevice.upx answers a check without a name" in lines
        assert "skipped  store        neither --store nor --files was given" in lines
        assert (done.returncode, done.stderr, lines[-1]) == (0, "", "8 ok, 12 skipped, 0 warnings, 0 problems")

    def test_without_a_url(self, site):
        visit = doctor(*where(site.store), "doctor")
        assert {finding.check for finding in of(visit, "dns", "certificate", "chain", "inside", "outside", "files", "proxy")
                if finding.level != "skipped"} == set()
        assert {finding.level for finding in of(visit, "store", "images", "nodes", "space", "quota")} == {"ok"}

    @pytest.mark.parametrize("arguments, number", [
        (["nonsense"], "DU1001"), (["ftp://a.example"], "DU1001"), (["http://a.example/elsewhere"], "DU1001"),
        (["http://me@a.example"], "DU1001"), (["--external", "http://"], "DU1001"), (["--resolver", ":::"], "DU1002"),
        (["--ntp", "a:b:c"], "DU1002"), (["--quota", "much"], "DU1004"), (["--quota", "0"], "DU1004")])
    def test_wrong_usage(self, arguments, number):
        done = subprocess.run([os.environ["CTL"], "doctor", *arguments], text=True, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, "") and number in done.stderr, done


class TestNames:
    def visit(self, site, names, *arguments, host=FIRST):
        return pair(of(doctor("doctor", f"http://{host}:{site.port}", "--resolver", names.where, *arguments), "dns"))

    def test_no_such_name(self, site, names):
        assert self.visit(site, names, "--domain", "elsewhere.example") == {("DU1006", "problem")}

    def test_no_A_record(self, site, names):
        names.names[FIRST] = []
        assert self.visit(site, names, host="127.0.0.1") == set()   # an address has no domain
        assert self.visit(site, names, "--domain", "example.com", host="127.0.0.1") == {("DU1006", "problem")}

    def test_no_answer(self, site, names):
        names.is_silent = True
        assert self.visit(site, names, "--domain", "example.com", host="127.0.0.1") == {("DU1005", "problem")}

    def test_somewhere_else(self, site, names):
        names.names[FIRST] = ["192.0.2.1"]
        assert self.visit(site, names, host=OUTER) == {("DU1008", "warning")}


class TestCertificate:
    """Of servers that show a certificate and nothing else."""

    def visit(self, names, certificate, key, *arguments, host=FIRST, env=None):
        server = TlsServer(certificate, key)
        try:
            return pair(of(doctor("doctor", f"https://{host}:{server.port}", "--resolver", names.where, *arguments, env=env),
                           "certificate", "chain"))
        finally:
            server.stop()

    @pytest.mark.parametrize("alternatives, host, found", [
        (["DNS:" + FIRST, "DNS:ucupdates-r2"], FIRST, set()),
        (["DNS:" + FIRST], FIRST, {("DU1017", "warning")}),
        (["DNS:" + OUTER], OUTER, {("DU1011", "problem")}),
        (["DNS:other.example.com"], FIRST, {("DU1012", "problem")}),
        (["DNS:*.example.com", "DNS:ucupdates-r2"], FIRST, set()),
    ])
    def test_names(self, names, tls, alternatives, host, found):
        tls.issue("names", *alternatives, days=90)
        assert self.visit(names, tls.path("names"), tls.path("names", "key"), "--ca-file", tls.certificate, host=host) == found

    def test_the_subject_is_no_name(self, names, tls):
        tls.issue(FIRST, "IP:192.0.2.1", days=90)   # with a DNS name nobody would look at the subject
        found = self.visit(names, tls.path(FIRST), tls.path(FIRST, "key"), "--ca-file", tls.certificate)
        assert found == {("DU1012", "problem")}

    @pytest.mark.parametrize("amount, found", [
        ("-1d", {("DU1013", "problem")}), ("+91d", {("DU1013", "problem")}), ("+70d", {("DU1014", "warning")}), ("+5d", set())])
    def test_times(self, names, tls, amount, found):
        visit = self.visit(names, tls.path(OUTER), tls.path(OUTER, "key"), "--ca-file", tls.certificate, env=later(amount))
        assert visit == found

    def test_a_key_that_is_not_RSA(self, names, tls):
        tls.issue("curve", f"DNS:{FIRST}", "DNS:ucupdates-r2", days=90,
                  key=["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        found = self.visit(names, tls.path("curve"), tls.path("curve", "key"), "--ca-file", tls.certificate)
        assert found == {("DU1015", "warning")}

    def test_a_private_authority(self, names, tls):
        """Without its certificate it is explained, with that of another one it is a problem."""
        files = tls.path(OUTER), tls.path(OUTER, "key")
        assert self.visit(names, *files) == {("DU1016", "warning")}
        other = Authority(tls.directory / "other", "other")
        assert self.visit(names, *files, "--ca-file", other.certificate) == {("DU1016", "problem")}

    def test_no_bundle(self, names, tls, tmp_path):
        (tmp_path / "empty").write_text("nothing")
        found = self.visit(names, tls.path(OUTER), tls.path(OUTER, "key"), "--ca-file", tmp_path / "empty")
        assert ("DU1007", "problem") in found

    def test_no_TLS_there(self, site, names):
        visit = doctor("doctor", f"https://{FIRST}:{site.port}", "--resolver", names.where)
        assert pair(of(visit, "certificate")) == {("DU1010", "problem")}
        assert pair(of(visit, "inside")) == {("DU1020", "problem")}
        assert pair(of(visit, "outside")) == {("DU1023", "problem")}


class TestClock:
    def visit(self, clock, *arguments, env=None):
        return pair(of(doctor("doctor", *arguments, "--ntp", clock.where, env=env), "clock"))

    @pytest.mark.parametrize("ahead, found", [(0, set()), (-20, {("DU1036", "warning")}), (20, {("DU1036", "warning")}),
                                              (4000, {("DU1036", "problem")})])
    def test_against_NTP(self, clock, site, ahead, found):
        clock.ahead = ahead
        assert self.visit(clock, f"http://127.0.0.1:{site.port}") == found

    @pytest.mark.parametrize("attribute, value", [("is_silent", True), ("stratum", 0), ("is_stranger", True)])
    def test_no_time(self, clock, site, attribute, value):
        setattr(clock, attribute, value)
        assert self.visit(clock, f"http://127.0.0.1:{site.port}") == {("DU1035", "problem")}

    def test_this_host_is_wrong(self, clock, site):
        """The time server and the server agree, so it is this host."""
        visit = doctor("doctor", f"http://127.0.0.1:{site.port}", "--ntp", clock.where, env=later("+1h"))
        assert [(finding.level, finding.text.split(" is ")[0]) for finding in of(visit, "clock")] == [
            ("problem", "this host"), ("ok", "the server")]

    def test_without_NTP(self, site):
        visit = doctor("doctor", f"http://127.0.0.1:{site.port}", env=later("-1h"))
        assert [(finding.id, finding.text) for finding in of(visit, "clock")] == [
            ("DU1036", of(visit, "clock")[0].text)] and "ahead of this host" in of(visit, "clock")[0].text


class Broken(Peer):
    """nginx in front of the site, with a port for each way to spoil it."""
    PASS = f"proxy_pass http://127.0.0.1:{{port}}; proxy_bind {PROXY};"
    ADDRESS = "proxy_set_header X-Forwarded-For $remote_addr;"
    HTML = 'default_type text/html; return 200 "<html><body>Welcome</body></html>";'
    FILE = 'add_header Repr-Digest "sha-256=:AAAA:";'
    WAYS = {
        "good": PASS + ADDRESS,
        "hides": PASS + 'proxy_set_header X-Forwarded-For "";',
        "believes": PASS + "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
        "caches": PASS + ADDRESS + "proxy_cache all; proxy_cache_methods POST; proxy_cache_key $uri; proxy_cache_valid 200 1h;",
        "html": HTML,
        "away": "return 503;",
        "lets in": PASS + ADDRESS + 'proxy_set_header Authorization "Basic cGhvbmU6c2VjcmV0";',
        "asks nobody": PASS + ADDRESS + "proxy_hide_header WWW-Authenticate;",
        "compresses": PASS + ADDRESS + "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;",
        "strips": PASS + ADDRESS + "proxy_hide_header ETag;",
        "another file": PASS + ADDRESS + "proxy_hide_header Repr-Digest;" + FILE,
        "not the old roots": PASS + ADDRESS + "} location /DeviceUpdateFiles_ { return 502;",
        "another size": PASS + ADDRESS + '} location ~ "^/(RequestHandler|DeviceUpdateFiles_Int)/.*nbt$" { return 200 "x";',
        "no files": PASS + ADDRESS + '} location ~ "[.]nbt$" { return 404;',
    }
    port_count = len(WAYS)

    def __init__(self, root, site):
        self.nginx = need("nginx")
        super().__init__(root)
        self.site = site

    def command(self):
        servers = "".join(f"server {{ listen 127.0.0.1:{port}; location / {{ {way.replace('{port}', str(self.site.port))} }} }}\n"
                          for port, way in zip(self.ports, self.WAYS.values()))
        user = f"user {place.ACCOUNT};" if place.AS_ROOT else ""
        paths = "".join(f"{name}_temp_path {self.root}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.root / "nginx.conf").write_text(
            f"daemon off; pid {self.root}/pid; worker_processes 1; {user} events {{ worker_connections 64; }}\n"
            f"http {{ access_log off; proxy_cache_path {self.root}/cache keys_zone=all:1m; {paths}\n"
            f"{servers}}}\n")
        return [self.nginx, "-p", str(self.root), "-c", str(self.root / "nginx.conf"), "-e", str(self.root / "error_log")]

    def port(self, way):
        return self.ports[list(self.WAYS).index(way)]


@pytest.fixture(scope="module")
def proxies(workspace, site):
    yield from running(Broken(workspace / "doctor-proxies", site))


class TestProxy:
    def visit(self, site, proxies, way):
        url = f"http://127.0.0.1:{proxies.port(way)}"
        return doctor(*where(site.store), "doctor", url, "--external", url, "--netrc-file", site.root / "netrc", "--quick")

    @pytest.mark.parametrize("way, found", [
        ("good", set()),
        ("hides", {("proxy", "DU1039", "warning")}),
        ("believes", {("proxy", "DU1038", "problem")}),
        ("caches", {("proxy", "DU1037", "problem")}),
        ("html", {("inside", "DU1022", "problem"), ("outside", "DU1024", "problem"), ("outside", "DU1022", "problem"),
                  ("files", "DU1028", "problem"), ("files", "DU1032", "problem"), ("proxy", "DU1037", "problem")}),
        ("away", {("inside", "DU1021", "problem"), ("outside", "DU1025", "problem"), ("outside", "DU1021", "problem"),
                  ("files", "DU1028", "problem"), ("files", "DU1030", "problem")}),
        ("lets in", {("outside", "DU1024", "problem"), ("files", "DU1028", "problem")}),
        ("asks nobody", {("outside", "DU1026", "warning"), ("outside", "DU1021", "problem"), ("files", "DU1030", "problem")}),
        ("compresses", {("files", "DU1031", "problem")}),
        ("strips", {("files", "DU1034", "warning")}),
        ("another file", {("files", "DU1033", "problem")}),
        ("another size", {("files", "DU1032", "problem")}),
        ("no files", {("files", "DU1030", "problem")}),
        ("not the old roots", {("files", "DU1028", "problem"), ("files", "DU1030", "problem")}),
    ])
    def test_a_proxy_that(self, site, proxies, way, found):
        visit = self.visit(site, proxies, way)
        assert {(finding.check, finding.id, finding.level) for finding in of(visit, "inside", "outside", "files", "proxy")
                if finding.id} == found, visit.out

    def test_other_nodes_files(self, site, ill):
        """What a check leaves is looked for in the file store that was named."""
        visit = doctor(*where(ill), "doctor", f"http://127.0.0.1:{site.port}")
        assert pair(of(visit, "proxy")) == {("DU1037", "problem")}

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            visit = doctor("doctor", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert pair(visit.findings) == {("DU1020", "problem"), ("DU1023", "problem")}

    def test_a_wrong_password(self, site, tmp_path):
        site.ledger.declare("AH01617")
        (tmp_path / "netrc").write_text("default login phone password wrong\n")
        visit = doctor("doctor", f"http://127.0.0.1:{site.port}", "--netrc-file", tmp_path / "netrc")
        assert pair(of(visit, "outside")) == {("DU1021", "problem")}


@contextlib.contextmanager
def mounted(path, options):
    """A file system of its own in place of a directory."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


class TestStore:
    def visit(self, store, *arguments, **options):
        return pair(of(doctor(*where(store), "doctor", *arguments, **options),
                       "store", "images", "nodes", "rights", "space", "quota"))

    def sql(self, store, statement):
        with contextlib.closing(sqlite3.connect(store.database)) as connection:
            connection.execute(statement)
            connection.commit()

    def test_away(self, ill):
        ill.database.unlink()
        assert self.visit(ill) == {("DU1041", "problem")}

    def test_the_server_is_away(self, ill):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            spec = f"pgsql host=127.0.0.1 port={closed.getsockname()[1]} dbname=devupdate connect_timeout=5"
            visit = doctor("--store", spec, "--files", ill.files, "doctor")
        assert pair(of(visit, "store", "images", "nodes")) == {("DU1041", "problem")}

    def test_the_server_hangs(self, ill):
        """What was found before is said, too."""
        with silent_server() as port:
            command = [os.environ["CTL"], "--store", f"pgsql host=127.0.0.1 port={port} user=x", "--files", ill.files, "doctor"]
            asked = [subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for more in ([], ["--json"])]
            said = [(*process.communicate(timeout=60), process.returncode) for process in asked]
        for out, err, code in said:
            assert code == 1 and err == "devupdatectl: DU0509: the store has not answered for 10 seconds\n"
        text, document = said[0][0], json.loads(said[1][0])
        assert "problem  store        the store has not answered for 10 seconds\n" in text and "DU1050" in text
        assert text.endswith("1 problems\n") and text.count("skipped  ") == sum(one["level"] == "skipped" for one in document["findings"]) > 3
        assert document["result"] == "problem" and document["findings"][-1]["id"] == "DU1050"

    def test_another_schema(self, ill):
        self.sql(ill, "UPDATE counter SET value = 1 WHERE name = 'schema'")
        assert self.visit(ill) == {("DU1041", "problem")}

    def test_a_broken_reference(self, ill):
        self.sql(ill, "UPDATE rule SET approved = '9.9' WHERE approved <> ''")
        assert self.visit(ill) == {("DU1043", "problem")}

    @pytest.mark.parametrize("name", ["CPE.nbt", "CPE.cat"])
    def test_a_file_is_missing(self, ill, name):
        ill.image(CX600, APPROVED, name).unlink()
        assert self.visit(ill) == {("DU1043", "problem")}

    def test_a_file_is_cut_off(self, ill):
        path = ill.image(CX600, APPROVED)
        os.truncate(path, path.stat().st_size - 1)
        assert self.visit(ill, "--quick") == {("DU1043", "problem")}

    def test_a_bit_is_wrong(self, ill):
        path = ill.image(CX600, APPROVED)
        with open(path, "r+b") as file:
            byte = file.read(1)[0]
            file.seek(0)
            file.write(bytes([byte ^ 1]))
        assert self.visit(ill) == {("DU1043", "problem")}
        assert self.visit(ill, "--quick") == set()

    def test_a_node_that_is_behind(self, ill):
        now = int(time.time() * 1e6)
        self.sql(ill, f"UPDATE node SET seen = {now}, generation = 1, behind_since = {now - 3600 * 10**6}")
        assert self.visit(ill) == {("DU1044", "problem")}

    def test_a_node_that_is_silent(self, ill):
        assert self.visit(ill, env=later("+10m")) == {("DU1045", "warning")}

    def test_no_node(self, ill):
        self.sql(ill, "DELETE FROM node")
        assert self.visit(ill) == {("DU1046", "warning")}

    @pytest.mark.parametrize("path, mode", [
        ("DeviceUpdateStore", 0o755), ("DeviceUpdateLogs/Server/Audit/ImageUpdates", 0o755), (".", 0o755),
        (f"DeviceUpdateStore/{CX600}/{APPROVED}/CPE/CPE.nbt", 0o600)])
    def test_somebody_elses(self, ill, path, mode):
        if not place.AS_ROOT:
            pytest.skip("only root can give away files")
        (ill.files / path).chmod(mode)
        os.chown(ill.files / path, 0, 0)
        assert self.visit(ill, "--quick", as_httpd=True) == {("DU1047", "problem")}

    def test_an_audit_file_of_somebody_else(self, ill):
        if not place.AS_ROOT:
            pytest.skip("only root can give away files")
        path = next((ill.files / "DeviceUpdateLogs/Server").rglob("*.log"))
        os.chown(path, 0, 0)
        path.chmod(0o644)
        assert self.visit(ill, as_httpd=True) == {("DU1047", "problem")}

    def test_trust_anchors_may_be_roots(self, ill):
        directory = ill.files / "DeviceUpdateTrust"
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)
        if place.AS_ROOT:
            os.chown(directory, 0, 0)
        assert self.visit(ill, as_httpd=True) == set()

    def test_the_disk_is_full(self, ill, tmp_path):
        directory = tmp_path / "full"
        directory.mkdir()
        with mounted(directory, "size=1m,mode=0777"):
            visit = doctor("--store", ill.spec, "--files", directory, "doctor")
        assert pair(of(visit, "space")) == {("DU1049", "problem")}

    def test_hardly_any_inodes(self, ill, tmp_path):
        directory = tmp_path / "crowded"
        directory.mkdir()
        with mounted(directory, "size=100m,nr_inodes=64,mode=0777"):
            for number in range(61):
                (directory / str(number)).touch()
            visit = doctor("--store", ill.spec, "--files", directory, "doctor")
        assert pair(of(visit, "space")) == {("DU1018", "warning")}

    def test_no_file_store(self, ill, tmp_path):
        visit = doctor("--store", ill.spec, "--files", tmp_path / "none", "doctor")
        assert pair(of(visit, "space")) == {("DU1042", "problem")}

    @pytest.mark.parametrize("size, found", [(800, set()), (900, {("DU1003", "warning")}), (1000, {("DU1009", "problem")})])
    def test_quota(self, ill, size, found):
        directory = ill.files / "DeviceUpdateLogs/Client/CELog"
        directory.mkdir(parents=True)
        (directory / "UCPhone_07823-A345-20261101-CELOG010203_0.clg").write_bytes(b"x" * size)
        assert self.visit(ill, "--quota", "1000") == found
