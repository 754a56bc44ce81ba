"""Outside of the firewall: nothing without an authenticated user, also when the configuration forgot to ask for one."""
import base64
import subprocess

import pytest

import phone
from phone import CHECK, CHECK_EXTERNAL, ROOTS, ROOTS_EXTERNAL, Reply, ask, request_xml
from store import APPROVED, CX600, image_path

IMAGE = image_path(CX600, APPROVED)
AUTH_MODULES = ("authn_core", "authn_file", "authz_user", "auth_basic")
PROTECTED = '''
<LocationMatch "(?i)^/(RequestHandlerExt|DeviceUpdateFiles_Ext)/">
    AuthType Basic
    AuthName "Device Update"
    AuthBasicProvider file
    AuthUserFile "{root}/htpasswd"
    %s
</LocationMatch>
'''


def basic(user, password="secret"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def make_htpasswd(store):
    path = store.directory.parent / "htpasswd"
    subprocess.run(["htpasswd", "-cbB", "-C", "4", path, "phone", "secret"], check=True, capture_output=True)


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
        answer = site.check(target=CHECK_EXTERNAL)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Device Update"'

    def test_a_wrong_password(self, site, ledger):
        ledger.declare("AH01617")
        assert site.check(target=CHECK_EXTERNAL, headers=basic("phone", "wrong")).status == 401
        assert site.get(f"{ROOTS_EXTERNAL[0]}/{IMAGE}", basic("phone", "wrong")).status == 401

    def test_inside_nobody_is_asked(self, site):
        assert site.offered() == APPROVED
        assert all(site.get(f"{root}/{IMAGE}").status == 200 for root in ROOTS)


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
