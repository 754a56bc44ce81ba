"""Outside of the firewall: nothing without an authenticated user, also when the configuration forgot to ask for one."""
import pytest

import phone
import upload
from passwords import AUTH_MODULES, make_htpasswd
from phone import CHECK, CHECK_EXTERNAL, ROOTS, ROOTS_EXTERNAL, Reply, ask, basic, request_xml
from store import APPROVED, CX600, image_path
from waiting import until

IMAGE = image_path(CX600, APPROVED)
PROTECTED = '''
<LocationMatch "(?i)^/(RequestHandlerExt|DeviceUpdateFiles_Ext)/">
    AuthType Basic
    AuthName "Device Update"
    AuthBasicProvider file
    AuthUserFile "{root}/htpasswd"
    %s
</LocationMatch>
'''


class TestAuthenticated:
    modules = AUTH_MODULES
    config = PROTECTED % "Require valid-user"
    prepare_store = staticmethod(make_htpasswd)

    def test_a_check(self, site):
        audit = site.audit()
        assert site.offered(target=CHECK_EXTERNAL, headers=basic("phone")) == APPROVED
        record = audit.one()
        assert (record["Endpoint"], record["Result"], record["User ID"]) == ("external", "offered", "alice@contoso.com")

    def test_the_authenticated_user_stands_in_if_the_request_names_none(self, site):
        audit = site.audit()
        site.check(request_xml(UserID=None), target=CHECK_EXTERNAL, headers=basic("phone"))
        assert audit.one()["User ID"] == "phone"

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_an_image(self, site, root):
        for spelling in (root, root.upper()):
            answer = site.get(f"{spelling}/{IMAGE}", basic("phone"))
            assert answer.body == site.store.image(CX600, APPROVED).read_bytes()

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_no_image_for_strangers(self, site, root):
        answer = site.get(f"{root}/{IMAGE}")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Device Update"'

    def test_no_check_for_strangers(self, site):
        audit = site.audit()
        answer = site.check(target=CHECK_EXTERNAL)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Device Update"'
        audit.refused_by_httpd()

    def test_a_wrong_password(self, site, ledger):
        ledger.declare("AH01617")
        audit = site.audit()
        assert site.check(target=CHECK_EXTERNAL, headers=basic("phone", "wrong")).status == 401
        audit.refused_by_httpd()
        assert site.get(f"{ROOTS_EXTERNAL[0]}/{IMAGE}", basic("phone", "wrong")).status == 401

    def test_inside_nobody_is_asked(self, site):
        assert site.offered() == APPROVED
        assert all(site.get(f"{root}/{IMAGE}").status == 200 for root in ROOTS)

    def test_what_is_no_check_is_not_audited(self, site):
        """One check behind them shows that nothing is still on its way."""
        audit = site.audit()
        for root in ROOTS_EXTERNAL:
            assert site.get(f"{root}/{IMAGE}").status == 401
        assert site.get(CHECK_EXTERNAL).status == 401
        assert ask(site.port, "POST", "/RequestHandlerExt/other", body=b"").status == 401
        assert site.offered() == APPROVED
        assert audit.one()["Endpoint"] == "internal"


class TestRefusedInOtherWays:
    """Whatever httpd's reason is and whatever it answers, an external check that it refuses is on record once."""
    modules = (*AUTH_MODULES, "authz_host")
    config = PROTECTED % '''AuthzSendForbiddenOnFailure On
    <RequireAll>
        Require valid-user
        Require not ip 127.0.3.0/24
        Require not user other
    </RequireAll>''' + '''
ErrorDocument 401 /sorry.html
ErrorDocument 403 /RequestHandlerExt/ucdevice.upx
'''

    @staticmethod
    def prepare_store(where):
        make_htpasswd(where, "phone", "other")
        (where.directory.parent / "htdocs").mkdir()
        (where.directory.parent / "htdocs/sorry.html").write_text("Sorry")

    def test_with_a_page_of_the_administrator(self, site):
        audit = site.audit()
        answer = site.check(target=CHECK_EXTERNAL)
        assert (answer.status, answer.body) == (401, b"Sorry")
        audit.refused_by_httpd()

    def test_authenticated_but_not_admitted(self, site, ledger):
        ledger.declare("AH01631")
        audit = site.audit()
        assert site.check(target=CHECK_EXTERNAL, headers=basic("other")).status == 403
        audit.refused_by_httpd("forbidden")

    def test_by_address(self, site, ledger):
        ledger.declare("AH01630", "AH01631")
        audit = site.audit()
        assert site.check(target=CHECK_EXTERNAL, headers=basic("phone"), address="127.0.3.1").status == 403
        assert audit.refused_by_httpd("forbidden")["User Host Address"] == "127.0.3.1"

    def test_those_that_are_admitted(self, site):
        audit = site.audit()
        assert site.offered(target=CHECK_EXTERNAL, headers=basic("phone")) == APPROVED
        assert audit.one()["Result"] == "offered"


