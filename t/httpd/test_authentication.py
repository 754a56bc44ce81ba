"""Phones outside authenticate: each way that conf/examples shows, with the real thing behind it."""
import http.client
import ssl
import subprocess
import urllib.parse

import pytest

import examples
import phone
from passwords import make_htpasswd
from peer import Directory, Kdc, need, running
from phone import CHECK, CHECK_EXTERNAL, ROOTS_EXTERNAL, Reply, basic, request_xml
from server import MODULES
from sites import finish
from store import APPROVED, CX600, image_path
from tls import Authority
from waiting import until

IMAGE = image_path(CX600, APPROVED)
BODY = request_xml(UserID=None)   # nobody is named, so the audit shows who was authenticated
BASIC = (*examples.TLS_MODULES, "authn_core", "authz_user", "auth_basic")
NO_CERTIFICATE = "AH01630", "AH02227"
REFUSED, OFFERED = ("external", "refused", "unauthenticated", ""), ("external", "offered", "approved")


@pytest.fixture(scope="module")
def authority(workspace):
    """Signs the server's certificate."""
    return Authority(workspace / "authentication").issue("localhost", "DNS:localhost")


def need_module(name, package):
    if not (MODULES / f"mod_{name}.so").exists():
        pytest.skip(f"{package} is not installed")


def run(site, **options):
    """Starts a site, and stops it when the last test of the class is over."""
    site.start(**options)
    yield site
    finish(site)


def recorded(audit, count):
    """What the next records say; a refusal by httpd itself is on record a moment after its answer."""
    until(lambda: len(audit.new()) >= count, f"{count} audit lines")
    return [tuple(line[name] for name in ("Endpoint", "Result", "Reason", "User ID")) for line in audit.new()]


def ask(site, wrap, method, target, headers=None, body=None):
    return phone.ask(site.httpd.tls_port, method, target, {"Host": "localhost", **(headers or {})}, body, wrap=wrap)


class Passwords:
    """What has to be true wherever the passwords are kept."""

    def test_G1_refused_then_answered(self, site, authority):
        """The two steps of a phone outside, on one connection: without a name, then the same request with it."""
        audit = site.audit()
        context = ssl.create_default_context(cafile=authority.certificate)
        connection = http.client.HTTPSConnection("localhost", site.httpd.tls_port, context=context, timeout=30)
        connection.request("POST", CHECK_EXTERNAL, BODY)
        first = connection.getresponse()
        first.read()
        assert (first.status, first.headers["WWW-Authenticate"]) == (401, 'Basic realm="Device Update"')
        through = connection.sock
        connection.request("POST", CHECK_EXTERNAL, BODY, basic("phone"))
        second = connection.getresponse()
        answer = phone.Response(second.status, second.headers, second.read(), None)
        assert connection.sock is through
        connection.close()
        assert Reply(answer).version == APPROVED
        assert recorded(audit, 2) == [REFUSED, (*OFFERED, "phone")]

    def test_a_wrong_password(self, site, authority, ledger):
        """The name that somebody claims to have is not on record."""
        ledger.declare("AH01617", "AH01618")
        audit, wrap = site.audit(), authority.connect("localhost")
        for name, password in (("phone", "wrong"), ("stranger", "secret")):
            assert ask(site, wrap, "POST", CHECK_EXTERNAL, basic(name, password), BODY).status == 401
        assert recorded(audit, 2) == [REFUSED, REFUSED]

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_an_image(self, site, authority, root):
        wrap = authority.connect("localhost")
        assert ask(site, wrap, "GET", f"{root.upper()}/{IMAGE}").status == 401
        answer = ask(site, wrap, "GET", f"{root}/{IMAGE}", basic("phone"))
        assert answer.body == site.store.image(CX600, APPROVED).read_bytes()

    def test_inside_stays_anonymous(self, site, authority):
        assert Reply(ask(site, authority.connect("localhost"), "POST", CHECK, body=BODY)).version == APPROVED


class TestBasic(Passwords):
    @pytest.fixture(scope="class")
    def site(self, new_site, authority):
        made = new_site("TestBasic")
        make_htpasswd(made.store)
        yield from run(made, modules=(*BASIC, "authn_file"),
                       config=examples.outside("auth-basic.conf", authority, PASSWORDS="{root}/htpasswd"))


class TestLdap(Passwords):
    @pytest.fixture(scope="class")
    def directory(self, workspace):
        yield from running(Directory(workspace / "slapd"))

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, directory):
        need_module("authnz_ldap", "apache2-bin with mod_authnz_ldap")
        made = new_site("TestLdap")
        yield from run(made, modules=(*BASIC, "ldap", "authnz_ldap"),
                       config=examples.outside("auth-ldap.conf", authority, **directory.settings(made.root)))


