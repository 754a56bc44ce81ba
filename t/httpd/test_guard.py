"""What every page refuses before its own code runs: seen from outside, on all pages and on one that does as it is told (t/tools/probe.c).

A new page needs nothing here but a row in QUERIES if it cannot be seen without parameters, and one in CHANGES for each kind of
change.
"""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import time

import pytest

import pages as every_page
from pages import CONFIG, ROLES, USERS, Pages, PagesClass, prepare

BUILD = pathlib.Path(os.environ["builddir"])
PAGES = [*every_page.names(), "probe"]
LIST = (pathlib.Path(os.environ["srcdir"]) / "admin/lib/dua_pages.h").read_text()
LEAST = {"VIEW": "viewer", "ACTIVITY": "viewer", "LOG_READ": "helpdesk"}
RANK = list(reversed(ROLES.values()))  # viewer first
SEEN_BY = {name: LEAST[right] for name, right in re.findall(r"X\((\w+), +DU_RIGHT_(\w+)\)", LIST)}
QUERIES = {"token": "page=probe"}

# Who may: the least role without a limit, for what is everyone's and for what is a site's; and whether one with a limit
# may at the own site.
RIGHTS = {"log-read": ("helpdesk", "helpdesk", True), "device-hold": ("helpdesk", "helpdesk", True),
          "log-clear": ("operator", "operator", True), "test-device": ("operator", "operator", True),
          "setting": ("administrator", "operator", True), "import": ("operator", "operator", False),
          "cancel": ("operator", "operator", False), "approve": ("administrator", "administrator", False),
          "import-unsigned": ("administrator", "administrator", False), "remove": ("administrator", "administrator", False),
          "site": ("administrator", "administrator", False), "role": ("administrator", "administrator", False)}

# (page, fields of a change, least role that may): each with a right token, by every role.
CHANGES = [("probe", {"right": right, "name": right}, least) for right, (least, _, _) in RIGHTS.items()]


def reaches(user, least):
    return user in ROLES and RANK.index(ROLES[user]) >= RANK.index(least)


class GuardClass(PagesClass):
    """Also with one who administrates a site only."""

    @staticmethod
    def prepare_store(store):
        prepare(store, (*USERS, "limited"))
        shutil.copy2(BUILD / "t/tools/probe", store.directory.parent / "pages" / "probe")
        store.ctl("site", "add", "Berlin", "10.1.0.0/16")
        store.ctl("site", "add", "Lab", "10.2.0.0/16")
        store.ctl("role", "set", "limited", "administrator", "--site", "Berlin")


class Watched(Pages):
    """Knows what a refused request must leave as it was, and what it must leave behind."""

    def __init__(self, site, user="admin"):
        super().__init__(site, user)
        Pages(site).token("probe")  # the first one makes the key
        self.age()

    def sql(self, statement):
        with contextlib.closing(sqlite3.connect(self.site.store.database, timeout=20)) as connection:
            rows = connection.execute(statement).fetchall()
            connection.commit()
            return rows

    def age(self):
        """Refusals so far are from a while ago: the next one is recorded again."""
        self.sql("UPDATE activity SET time = time - 61000000 WHERE action = 'refuse'")
        (self.last,), = self.sql("SELECT max(id) FROM activity")

    def content(self):
        """Everything in the store but the record of changes, and what nodes say each minute."""
        with contextlib.closing(sqlite3.connect(self.site.store.database, timeout=20)) as connection:
            return [line for line in connection.iterdump() if not re.match(r'INSERT INTO "(activity|secret|node)"', line)
                    and "('activity'," not in line]

    def rows(self):
        """What was recorded since: [(actor, role, action, object, message id)]"""
        return self.sql(f"SELECT actor, role, action, object, after FROM activity WHERE id > {self.last} ORDER BY id")

    def refused(self, act, status, reason, page="probe"):
        """The request is answered so, changes nothing and is on record."""
        before = self.content()
        answer = act()
        assert answer.status == status, answer
        assert reason in answer.text
        assert self.content() == before
        assert self.rows() == [(self.user, ROLES.get(self.user, "none"), "refuse", f"page {page}", reason)]

    def key(self):
        (value,), = self.sql("SELECT value FROM secret WHERE name = 'token'")
        return value

    def made_token(self, user=None, page="probe", until=None, key=None):
        """A token as du_token.h describes it, of whatever one likes."""
        seconds = str(int(until if until is not None else time.time() + 60))
        text = "".join(f"{len(part.encode())}:{part}" for part in (user or self.user, page, seconds))
        return f"{seconds}-{hmac.new((key or self.key()).encode(), text.encode(), hashlib.sha256).hexdigest()}"

    def names(self):
        return {name for name, in self.sql("SELECT name FROM test_device")}


