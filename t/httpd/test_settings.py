"""Settings are in force in every child without a restart, and without the database (administration.md 1.5)."""
import audit
import phone
import upload
from store import APPROVED
from test_refresh import bring_back, take_away
from upload import query, raw
from waiting import until

REFUSED = ("DU0411", "DU0413")


def status(site, log_type="CELog", filename="ce.clg"):
    return raw(site, target=query(type=log_type, filename=filename)).status


def everywhere(site, wanted, **log):
    """True if every child answers an upload so."""
    return site.every_child(lambda: status(site, **log) == wanted)


class TestLists:
    def test_C8_a_type_that_is_removed_is_no_longer_stored(self, site, ledger):
        ledger.declare(*REFUSED)
        children = site.httpd.children()
        assert status(site) == 200
        site.store.ctl("setting", "set", "ValidLogFileTypes", "--remove", "CELog")
        until(lambda: everywhere(site, 415), "refused by every child", limit=10)
        watch = upload.Watch(site)
        assert raw(site).status == 415
        watch.refused("type", 415)
        assert status(site, "Watson") == 200, "the others are as they were"
        site.store.ctl("setting", "reset", "--scope", "global", "ValidLogFileTypes")
        until(lambda: everywhere(site, 200), "stored again", limit=10)
        assert site.httpd.children() == children

    def test_C9_words_added_to_both_lists(self, site, ledger):
        ledger.declare(*REFUSED)
        assert status(site, "Trace", "a.etl") == 415
        site.store.ctl("setting", "set", "ValidLogFileTypes", "--add", "Trace,Audio")
        site.store.ctl("setting", "set", "ValidLogFileExtensions", "--add", ".etl")
        until(lambda: everywhere(site, 200, log_type="Trace", filename="a.etl"), "stored", limit=10)
        watch = upload.Watch(site)
        assert status(site, "TRACE", "a.ETL") == 200
        assert watch.stored()["Stored File"].startswith("DeviceUpdateLogs/Client/Trace/")
        site.store.ctl("setting", "set", "ValidLogFileExtensions", ".etl")
        until(lambda: everywhere(site, 415), "replaced", limit=10)


class TestAudit:
    def test_C4_an_entry_is_visible_at_once(self, site, ledger):
        """Earlier than any interval: nothing waits in memory, whatever these two say."""
        ledger.declare(*REFUSED)
        site.store.ctl("setting", "set", "LogFlushInterval", "1:00:00")
        site.store.ctl("setting", "set", "MaxLogCacheLimit", "4294967295")
        site.store.ctl("setting", "set", "ValidLogFileTypes", "--add", "Trace")
        until(lambda: everywhere(site, 200, log_type="Trace"), "the settings are in force", limit=10)
        watch = site.audit()
        for number in range(1, 4):
            assert site.offered() == APPROVED
            assert len(watch.new()) == number

    def test_C5_a_file_over_the_limit_is_followed_by_another(self, site):
        children = site.httpd.children()
        assert site.check().status == 200
        path, = audit.files(site.store)
        with open(path, "ab") as file:     # more than the new limit, less than the one in force
            file.write(path.read_bytes().splitlines(True)[1] * 500)
        old = path.read_bytes()
        assert 65536 < len(old) < 1024000
        assert site.check().status == 200
        assert audit.files(site.store) == [path] and len(path.read_bytes()) > len(old)
        site.store.ctl("setting", "set", "MaxLogFileSize", "65536")

        def all_follow():
            before = path.read_bytes()
            return site.every_child(lambda: site.check().status == 200) and path.read_bytes() == before

        until(all_follow, "every child goes on in a new file", limit=10)
        old, watch = path.read_bytes(), site.audit()
        assert site.check().status == 200
        assert [entry.name for entry in audit.files(site.store)] == [path.name, path.name.replace(".log", "_1.log")]
        assert path.read_bytes() == old, "the old one stays as it is"
        assert len(watch.new()) == 1
        assert site.httpd.children() == children, "without a restart"


class TestSite:
    directives = {"DevUpdateSite": "Berlin"}

    @staticmethod
    def prepare_store(store):
        store.ctl("site", "add", "berlin", "10.0.0.0/8")
        store.ctl("setting", "set", "ValidLogFileTypes", "Global")
        store.ctl("setting", "set", "ValidLogFileTypes", "Own", "--scope", "site:berlin")

    def test_its_own_value_wins_and_the_others_are_global(self, site, ledger):
        ledger.declare(*REFUSED)
        assert (status(site, "Own"), status(site, "Global")) == (200, 415)
        site.store.ctl("setting", "set", "ValidLogFileExtensions", ".own")
        until(lambda: everywhere(site, 200, log_type="Own", filename="a.own"), "the global extensions", limit=10)
        site.store.ctl("setting", "reset", "--scope", "global", "ValidLogFileExtensions")
        until(lambda: everywhere(site, 200, log_type="Own"), "the default extensions", limit=10)

    def test_C2_without_values_of_its_own_it_is_as_global(self, site, ledger):
        ledger.declare(*REFUSED)
        site.store.ctl("setting", "reset", "--scope", "site:Berlin")
        until(lambda: everywhere(site, 200, log_type="Global"), "the global types", limit=10)
        site.store.ctl("setting", "reset", "--scope", "global")
        until(lambda: everywhere(site, 200, log_type="CELog"), "the default types", limit=10)


class TestUnknownSite:
    directives = {"DevUpdateSite": "Paris"}

    def test_it_is_said_once_and_global_values_hold(self, own_site):
        site = own_site
        site.store.ctl("setting", "set", "ValidLogFileTypes", "Global")
        site.start(directives=self.directives)
        site.ledger.declare("DU0122", *REFUSED)
        assert everywhere(site, 200, log_type="Global")
        site.store.ctl("setting", "set", "ValidLogFileTypes", "Other")
        until(lambda: everywhere(site, 200, log_type="Other"), "another change", limit=10)
        assert site.ledger.count("DU0122") == 1
        site.store.ctl("site", "add", "Paris", "10.0.0.0/8")
        site.store.ctl("setting", "new", "--scope", "site:Paris")
        until(lambda: everywhere(site, 200), "the settings of the site", limit=10)
        assert site.ledger.count("DU0123") == 1
        site.store.ctl("site", "remove", "Paris")
        until(lambda: everywhere(site, 200, log_type="Other"), "the global ones again", limit=10)
        assert (site.ledger.count("DU0122"), site.ledger.count("DU0123")) == (2, 1)


class TestWithoutDatabase:
    def test_what_was_set_holds_over_a_restart(self, own_site):
        site = own_site.start()
        site.ledger.declare("DU0520", "DU0502", "DU0506", *REFUSED)
        site.store.ctl("setting", "set", "ValidLogFileTypes", "Trace")
        until(lambda: everywhere(site, 200, log_type="Trace"), "in force", limit=10)
        take_away(site.store)
        site.httpd.stop()
        site.httpd.start()
        assert everywhere(site, 200, log_type="Trace")
        assert status(site) == 415
        assert phone.offered(site.port) == APPROVED
        bring_back(site.store)
        site.store.ctl("setting", "set", "ValidLogFileTypes", "--add", "CELog")
        until(lambda: everywhere(site, 200), "followed again", limit=15)
        assert everywhere(site, 200, log_type="Trace")
