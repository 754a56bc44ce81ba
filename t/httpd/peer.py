"""Other people's servers: real ones, each a process of the tests with a directory and ports of its own."""
import os
import shutil
import subprocess

import pytest

import place
from server import apart, free_port, listens
from waiting import until


def need(*programs):
    """Skips the test if one of them is not installed. Where Debian has daemons is not in everybody's PATH."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    found = [shutil.which(program, path=path) for program in programs]
    for program, where in zip(programs, found):
        if not where:
            pytest.skip(f"{program} is not installed")
    return found[0] if len(found) == 1 else found


def running(peer):
    """A fixture's body: it runs as long as the tests that ask for it."""
    try:
        yield peer.start()
    finally:
        peer.stop()


class Peer:
    """A server of another kind. Subclasses say how many ports it wants, and in command() write its configuration and
    answer what to execute in the foreground."""
    port_count = 1

    def __init__(self, root):
        self.root = root
        self.root.mkdir()
        self.ports = []
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {"PATH": os.environ["PATH"], "LANG": "C"}

    def start(self):
        """Waits for all ports. Others are taken if somebody was faster."""
        for _ in range(3):
            self.ports = [free_port() for _ in range(self.port_count)]
            command = self.command()
            with open(self.root / "output", "wb") as output:
                self.process = subprocess.Popen(command, env=self.environment(), cwd=self.root,
                                                stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=apart)
            until(lambda: self.process.poll() is not None or all(map(listens, self.ports)), f"{command[0]} listens")
            if self.process.poll() is None:
                return self
        raise AssertionError(f"{command[0]} did not start:\n{self.output()}")

    def output(self):
        return (self.root / "output").read_text(errors="replace")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


class Kdc(Peer):
    """A realm of MIT Kerberos with a user (password "secret") and a service, whose keytab httpd's user can read."""
    realm = "DEVUPDATE.TEST"

    def __init__(self, root, user, service):
        self.krb5kdc, self.kdb5_util, self.kadmin, self.kinit = need("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
        super().__init__(root)
        self.user, self.service = user, service
        self.keytab = root / "keytab"
        self.krb5_conf, self.kdc_conf = root / "krb5.conf", root / "kdc.conf"

    def command(self):
        is_new = not self.krb5_conf.exists()
        self.krb5_conf.write_text(f"[libdefaults]\ndefault_realm = {self.realm}\ndns_lookup_kdc = false\n"
                                  "dns_canonicalize_hostname = false\nrdns = false\nudp_preference_limit = 1\n"
                                  f"[realms]\n{self.realm} = {{\nkdc = 127.0.0.1:{self.ports[0]}\n}}\n")
        self.kdc_conf.write_text(f"[kdcdefaults]\nkdc_listen = \"\"\nkdc_tcp_listen = 127.0.0.1:{self.ports[0]}\n"
                                 f"[realms]\n{self.realm} = {{\ndatabase_name = {self.root}/principal\n"
                                 f"key_stash_file = {self.root}/stash\n}}\n"
                                 f"[logging]\nkdc = FILE:{self.root}/log\n")
        if is_new:
            self.fill()
        return [self.krb5kdc, "-n", "-P", str(self.root / "pid")]

    def fill(self):
        self.run(self.kdb5_util, "create", "-s", "-P", "master", "-r", self.realm)
        for query in (f"addprinc -pw secret {self.user}", f"addprinc -randkey {self.service}",
                      f"ktadd -k {self.keytab} {self.service}"):
            self.run(self.kadmin, "-q", query)
        place.give(self.keytab)

    def environment(self):
        return {**super().environment(), "KRB5_CONFIG": str(self.krb5_conf), "KRB5_KDC_PROFILE": str(self.kdc_conf)}

    def tickets(self):
        """Signs the user in; the environment of a program that then has his ticket."""
        environment = {**self.environment(), "KRB5CCNAME": f"FILE:{self.root}/tickets"}
        self.run(self.kinit, self.user, environment=environment, text="secret\n")
        return environment

    def run(self, *command, environment=None, text=None):
        done = subprocess.run(command, env=environment or self.environment(), input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}"


class Directory(Peer):
    """slapd with a person "phone" (password "secret") below `base` and a service that may search."""
    base = "dc=devupdate,dc=test"
    service, service_password = f"cn=devupdate,{base}", "searcher"
    entries = f"""dn: {base}
objectClass: dcObject
objectClass: organization
o: test
dc: devupdate

dn: uid=phone,{base}
objectClass: inetOrgPerson
uid: phone
cn: A phone
sn: phone
userPassword: secret
"""

    def __init__(self, root):
        self.slapd, self.slapadd = need("slapd", "slapadd")
        super().__init__(root)

    def command(self):
        conf, data = self.root / "slapd.conf", self.root / "data"
        schemas = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
        conf.write_text(f"{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {self.root}/pid\n"
                        f"database mdb\nsuffix {self.base}\ndirectory {data}\n"
                        f"rootdn {self.service}\nrootpw {self.service_password}\n"
                        "access to attrs=userPassword by anonymous auth\naccess to * by * none\n")
        if not data.exists():
            data.mkdir()
            subprocess.run([self.slapadd, "-f", conf], input=self.entries, text=True, check=True, capture_output=True)
        return [self.slapd, "-f", str(conf), "-h", f"ldap://127.0.0.1:{self.ports[0]}", "-d", "0"]

    def settings(self, root):
        """What the examples are to define for a site below this directory, which has the service's password in a file then."""
        (root / "ldap-password").write_text(self.service_password + "\n")
        return {"LDAP_URL": f"ldap://127.0.0.1:{self.ports[0]}/{self.base}?uid?sub?(objectClass=person)",
                "LDAP_DN": self.service, "LDAP_PASSWORD_FILE": "{root}/ldap-password"}