def flip(token):
    return token[:-1] + ("0" if token[-1] != "0" else "1")


TOKENS = {
    "none": lambda asker: None,
    "empty": lambda asker: "",
    "damaged": lambda asker: flip(asker.made_token()),
    "truncated": lambda asker: asker.made_token()[:-1],
    "without time": lambda asker: asker.made_token().partition("-")[2],
    "longer": lambda asker: asker.made_token() + "0",
    "with another time": lambda asker: re.sub(r"^(\d+)", lambda m: str(int(m[1]) + 1), asker.made_token()),
    "another user's": lambda asker: Pages(asker.site, next(user for user in ROLES if user != asker.user)).token("probe"),
    "another page's": lambda asker: asker.made_token(page="index"),
    "of another key": lambda asker: asker.made_token(key="0" * 64),
}


class TestPages(GuardClass):
    """All pages, as they are."""

    @pytest.mark.parametrize("page", PAGES)
    def test_who_sees_it(self, site, page):
        target = f"{page}?{QUERIES[page]}" if page in QUERIES else page
        assert Pages(site, None).get(target).status == 401
        for user in ROLES:
            may = reaches(user, SEEN_BY.get(page, "viewer"))
            assert Pages(site, user).get(target).status == (200 if may else 403), user

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
    @pytest.mark.parametrize("page", PAGES)
    def test_without_a_role_it_says_so_and_nothing_else(self, site, page, method):
        stranger = Watched(site, "stranger")
        answer = stranger.ask(method, page, None if method in ("GET", "HEAD") else b"")
        assert answer.status in (403, 405)
        assert "<nav" not in answer.text and CX600_BRAND not in answer.text
        if answer.status == 403 and method != "HEAD":
            assert "stranger has no role here" in answer.text
        assert [(row[0], row[1], row[2], row[3]) for row in stranger.rows()] == [("stranger", "none", "refuse", f"page {page}")]

    @pytest.mark.parametrize("page", PAGES)
    def test_other_methods(self, site, page):
        admin = Watched(site)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "POSt", "BREW"):
            assert admin.ask(method, page, b"").status == 405
        assert [row[2:] for row in admin.rows()] == [("refuse", f"page {page}", "DU0866")]

    @pytest.mark.parametrize("kind", TOKENS)
    @pytest.mark.parametrize("page", PAGES)
    def test_no_change_without_the_token(self, site, page, kind):
        """Whatever a page changes, and whether its own fields are right: the guard comes first."""
        changes = "POST" in Pages(site).ask("PUT", page, b"").headers["Allow"]
        for user in ROLES:
            asker = Watched(site, user)
            token = TOKENS[kind](asker)
            before = asker.content()
            answer = asker.post(page, {}, token=token)
            assert answer.status == (403 if changes else 405), user
            assert asker.content() == before
            assert {row[2:4] for row in asker.rows()} == {("refuse", f"page {page}")}

    @pytest.mark.parametrize("page", PAGES)
    def test_unknown_parameters(self, site, page):
        Watched(site).refused(lambda: Pages(site).get(f"{page}?nothing=1"), 400, "DU0815", page)

    @pytest.mark.parametrize("page", PAGES)
    def test_no_token_in_an_url(self, site, page):
        admin = Watched(site)
        token = admin.made_token(page=page)
        admin.refused(lambda: admin.get(f"{page}?token={token}"), 400, "DU0883", page)


