"""Reverse proxies in front, as conf/examples has them: phones inside and outside are served as if there were none."""
import ssl
import urllib.parse

import pytest

import examples
import phone
from edge import EDGES, NAME
from passwords import AUTH_MODULES, make_htpasswd
from peer import running
from phone import CHECK, CHECK_EXTERNAL, ROOTS, ROOTS_EXTERNAL, Reply, basic, request_xml
from sites import finish
from store import APPROVED, CX600, PENDING, image_path
from tls import Authority
from waiting import until

INSIDE, OUTSIDE = "127.0.1.7", "127.0.2.7"     # addresses of phones; the proxies are 127.0.0.1
FIRST_NAME = "ucupdates-r2.example.com"        # what phones look for that nobody has signed in to
IMAGE = image_path(CX600, APPROVED)
TRIED = {"MacAddress": "00-04-F2-0A-0B-0C"}    # a test device, at the site where INSIDE is
BEHIND = '''
Listen 127.0.0.1:{tls_port}
SSLSessionCache "shmcb:{root}/logs/tls(51200)"
%s
Include "%s/auth-basic.conf"
Include "%s/remoteip.conf"
Header always set X-Seen-Host "expr=%%{HTTP_HOST}"
Header always set X-Seen-Forwarded "expr=%%{req:X-Forwarded-For}"
<VirtualHost *:{tls_port}>
    ServerName %s
    SSLEngine on
    SSLCertificateFile "{root}/tls/%s.pem"
    SSLCertificateKeyFile "{root}/tls/%s.key"
</VirtualHost>
'''
# What clients write who know what the proxies write.
FORGED = [{"X-Forwarded-For": INSIDE}, {"x-forwarded-for": f"{INSIDE}, 127.0.0.1"},
          {"X-Forwarded-For": f"127.0.0.1, {INSIDE}", "X-FORWARDED-FOR": INSIDE},
          {"X-Forwarded-For": f"{INSIDE}, {OUTSIDE}", "Forwarded": f"for={INSIDE}", "X-Real-IP": INSIDE,
           "X-Client-IP": INSIDE}]


def configuration():
    settings = examples.defines(PASSWORDS="{root}/htpasswd", PROXIES="127.0.0.1", INSIDE="127.0.1.0/24")
    return BEHIND % (settings, examples.EXAMPLES, examples.EXAMPLES, NAME, NAME, NAME)


def prepare_store(where):
    make_htpasswd(where)
    where.ctl("site", "add", "office", "127.0.1.0/24")
    where.ctl("test-device", "add", "desk", "--mac", TRIED["MacAddress"], "--scope", "site:office")


@pytest.fixture(scope="module")
def tls(workspace):
    return Authority(workspace / "proxies").issue(NAME, f"DNS:{NAME}", f"DNS:{FIRST_NAME}")


@pytest.fixture(scope="module")
def site(new_site, tls):
    """One for all proxies."""
    made = new_site("proxies")
    prepare_store(made.store)
    (made.root / "tls").symlink_to(tls.directory)
    made.start(modules=(*AUTH_MODULES, *examples.TLS_MODULES, "authz_host", "remoteip", "headers"), config=configuration(),
               directives={"DevUpdateInternalURL": f"http://{FIRST_NAME}/RequestHandler/Files",
                           "DevUpdateExternalURL": f"https://{NAME}/RequestHandlerExt/Files"})
    yield made
    finish(made)


@pytest.fixture(scope="module", params=EDGES)
def edge(request, workspace, site, tls):
    yield from running(EDGES[request.param](workspace / f"edge-{request.param}", site, tls))