class TestKerberos:
    """With curl, because that is who can do Negotiate."""

    @pytest.fixture(scope="class")
    def kdc(self, workspace):
        yield from running(Kdc(workspace / "kdc", user="alice", service="HTTP/localhost"))

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, kdc):
        need_module("auth_gssapi", "libapache2-mod-auth-gssapi")
        yield from run(new_site("TestKerberos"), modules=(*examples.TLS_MODULES, "authn_core", "authz_user", "auth_gssapi"),
                       config=examples.outside("auth-kerberos.conf", authority, KEYTAB=kdc.keytab))

    @staticmethod
    def curl(site, authority, environment, target, *arguments):
        """Status and body of the last response; curl itself does both steps."""
        url = f"https://localhost:{site.httpd.tls_port}{urllib.parse.quote(target)}"
        out = site.root / "curl.out"
        out.unlink(missing_ok=True)
        done = subprocess.run([need("curl"), "-sS4", "--noproxy", "*", "--negotiate", "-u", ":", "-m", "30",
                               "--cacert", authority.certificate, "-o", out, "-w", "%{http_code}", *arguments, url],
                              env=environment, check=True, capture_output=True, text=True)
        return int(done.stdout), out.read_bytes()

    def check(self, site, authority, environment):
        (site.root / "body").write_bytes(BODY)
        return self.curl(site, authority, environment, CHECK_EXTERNAL, "--data-binary", f"@{site.root}/body",
                         "-H", "Content-Type: text/xml")

    def test_G1_refused_then_answered(self, site, authority, kdc):
        audit = site.audit()
        first = ask(site, authority.connect("localhost"), "POST", CHECK_EXTERNAL, body=BODY)
        assert (first.status, first.headers["WWW-Authenticate"]) == (401, "Negotiate")
        status, body = self.check(site, authority, kdc.tickets())
        assert Reply(phone.Response(status, None, body, None)).version == APPROVED
        lines = recorded(audit, 2)
        assert set(lines[:-1]) == {REFUSED}
        assert lines[-1] == (*OFFERED, f"alice@{kdc.realm}")

    def test_nobody_is_signed_in(self, site, authority, kdc):
        audit = site.audit()
        without = {**kdc.environment(), "KRB5CCNAME": f"FILE:{site.root}/no-tickets"}
        assert self.check(site, authority, without)[0] == 401
        assert set(recorded(audit, 1)) == {REFUSED}

    def test_an_image(self, site, authority, kdc):
        wrap = authority.connect("localhost")
        for root in ROOTS_EXTERNAL:
            assert ask(site, wrap, "GET", f"{root}/{IMAGE}").status == 401
            status, body = self.curl(site, authority, kdc.tickets(), f"{root}/{IMAGE}")
            assert (status, body) == (200, site.store.image(CX600, APPROVED).read_bytes())


class TestClientCertificate:
    @pytest.fixture(scope="class")
    def phones(self, workspace):
        """The authority that signs the phones' certificates."""
        return Authority(workspace / "phones", "phones").issue("desk-17")

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, phones):
        yield from run(new_site("TestClientCertificate"), modules=examples.TLS_MODULES,
                       config=examples.outside("auth-client-certificate.conf", authority, CLIENT_CA=phones.certificate))

    def test_G1_refused_then_answered(self, site, authority, phones, ledger):
        """Nothing to challenge with, so 403; a certificate changes that."""
        ledger.declare(*NO_CERTIFICATE)
        audit = site.audit()
        assert ask(site, authority.connect("localhost"), "POST", CHECK_EXTERNAL, body=BODY).status == 403
        known = authority.connect("localhost", (phones, "desk-17"))
        assert Reply(ask(site, known, "POST", CHECK_EXTERNAL, body=BODY)).version == APPROVED
        assert recorded(audit, 2) == [REFUSED, (*OFFERED, "desk-17")]

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_an_image(self, site, authority, phones, ledger, root):
        ledger.declare(*NO_CERTIFICATE)
        assert ask(site, authority.connect("localhost"), "GET", f"{root}/{IMAGE}").status == 403
        answer = ask(site, authority.connect("localhost", (phones, "desk-17")), "GET", f"{root}/{IMAGE}")
        assert answer.body == site.store.image(CX600, APPROVED).read_bytes()

    def test_of_another_authority(self, site, authority, tmp_path, ledger):
        """Ends in the handshake, so there is no answer and nothing on record."""
        ledger.declare("AH02039")
        audit = site.audit()
        stranger = authority.connect("localhost", (Authority(tmp_path, "others").issue("desk-17"), "desk-17"))
        try:
            answer = ask(site, stranger, "POST", CHECK_EXTERNAL, body=BODY)
        except ssl.SSLError:
            answer = None
        assert answer is None
        assert audit.new() == []

    def test_inside_stays_anonymous(self, site, authority):
        assert Reply(ask(site, authority.connect("localhost"), "POST", CHECK, body=BODY)).version == APPROVED


@pytest.mark.parametrize("example,modules,said", [
    ("auth-basic.conf", (*BASIC, "authn_file"), ""), ("remoteip.conf", ("remoteip", "authz_host"), ""),
    ("auth-ldap.conf", (*BASIC, "ldap", "authnz_ldap"), "AuthLDAPBindPassword"),
    ("auth-kerberos.conf", ("authn_core", "authz_user", "auth_gssapi"), "/etc/apache2/devupdate.keytab"),
    ("auth-client-certificate.conf", examples.TLS_MODULES, "/etc/apache2/devupdate-phones-ca.pem"),
    ("proxy-httpd.conf", ("proxy", "proxy_http", "headers", *examples.TLS_MODULES), "/etc/ssl/certs/updates.example.com.pem")])
def test_settings_of_the_example_itself(own_site, example, modules, said):
    """Nothing is defined before, so what the file itself says is in force: nothing is wrong, or a file is missing."""
    for name, package in (("auth_gssapi", "libapache2-mod-auth-gssapi"), ("authnz_ldap", "mod_authnz_ldap")):
        if name in modules:
            need_module(name, package)
    own_site.prepare(modules=modules, config=f'Include "{examples.EXAMPLES / example}"')
    _, text = own_site.httpd.check()
    assert (said in text) if said else (text == "Syntax OK\n")