CX600_BRAND = "POLYCOM"  # what no stranger may see


class TestChanges(GuardClass):
    """Everything that is changed, with all that is needed but the right."""

    @pytest.mark.parametrize("user", [*ROLES, "stranger"])
    @pytest.mark.parametrize("page, fields, least", CHANGES, ids=lambda value: value.get("right", "") if isinstance(value, dict) else value)
    def test_F1_who_may_not_change_is_refused(self, site, page, fields, least, user):
        """The list works; every action is refused, also by a direct POST."""
        asker = Watched(site, user)
        fields = {**fields, "name": f"{fields['name']}-{user}"} if "name" in fields else fields
        before = asker.content()
        answer = asker.post(page, fields, token=asker.made_token(page=page) if user in ROLES else "x")
        if reaches(user, least):
            assert answer.status == 303 and asker.content() != before
            return
        assert answer.status == 403, answer
        assert asker.content() == before
        assert [row[:4] for row in asker.rows()] == [(user, ROLES.get(user, "none"), "refuse", f"page {page}")]
        assert asker.get(page).status == (200 if user in ROLES else 403)

    @pytest.mark.parametrize("right", RIGHTS)
    @pytest.mark.parametrize("place", ["", "Lab", "Berlin", "BERLIN"])
    def test_F2_a_limit_to_a_site(self, site, right, place):
        """Who administrates Berlin changes what is Berlin's, and nothing else."""
        limited = Watched(site, "limited")
        before = limited.content()
        answer = limited.post("probe", {"right": right, "site": place, "name": f"{right} {place} {place.isupper()}"})
        if place.lower() == "berlin" and RIGHTS[right][2]:
            assert answer.status == 303 and limited.content() != before
        else:
            assert answer.status == 403 and "DU0863" in answer.text
            assert limited.content() == before
            assert limited.rows() == [("limited", "administrator", "refuse", "page probe", "DU0863")]

    @pytest.mark.parametrize("right", RIGHTS)
    def test_what_belongs_to_a_site(self, site, right):
        for user in ROLES:
            asker = Watched(site, user)
            answer = asker.post("probe", {"right": right, "site": "Lab", "name": f"{right} of {user}"})
            assert answer.status == (303 if reaches(user, RIGHTS[right][1]) else 403), user

    def test_operators_approve_if_the_setting_says_so(self, site):
        operator = Watched(site, "operator")
        fields = {"right": "approve", "name": "approved"}
        operator.refused(lambda: operator.post("probe", fields), 403, "DU0863")
        site.store.ctl("setting", "set", "operators-approve", "yes")
        try:
            assert operator.post("probe", fields).status == 303
            assert Pages(site, "helpdesk").post("probe", fields).status == 403
            assert Pages(site, "limited").post("probe", {**fields, "site": "Berlin"}).status == 403
        finally:
            site.store.ctl("setting", "reset", "--scope", "global", "operators-approve")

    def test_a_change_is_the_accounts(self, site):
        operator = Watched(site, "operator")
        operator.post("probe", {"right": "test-device", "name": "desk"})
        assert operator.rows() == [("operator", "operator", "add", "test-device global/desk", "serial=1")]

    def test_a_role_that_was_taken_away(self, site):
        """It ends with the next request, and an open form is of no use any more."""
        helpdesk = Watched(site, "helpdesk")
        token = helpdesk.token("probe")
        site.store.ctl("role", "remove", "helpdesk")
        try:
            helpdesk.age()
            before = helpdesk.content()
            assert helpdesk.post("probe", {"right": "device-hold", "name": "late"}, token=token).status == 403
            assert helpdesk.content() == before
        finally:
            site.store.ctl("role", "set", "helpdesk", "helpdesk")