def ask(edge, method, url, headers=None, body=None, address=OUTSIDE, **options):
    """url as phones have it; its name is in the Host header, and the proxy stands at its address."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Host": parts.netloc, **(headers or {})}
    if parts.scheme == "https":
        options.setdefault("wrap", edge.tls.connect(parts.hostname))
    return phone.ask(edge.https if parts.scheme == "https" else edge.http, method, parts.path, headers, body,
                     address=address, **options)


def check(edge, url, headers=None, address=OUTSIDE, **fields):
    return ask(edge, "POST", url, {"Content-Type": "text/xml", **(headers or {})}, request_xml(**fields), address)


class TestProxy:
    @pytest.mark.parametrize("url", [f"http://{FIRST_NAME}{CHECK}", f"https://{FIRST_NAME}{CHECK}"])
    def test_G1_inside_without_a_name(self, site, edge, url):
        audit = site.audit()
        assert Reply(check(edge, url, address=INSIDE)).version == APPROVED
        record = audit.one()
        assert (record["Endpoint"], record["Result"], record["User Host Address"]) == ("internal", "offered", INSIDE)

    def test_G1_outside_without_a_name(self, site, edge):
        audit = site.audit()
        answer = check(edge, f"https://{NAME}{CHECK_EXTERNAL}")
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Device Update"')
        assert audit.refused_by_httpd()["User Host Address"] == OUTSIDE
        for root in ROOTS_EXTERNAL:
            assert ask(edge, "GET", f"https://{NAME}{root}/{IMAGE}").status == 401

    def test_G1_outside_with_a_name(self, site, edge):
        audit = site.audit()
        answer = check(edge, f"https://{NAME}{CHECK_EXTERNAL}", basic("phone"), UserID=None)
        assert Reply(answer).version == APPROVED
        record = audit.one()
        assert [record[name] for name in ("Endpoint", "Result", "User Host Address", "User ID")] == [
            "external", "offered", OUTSIDE, "phone"]

    def test_G2_what_the_reply_names_can_be_fetched(self, site, edge):
        """Inside by HTTP and outside by HTTPS, from the very URLs of the reply."""
        image = site.store.image(CX600, APPROVED).read_bytes()
        inside = Reply(check(edge, f"http://{FIRST_NAME}{CHECK}", address=INSIDE))
        assert inside.base.startswith("http://")
        assert ask(edge, "GET", f"{inside.base}/{inside.files[0]['Filename']}", address=INSIDE).body == image
        outside = Reply(check(edge, f"https://{NAME}{CHECK_EXTERNAL}", basic("phone")))
        assert outside.external_base.startswith("https://")
        url = f"{outside.external_base}/{outside.files[0]['Filename']}"
        assert ask(edge, "GET", url).status == 401
        assert ask(edge, "GET", url, basic("phone")).body == image

    @pytest.mark.parametrize("host", [FIRST_NAME, FIRST_NAME.upper(), "192.168.7.81", "192.168.7.81:80", "[fd00::1]"])
    def test_G3_before_anybody_has_signed_in(self, edge, host):
        """By the name that phones look up, or by the address that they found."""
        answer = check(edge, f"http://{FIRST_NAME}{CHECK}", {"Host": host}, INSIDE, UserID=None)
        assert Reply(answer).version == APPROVED
        assert answer.headers["X-Seen-Host"] == host

    def test_G3_with_the_name_in_the_certificate(self, edge):
        answer = check(edge, f"https://{FIRST_NAME}{CHECK}", address=INSIDE, UserID=None)
        assert Reply(answer).version == APPROVED
        assert answer.headers["X-Seen-Host"] == FIRST_NAME

    def test_a_part_of_an_image(self, site, edge):
        image = site.store.image(CX600, APPROVED).read_bytes()
        for url, headers, address in ((f"http://{FIRST_NAME}{ROOTS[0]}/{IMAGE}", {}, INSIDE),
                                      (f"https://{NAME}{ROOTS_EXTERNAL[0]}/{IMAGE}", basic("phone"), OUTSIDE)):
            whole = ask(edge, "GET", url, headers, address=address)
            assert (whole.status, whole.body, whole.headers["Accept-Ranges"]) == (200, image, "bytes")
            wanted = {**headers, "Range": "bytes=1000-70999", "If-Range": whole.headers["ETag"]}
            part = ask(edge, "GET", url, wanted, address=address)
            assert (part.status, part.body) == (206, image[1000:71000])
            assert part.headers["Content-Range"] == f"bytes 1000-70999/{len(image)}"

    @pytest.mark.parametrize("headers", FORGED)
    def test_a_forged_address(self, site, edge, headers):
        """The phone is a test device where it says it is, but it is not there: the approved version for it, and its own
        address on record."""
        inside = check(edge, f"https://{NAME}{CHECK_EXTERNAL}", basic("phone"), INSIDE, **TRIED)
        assert Reply(inside).version == PENDING
        audit = site.audit()
        outside = check(edge, f"https://{NAME}{CHECK_EXTERNAL}", {**basic("phone"), **headers}, **TRIED)
        assert Reply(outside).version == APPROVED
        assert not outside.headers["X-Seen-Forwarded"], "the proxy has passed on what the client wrote"
        assert audit.one()["User Host Address"] == OUTSIDE

    @pytest.mark.parametrize("path", [CHECK, CHECK.upper(), f"/{CHECK}", "/RequestHandlerExt/.." + CHECK,
                                      "/%52equestHandler/ucdevice.upx", "/RequestHandlerExt/%2e%2e" + CHECK])
    @pytest.mark.parametrize("headers", [{}, FORGED[0]])
    def test_what_is_for_inside_stays_inside(self, site, edge, ledger, path, headers):
        ledger.declare("AH01630")
        audit = site.audit()
        assert check(edge, f"http://{NAME}{path}", headers).status == 403
        assert audit.refused_by_httpd("forbidden", "internal")["User Host Address"] == OUTSIDE

    def test_TLS_1_2_with_an_RSA_certificate(self, edge):
        """What the youngest firmware of the old phones can do."""
        def only_that(context):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-GCM-SHA256")

        seen = []

        def wrap(plain):
            connection = edge.tls.connect(NAME, change=only_that)(plain)
            seen.append(connection.version())
            return connection

        answer = ask(edge, "POST", f"https://{NAME}{CHECK_EXTERNAL}", basic("phone"), request_xml(), wrap=wrap)
        assert Reply(answer).version == APPROVED
        assert seen == ["TLSv1.2"]


class TestPastTheProxy:
    """A client that gets to the ports behind is no proxy, whatever it sends."""

    @pytest.mark.parametrize("headers", FORGED)
    def test_a_forged_address(self, site, ledger, headers):
        ledger.declare("AH01630")
        audit = site.audit()
        body = request_xml(**TRIED)
        assert site.check(body, headers=headers, address=OUTSIDE).status == 403
        assert site.offered(body, target=CHECK_EXTERNAL, headers={**basic("phone"), **headers}, address=OUTSIDE) == APPROVED
        until(lambda: len(audit.new()) == 2, "both are on record")
        assert {(record["Endpoint"], record["Reason"], record["User Host Address"]) for record in audit.new()} == {
            ("internal", "forbidden", OUTSIDE), ("external", "approved", OUTSIDE)}

    def test_inside(self, site):
        assert site.offered(request_xml(**TRIED), address=INSIDE) == PENDING
