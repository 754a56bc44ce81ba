"""A private httpd with a store of its own."""
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import audit
import phone
import place
from server import Httpd
from store import NODE, Store

DIRECTIVES = {
    "DevUpdateStore": '"{store}"',
    "DevUpdateFiles": '"{files}"',
    "DevUpdateNode": NODE,
    "DevUpdateInternalURL": "http://updates.contoso.com/RequestHandler/Files",
    "DevUpdateExternalURL": "https://ext.contoso.net/RequestHandlerExt/Files",
    "DevUpdateRefresh": "1",
    "DevUpdateEngine": "On",
}


# Which child answered each request, for Site.every_child()
WHO_ANSWERED = 'CustomLog logs/children "%{pid}P"'


class Site:
    """A private httpd with a store of its own."""

    access_log = WHO_ANSWERED

    def __init__(self, root, template=None):
        self.root = root
        root.chmod(0o755)
        if template:
            shutil.copytree(template.directory, root / "store")
        self.store = Store(root / "store")
        place.give(self.store.directory)
        self.httpd = None

    def configuration(self, directives=(), config=""):
        chosen = {**DIRECTIVES, **dict(directives)}
        lines = [f"LoadModule devupdate_module {os.environ['MODULE']}", "LogLevel devupdate:info"]
        lines += [f"{name} {value}" for name, value in chosen.items() if value is not None]
        text = "\n".join([*lines, self.access_log, config, ""])
        return text.replace("{store}", self.store.spec).replace("{files}", str(self.store.files))

    def prepare(self, directives=(), config="", modules=(), mpm=None):
        """Writes the configuration without starting anything."""
        self.httpd = Httpd(self.root, self.configuration(directives, config), modules, mpm)
        return self

    def start(self, **options):
        self.prepare(**options).httpd.start()
        return self

    @property
    def port(self):
        return self.httpd.port

    @property
    def ledger(self):
        return self.httpd.ledger

    def check(self, body=None, **options):
        return phone.check(self.port, body, **options)

    def offered(self, body=None, **options):
        return phone.offered(self.port, body, **options)

    def get(self, target, headers=None, **options):
        return phone.get(self.port, target, headers, **options)

    def every_child(self, holds):
        """Asks until every child that now runs has answered; False as soon as holds(), which asks, does not hold."""
        log = self.root / "logs" / "children"
        before = log.stat().st_size
        children = set(self.httpd.children())

        def answered():
            with open(log, encoding="ascii") as lines:
                lines.seek(before)
                return set(map(int, lines.read().split()))

        with ThreadPoolExecutor(8) as crowd:
            for _ in range(200):
                if not all(list(crowd.map(lambda _: holds(), range(8)))):
                    return False
                children &= set(self.httpd.children())   # one may have ended, or have been a keeper without its name yet
                if children <= answered():
                    return True
        raise AssertionError(f"children that never answered: {children - answered()}")

    def audit(self):
        return audit.Watch(self.store)

    def settle(self):
        """What must not be in the logs and is, as text."""
        return self.httpd.sanitizer_reports() + self.ledger.settle() if self.httpd else ""


def finish(site):
    """Stops a site. What it says in its last moments is held against it, too."""
    try:
        site.httpd.stop()
    finally:
        undeclared = site.settle()
    assert not undeclared, f"in the log of {site.root.name} when it ended:\n{undeclared}"
