"""The shipped configuration is one that httpd accepts, as it is and with its external part."""
import os
import pathlib
import re
import subprocess

SHIPPED = pathlib.Path(os.environ["srcdir"], "conf/devupdate.conf.in")
MODULES = ["authz_core", "reqtimeout"]
EXTERNAL = re.compile(r"(?ms)^#<VirtualHost .*?^#</VirtualHost>")


def shipped(store):
    """What `make` and an administrator make of it, for the given store."""
    places = {
        "@localstore@/devupdate.sqlite": str(store.database),
        "@localstore@/files": str(store.files),
        "@apmoddir@": str(pathlib.Path(os.environ["MODULE"]).parent),
    }
    text = SHIPPED.read_text()
    for placeholder, path in places.items():
        assert placeholder in text
        text = text.replace(placeholder, path)
    return text


def uncommented(text, number):
    """With a virtual host in force: 0 is the external one, 1 that of the admin pages."""
    part = EXTERNAL.findall(text)[number]
    return text.replace(part, re.sub(r"(?m)^#", "", part))


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=updates.example.com",
                    "-days", "2", "-keyout", directory / "key", "-out", directory / "certificate"],
                   check=True, capture_output=True)
    return [(r'(?m)^( +SSLCertificateFile +)"[^"]*"', rf'\1"{directory}/certificate"'),
            (r'(?m)^( +SSLCertificateKeyFile +)"[^"]*"', rf'\1"{directory}/key"')]


def accepted(site, text, modules):
    """What `apachectl configtest` says; the base configuration's port stands in for Listen 80 and 443."""
    site.prepare()
    site.httpd.modules = (f"mpm_{site.httpd.mpm}", *modules)
    site.httpd.write(text)
    return site.httpd.check()


def test_as_shipped(own_site):
    assert accepted(own_site, shipped(own_site.store), MODULES) == (0, "Syntax OK\n")


def with_certificate(text, tmp_path):
    for pattern, path in make_certificate(tmp_path):
        text, count = re.subn(pattern, path, text)
        assert count == 1
    return text


AUTH_MODULES = ["authn_core", "authn_file", "authz_user", "auth_basic", "ssl"]


def test_with_the_external_host(own_site, tmp_path):
    text = with_certificate(uncommented(shipped(own_site.store), 0), tmp_path)
    text = text.replace("#DevUpdateExternalURL", "DevUpdateExternalURL")
    assert accepted(own_site, text, [*MODULES, *AUTH_MODULES]) == (0, "Syntax OK\n")


def test_with_the_pages(own_site, tmp_path):
    text = with_certificate(uncommented(shipped(own_site.store), 1), tmp_path)
    assert "    DevUpdateAdmin On\n" in text
    assert accepted(own_site, text, [*MODULES, *AUTH_MODULES, "alias", "cgid"]) == (0, "Syntax OK\n")