SOMEWHERE_ELSE = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "x"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://HERE"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
    {"Origin": "http://evil.example", "Referer": "http://HERE/devupdate/probe"}, {"Origin": "http://HERE.evil.example"},
    {"Origin": "http://HERE@evil.example"}, {"Origin": "http://127.0.0.1"}, {"Origin": "HERE"}, {"Origin": "http://127.0.0.1:1"},
    {"Referer": "http://evil.example/http://HERE/"}, {"Referer": "http://evil.example/?HERE"}, {"Referer": "about:blank"},
]
HERE = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://HERE"}, {"Referer": "http://HERE/devupdate/probe?look=1"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://HERE"}]


class TestForged(GuardClass):
    """Requests that a person did not mean."""

    @staticmethod
    def send(asker, headers, name):
        here = f"127.0.0.1:{asker.site.port}"
        token = asker.token("probe")
        sent = {"Content-Type": "application/x-www-form-urlencoded", **{key: value.replace("HERE", here) for key, value in headers.items()}}
        return asker.ask("POST", "probe", f"right=test-device&name={name}&token={token}", sent)

    @pytest.mark.parametrize("headers", SOMEWHERE_ELSE, ids=str)
    def test_from_somewhere_else(self, site, headers):
        admin = Watched(site)
        admin.refused(lambda: self.send(admin, headers, "forged"), 403, "DU0886")

    @pytest.mark.parametrize("headers", HERE, ids=str)
    def test_from_here(self, site, headers):
        admin = Watched(site)
        name = f"n{HERE.index(headers)}"
        assert self.send(admin, headers, name).status == 303
        assert name in admin.names()

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_a_change_is_no_get(self, site, method):
        admin = Watched(site)
        before = admin.content()
        assert admin.ask(method, "probe?right=test-device&name=x").status == 405
        assert admin.content() == before
        assert admin.rows() == [("admin", "administrator", "refuse", "page probe", "DU0884")]
        assert admin.get("probe?look=1").status == 200

    @pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream", ""])
    def test_other_types(self, site, kind):
        admin = Watched(site)
        body = f"right=test-device&name=x&token={admin.token('probe')}"
        admin.refused(lambda: admin.ask("POST", "probe", body, {"Content-Type": kind}), 400, "DU0859")

    def test_too_large(self, site):
        admin = Watched(site)
        body = f"right=test-device&token={admin.token('probe')}&name=".encode()
        body += b"x" * (1024 * 1024 + 1 - len(body))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        admin.refused(lambda: admin.ask("POST", "probe", body, headers), 413, "DU0868")

    def test_of_unknown_length(self, site):
        admin = Watched(site)
        body = f"right=test-device&name=x&token={admin.token('probe')}".encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        admin.refused(lambda: admin.ask("POST", "probe", iter([body]), headers), 400, "DU0867")

    def test_half_sent(self, site, ledger):
        ledger.declare("AH01270", "AH01225")
        admin = Watched(site)
        body = f"token={admin.token('probe')}&right=test-device&name=half".encode()
        before = admin.content()
        login = base64.b64encode(b"admin:secret").decode()
        head = (f"POST /devupdate/probe HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\nContent-Length: {len(body) + 10}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
            connection.sendall(head + body)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        assert admin.content() == before and "half" not in admin.names()

    def test_an_old_page(self, site):
        admin = Watched(site)
        old = admin.made_token(until=time.time() - 2)
        admin.refused(lambda: admin.post("probe", {"right": "test-device", "name": "x"}, token=old), 403, "DU0887")

    def test_when_the_key_was_changed(self, site):
        admin = Watched(site)
        token = admin.token("probe")
        admin.sql("DELETE FROM secret")
        assert admin.token("probe") != token
        fields = {"right": "test-device", "name": "rekeyed"}
        admin.refused(lambda: admin.post("probe", fields, token=token), 403, "DU0888")
        assert admin.post("probe", fields).status == 303

    def test_a_flood_is_one_row_a_minute(self, site):
        admin = Watched(site)
        for _ in range(20):
            assert admin.get("probe?nothing=1").status == 400
        assert len(admin.rows()) == 1
        admin.ask("PUT", "probe", b"")
        Pages(site, "viewer").get("probe?nothing=1")
        Pages(site).get("index?nothing=1")
        assert len(admin.rows()) == 4  # another reason, another account, another page
        admin.sql("UPDATE activity SET time = time - 61000000 WHERE action = 'refuse'")
        admin.get("probe?nothing=1")
        assert len(admin.rows()) == 5

    def test_phones_are_not_told(self, site):
        """A refusal is no change: nodes need not compile anything."""
        before = site.store.generation()
        Watched(site).get("probe?nothing=1")
        assert site.store.generation() == before


class TestScripts(GuardClass):
    """Basic authentication, JSON, and a token that was asked for."""

    @pytest.mark.parametrize("user", ROLES)
    def test_token(self, site, user):
        asker = Pages(site, user)
        given = asker.json("token?page=probe")
        until = int(given["token"].partition("-")[0])
        assert given["expires"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
        assert 0 < until - time.time() <= 4 * 3600 + 1
        answer = asker.ask("POST", "probe", json.dumps({"right": "test-device", "name": f"by {user}"}),
                           {"Content-Type": "application/json", "Accept": "application/json", "X-DevUpdate-Token": given["token"]})
        if reaches(user, "operator"):
            assert answer.status == 200 and json.loads(answer.text) == {"result": "added", "count": 1}
        else:
            assert answer.status == 403 and json.loads(answer.text)["error"] == "DU0863"

    def test_token_in_the_document(self, site):
        admin = Pages(site)
        body = json.dumps({"right": "test-device", "name": "document", "token": admin.json("token?page=probe")["token"]})
        answer = admin.ask("POST", "probe", body, {"Content-Type": "application/json", "Accept": "application/json"})
        assert answer.status == 200

    def test_token_of_another_page(self, site):
        admin = Watched(site)
        headers = {"Content-Type": "application/json", "X-DevUpdate-Token": admin.json("token?page=rules")["token"]}
        body = json.dumps({"right": "test-device", "name": "x"})
        admin.refused(lambda: admin.ask("POST", "probe", body, headers), 403, "DU0888")

    @pytest.mark.parametrize("query", ["", "?page=", "?page=a.1", "?page=../x", "?page=Rules", "?page=%C3%A4"])
    def test_no_token_for_what_is_no_page(self, site, query):
        assert Pages(site).json(f"token{query}", status=400)["error"] == "DU0889"

    def test_html_is_json_too(self, site):
        assert json.loads(Pages(site).get("token?page=probe").text)["token"]


class TestModCgi(GuardClass):
    """The other module that runs CGI programs says the same about a request."""
    modules = tuple("cgi" if name == "cgid" else "cgid" if name == "cgi" else name for name in GuardClass.modules)
    config = CONFIG if "cgid" in modules else CONFIG.replace("ScriptSock cgisock\n", "")

    @pytest.mark.parametrize("kind", TOKENS)
    def test_tokens(self, site, kind):
        admin = Watched(site)
        token, before = TOKENS[kind](admin), admin.content()
        answer = admin.post("probe", {"right": "test-device", "name": "x"}, token=token)
        assert answer.status == 403
        assert admin.content() == before
        assert admin.rows() == [("admin", "administrator", "refuse", "page probe", "DU0888")]

    def test_a_change(self, site):
        admin = Watched(site)
        assert admin.post("probe", {"right": "test-device", "name": "desk"}).status == 303
        assert "desk" in admin.names()

    @pytest.mark.parametrize("page", PAGES)
    def test_who_sees_it(self, site, page):
        assert Pages(site, None).get(page).status == 401
        assert Pages(site, "stranger").get(page).status == 403
