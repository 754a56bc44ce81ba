"""The fixtures of tests against a real httpd, for conftest.py here and in t/browser.

Each test class has a private httpd of its own: the fixture `site` starts it with a copy of the template store and what
the class says in these attributes:

    directives  changes to sites.DIRECTIVES: {"DevUpdateRefresh": "5", "DevUpdateNode": None}; None leaves one out
    config      more configuration, as text
    modules     more of httpd's modules to load
    mpm         another MPM than the environment's MPM, or event
"""
import pytest

import place
from sites import Site, finish
from store import Store

FAILED = pytest.StashKey()


def pytest_runtest_makereport(item, call):
    if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
        item.session.stash.setdefault(FAILED, []).append(item.nodeid)


@pytest.fixture(scope="session")
def workspace(request):
    """Directory for all servers of this run; it stays if a test failed."""
    path = place.make()
    yield path
    if FAILED in request.session.stash:
        print(f"logs are kept in {path}")
    else:
        place.remove(path)


@pytest.fixture(scope="session")
def template(workspace):
    """The store that every site begins with; made once and copied."""
    return Store(workspace / "template").template()


@pytest.fixture(scope="session")
def new_site(workspace, template):
    """Makes sites; whoever asks for one stops it and settles its ledger."""
    counter = iter(range(1, 10000))

    def make(name, empty=False):
        root = workspace / f"{next(counter):03}-{name}"
        root.mkdir()
        return Site(root, None if empty else template)

    return make


@pytest.fixture(scope="class")
def site(request, new_site):
    wanted = {name: getattr(request.cls, name) for name in ("directives", "config", "modules", "mpm")
              if hasattr(request.cls, name)}
    made = new_site(request.cls.__name__)
    if hasattr(request.cls, "prepare_store"):
        request.cls.prepare_store(made.store)
    made.start(**wanted)
    yield made
    finish(made)


@pytest.fixture
def more_sites(new_site):
    """Makes sites for one test, which prepares and starts them itself; each settles its ledger when it is stopped."""
    made = []

    def make(name, **options):
        made.append(new_site(name, **options))
        return made[-1]

    yield make
    for site in made:
        if site.httpd:
            finish(site)


@pytest.fixture
def own_site(request, more_sites):
    """One such site."""
    return more_sites(request.node.name.partition("[")[0])


@pytest.fixture(autouse=True)
def settled(request):
    """Every test of a class that shares a site settles its ledger at its end."""
    shared = request.getfixturevalue("site") if "site" in request.fixturenames else None
    yield
    undeclared = shared.settle() if shared else ""
    assert not undeclared, f"not declared:\n{undeclared}"


@pytest.fixture
def ledger(site):
    """Declares messages for the running test: ledger.declare("DU0203")."""
    return site.ledger
