"""People sign in to the pages in each way that conf/examples/pages-sign-in.conf shows, with the real thing behind it."""
import re
import ssl
import subprocess

import pytest

import examples
import pages
import phone
from peer import Directory, Kdc, need, running
from sites import finish
from test_authentication import need_module
from tls import Authority

# The pages as everywhere, but for who is asked who somebody is.
CONFIG = re.sub(r"(?m)^ +(Auth\w+|Require) .*\n", "", pages.CONFIG)
MODULES = ("authz_user", "authz_core", "alias", "mime", pages.cgi_module())


@pytest.fixture(scope="module")
def authority(workspace):
    return Authority(workspace / "sign-in").issue("localhost", "DNS:localhost")


def run(site, authority, way, roles, modules=(), **settings):
    """A site whose pages are behind that way, and these roles in its store."""
    pages.prepare(site.store, users=())
    for account, role in roles.items():
        site.store.ctl("role", "set", account, role)
    config = CONFIG + f"Define DEVUPDATE_PAGES_{way}\n" + examples.outside("pages-sign-in.conf", authority, **settings)
    site.start(modules=(*MODULES, *examples.TLS_MODULES, *modules), config=config)
    yield site
    finish(site)


def ask(site, wrap, headers=(), target="/devupdate/index"):
    return phone.ask(site.httpd.tls_port, "GET", target, {"Host": "localhost", "Accept": "text/html", **dict(headers)}, wrap=wrap)


def account(answer):
    """Who the page says one is, and as what."""
    assert answer.status == 200, answer
    text = re.sub(r"<[^>]*>", " ", re.search(r'<p class="account">.*?</p>', answer.body.decode(), re.S)[0])
    return tuple(text.split())


class TestLdap:
    @pytest.fixture(scope="class")
    def directory(self, workspace):
        yield from running(Directory(workspace / "slapd-pages"))

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, directory):
        need_module("authnz_ldap", "apache2-bin with mod_authnz_ldap")
        made = new_site("TestLdapPages")
        yield from run(made, authority, "LDAP", {"phone": "operator"}, ("authn_core", "auth_basic", "ldap", "authnz_ldap"),
                       **directory.settings(made.root))

    def test_who_the_directory_knows(self, site, authority, ledger):
        ledger.declare("AH01617", "AH01618")
        wrap = authority.connect("localhost")
        assert account(ask(site, wrap, phone.basic("phone"))) == ("phone", "operator")
        assert ask(site, wrap).status == ask(site, wrap, phone.basic("phone", "wrong")).status == 401


class TestKerberos:
    @pytest.fixture(scope="class")
    def kdc(self, workspace):
        yield from running(Kdc(workspace / "kdc-pages", user="alice", service="HTTP/localhost"))

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, kdc):
        need_module("auth_gssapi", "libapache2-mod-auth-gssapi")
        yield from run(new_site("TestKerberosPages"), authority, "KERBEROS", {f"alice@{kdc.realm}": "viewer"}, ("authn_core", "auth_gssapi"),
                       KEYTAB=kdc.keytab)

    def test_who_has_a_ticket(self, site, authority, kdc):
        first = ask(site, authority.connect("localhost"))
        assert (first.status, first.headers["WWW-Authenticate"]) == (401, "Negotiate")
        done = subprocess.run([need("curl"), "-sS4", "--noproxy", "*", "--negotiate", "-u", ":", "-m", "30", "--cacert", authority.certificate,
                               "-H", "Accept: text/html", f"https://localhost:{site.httpd.tls_port}/devupdate/index"],
                              env=kdc.tickets(), check=True, capture_output=True)
        assert account(phone.Response(200, None, done.stdout, None)) == (f"alice@{kdc.realm}", "viewer")


class TestCertificate:
    @pytest.fixture(scope="class")
    def people(self, workspace):
        """The authority that signs the certificates of people."""
        return Authority(workspace / "people", "people").issue("kim").issue("lee")

    @pytest.fixture(scope="class")
    def site(self, new_site, authority, people):
        yield from run(new_site("TestCertificatePages"), authority, "CERTIFICATE", {"kim": "administrator"}, ADMIN_CA=people.certificate)

    def test_who_has_one(self, site, authority, people):
        assert account(ask(site, authority.connect("localhost", (people, "kim")))) == ("kim", "administrator")
        refused = ask(site, authority.connect("localhost", (people, "lee")))
        assert refused.status == 403 and b"lee" in refused.body

    def test_who_has_none(self, site, authority, ledger):
        """Ends in the handshake."""
        ledger.declare("AH02261")
        try:
            answer = ask(site, authority.connect("localhost"))
        except (ssl.SSLError, ConnectionError):
            answer = None
        assert answer is None
