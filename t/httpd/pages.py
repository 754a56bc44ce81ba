"""The admin pages behind a real httpd: how a site serves them, and how a person or a script asks for them.

    class TestRules(PagesClass):
        def test_...(self, site):
            pages = Pages(site)
            assert pages.json("rules")["rules"] == [...]
            pages.post("rules", {"action": "approve", "id": "1"}, user="admin")

Each of USERS has the role in its name, and the password "secret"; "stranger" has an account and no role.
"""
import base64
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import urllib.parse

import place
from passwords import AUTH_MODULES, make_htpasswd
from waiting import until

ROLES = {"admin": "administrator", "operator": "operator", "helpdesk": "helpdesk", "viewer": "viewer"}
USERS = (*ROLES, "stranger")
STATIC = pathlib.Path(os.environ["srcdir"]) / "admin" / "static"
PROGRAMS = pathlib.Path(os.environ["builddir"]) / "admin"

CONFIG = """
ScriptSock cgisock
Alias "/devupdate/static/" "{root}/static/"
RedirectMatch "^/devupdate/?$" "/devupdate/index"
TypesConfig /dev/null
AddType text/css .css
AddType text/javascript .js
AddType image/svg+xml .svg
ScriptAlias "/devupdate/" "{root}/pages/"
<Location "/devupdate/">
    DevUpdateAdmin On
    AuthType Basic
    AuthName "Device Update administration"
    AuthUserFile "{root}/htpasswd"
    Require valid-user
</Location>
"""

Answer = collections.namedtuple("Answer", "status headers text")


def names():
    """The pages that were built: programs of the frame, without what else lies there."""
    return sorted(path.name for path in PROGRAMS.iterdir() if path.is_file() and re.fullmatch(r"[a-z_]+", path.name))


def prepare(store, users=USERS, root=None):
    """Programs, style sheet and accounts beside a store, or in another server's root; their roles in the store."""
    root = root or store.directory.parent
    (root / "pages").mkdir()
    for name in names():
        shutil.copy2(PROGRAMS / name, root / "pages" / name)
    shutil.copytree(STATIC, root / "static")
    make_htpasswd(store, *users, root=root)
    for user, role in ROLES.items():
        if user in users:
            store.ctl("role", "set", user, role)
    place.give(store.directory)   # SQLite may have made files beside the database


def cgi_module(mpm="event"):
    """mod_cgid, or mod_cgi where processes have no threads."""
    return "cgi" if mpm == "prefork" else "cgid"


@contextlib.contextmanager
def without_store(site):
    """The database is not there for a while. The node may look for it in that moment, too; it has read it before."""
    site.ledger.declare("DU0520", "DU0530")
    until(site.store.kept.exists, "a kept rule set")
    away = site.store.database.with_suffix(".away")
    site.store.database.rename(away)
    try:
        yield
    finally:
        away.rename(site.store.database)


class PagesClass:
    """A test class whose site has the pages."""

    config = CONFIG
    modules = (*AUTH_MODULES, "alias", "mime", cgi_module(os.environ.get("MPM", "event")))

    @staticmethod
    def prepare_store(store):
        prepare(store)


class Pages:
    """Whoever asks: `user` signs in with Basic, None does not."""

    def __init__(self, site, user="admin"):
        self.site, self.user = site, user

    def ask(self, method, target, body=None, headers=(), user="", timeout=60):
        """One request as it stands; target is below /devupdate/."""
        user = self.user if user == "" else user
        sent = dict(headers)
        if user:
            sent.setdefault("Authorization", "Basic " + base64.b64encode(f"{user}:secret".encode()).decode())
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=timeout)
        try:
            connection.request(method, f"/devupdate/{target}", body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def get(self, target, **options):
        """A page, as HTML."""
        options.setdefault("headers", {"Accept": "text/html"})
        return self.ask("GET", target, **options)

    def json(self, target, status=200, **options):
        """The same as data."""
        answer = self.ask("GET", target, headers={"Accept": "application/json"}, **options)
        assert answer.status == status, answer
        return json.loads(answer.text)

    def token(self, page, **options):
        """The token in a page's form."""
        answer = self.get(page, **options)
        found = re.search(r'name="token" value="([^"]+)"', answer.text)
        assert answer.status == 200 and found, answer
        return found[1]

    def made_token(self, page):
        """The same as scripts get it; also for somebody whom the page shows no form."""
        return self.json(f"token?page={page}")["token"]

    def post(self, page, fields, token="right", headers=(), **options):
        """A form that is sent; fields are pairs or a dict. token "right" is taken from the page before."""
        if token == "right":
            token = self.token(page, **options)
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        if token is not None:
            pairs.append(("token", token))
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html",
                "Origin": f"http://127.0.0.1:{self.site.port}", **dict(headers)}
        return self.ask("POST", page.partition("?")[0], urllib.parse.urlencode(pairs), sent, **options)

    def after(self, answer):
        """The page that a change leads to."""
        assert answer.status == 303, answer
        return self.get(answer.headers["Location"])
