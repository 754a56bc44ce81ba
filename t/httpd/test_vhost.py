"""Where the engine is on, and only there."""
import phone
from phone import ROOTS, offered
from server import free_port
from store import APPROVED, CX600, image_path

IMAGE = f"{ROOTS[0]}/{image_path(CX600, APPROVED)}"


def host(name):
    return {"Host": name}


class TestTwoHosts:
    directives = {"DevUpdateEngine": None}
    config = '''
<VirtualHost *:{port}>
    ServerName on.example
    DevUpdateEngine On
    DevUpdateMaxRequestBody 1024
</VirtualHost>
<VirtualHost *:{port}>
    ServerName off.example
    DevUpdateEngine Off
</VirtualHost>
<VirtualHost *:{port}>
    ServerName silent.example
</VirtualHost>
<VirtualHost *:{port}>
    ServerName also.example
    DevUpdateEngine On
</VirtualHost>
'''

    def test_on(self, site):
        for name in ("on.example", "also.example", "unknown.example", "10.1.2.3"):
            assert site.offered(headers=host(name)) == APPROVED
            assert site.get(IMAGE, host(name)).status == 200

    def test_off(self, site):
        audit = site.audit()
        for name in ("off.example", "silent.example"):
            assert site.check(headers=host(name)).status in (404, 405)
            assert site.get(IMAGE, host(name)).status == 404
            assert site.get(phone.CHECK, host(name)).status == 404
        assert not audit.new()

    def test_limits_are_each_hosts_own(self, site, ledger):
        ledger.declare("DU0210")
        body = phone.request_xml(SerialNumber="x" * 1000)
        assert site.check(body, headers=host("on.example")).status == 413
        assert site.check(body, headers=host("also.example")).status == 200


class TestInheritance:
    """What the main server says holds in virtual hosts that say nothing."""
    config = "<VirtualHost *:{port}>\nServerName any.example\n</VirtualHost>\n"

    def test_on(self, site):
        assert offered(site.port) == APPROVED


class TestMainServerAndHost:
    """One port is the main server's, the other a virtual host's without the engine."""

    def test_each_for_itself(self, own_site):
        other = free_port()
        host_off = f"<VirtualHost *:{other}>\nDevUpdateEngine Off\n</VirtualHost>\n"
        own_site.start(config=f"Listen 127.0.0.1:{other}\n{host_off}")
        assert offered(own_site.port) == APPROVED
        assert phone.check(other).status in (404, 405)


class TestOffEverywhere:
    """Loaded and not used: nothing of it is seen, nothing is required."""
    directives = {name: None for name in ("DevUpdateStore", "DevUpdateFiles", "DevUpdateNode", "DevUpdateInternalURL",
                                          "DevUpdateExternalURL", "DevUpdateRefresh", "DevUpdateEngine")}

    def test_nothing_is_answered(self, site):
        assert site.check().status in (404, 405)
        assert site.get(IMAGE).status == 404
        assert not site.store.kept.exists()