class TestNotAdmittedInside:
    """Inside nobody is asked for a name, but an administrator may say where inside is."""
    modules = ("authz_host",)
    config = '<LocationMatch "(?i)^/RequestHandler/">\nRequire ip 127.0.0.1\n</LocationMatch>'
    away = "127.0.3.1"

    @pytest.fixture(autouse=True)
    def refused(self, ledger):
        ledger.declare("AH01630")

    def test_a_check(self, site):
        audit = site.audit()
        assert site.check(address=self.away).status == 403
        assert audit.refused_by_httpd("forbidden", "internal")["User Host Address"] == self.away

    def test_a_log(self, site):
        watch, audit = upload.Watch(site), site.audit()
        assert upload.raw(site, address=self.away).status == 403
        until(watch.new, "the refusal is on record")
        record = watch.refused("forbidden", 403)
        assert (record["Endpoint"], record["User Host Address"], record["Type"]) == ("internal", self.away, "CELog")
        assert not audit.new(), "an upload is no check"

    def test_what_is_no_check(self, site):
        audit = site.audit()
        assert site.get(CHECK, address=self.away).status == 403
        assert site.get(f"{ROOTS[0]}/{IMAGE}", address=self.away).status == 403
        assert site.offered() == APPROVED
        assert audit.one()["Result"] == "offered"


class TestUserWantedInside:
    modules = AUTH_MODULES
    config = PROTECTED.replace("RequestHandlerExt", "RequestHandler") % "Require valid-user"
    prepare_store = staticmethod(make_htpasswd)

    def test_a_check(self, site):
        audit = site.audit()
        assert site.check().status == 401
        audit.refused_by_httpd("unauthenticated", "internal")

    def test_with_a_user(self, site):
        assert site.offered(headers=basic("phone")) == APPROVED


class TestForgottenRequire:
    """Authentication is configured, but everybody is let in without it: the module refuses."""
    modules = AUTH_MODULES
    config = PROTECTED % "Require all granted"
    prepare_store = staticmethod(make_htpasswd)

    def test_a_check_is_challenged_and_on_record(self, site):
        audit = site.audit()
        answer = site.check(target=CHECK_EXTERNAL)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Device Update"'
        record = audit.one()
        assert (record["Endpoint"], record["Result"], record["Reason"]) == ("external", "refused", "unauthenticated")

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_an_image_is_challenged(self, site, root):
        answer = site.get(f"{root}/{IMAGE}")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Device Update"'


class TestNothingConfigured:
    """No authentication at all: a challenge would lead nowhere."""

    def test_a_check_is_refused_and_on_record(self, site):
        audit = site.audit()
        answer = site.check(target=CHECK_EXTERNAL)
        assert answer.status == 403
        assert "WWW-Authenticate" not in answer.headers
        record = audit.one()
        assert (record["Endpoint"], record["Result"], record["Reason"]) == ("external", "refused", "unauthenticated")

    def test_whatever_a_client_claims(self, site):
        claims = {**basic("phone"), "Remote-User": "phone", "X-Remote-User": "phone", "REMOTE_USER": "phone"}
        assert site.check(target=CHECK_EXTERNAL, headers=claims).status == 403

    @pytest.mark.parametrize("spelling", [CHECK_EXTERNAL, CHECK_EXTERNAL.upper(), "/RequestHandlerExt//ucdevice.upx",
                                          "/RequestHandlerExt/./ucdevice.upx", "/RequestHandlerE%78t/ucdevice.upx",
                                          "/RequestHandler/../RequestHandlerExt/ucdevice.upx"])
    def test_in_any_spelling(self, site, spelling):
        assert site.check(target=spelling).status == 403

    @pytest.mark.parametrize("root", ROOTS_EXTERNAL)
    def test_an_image(self, site, root):
        for method in ("GET", "HEAD"):
            assert ask(site.port, method, f"{root}/{IMAGE}").status == 403
        assert ask(site.port, "GET", f"{root.lower()}/{IMAGE}", {"Range": "bytes=0-1"}).status == 403

    def test_inside_goes_on(self, site):
        assert Reply(phone.check(site.port, target=CHECK)).version == APPROVED
