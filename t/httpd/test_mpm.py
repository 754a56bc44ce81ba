"""Everything at its simplest, under each of httpd's three ways to work."""
import phone
from concurrent.futures import ThreadPoolExecutor
from store import APPROVED, CX600, image_path


class Smoke:
    def test_a_phone_checks_downloads_and_is_on_record(self, site):
        audit = site.audit()
        reply = phone.Reply(site.check())
        assert reply.version == APPROVED
        for name in ("CPE.nbt", "CPE.cat"):
            image = site.get(f"{phone.ROOTS[0]}/{image_path(CX600, APPROVED, name)}")
            assert image.status == 200
            assert image.body == site.store.image(CX600, APPROVED, name).read_bytes()
        assert audit.one()["Reason"] == "approved"

    def test_many_at_once(self, site):
        audit = site.audit()
        with ThreadPoolExecutor(16) as crowd:
            versions = list(crowd.map(lambda _: site.offered(), range(200)))
        assert set(versions) == {APPROVED}
        assert len(audit.new()) == 200


class TestEvent(Smoke):
    mpm = "event"


class TestWorker(Smoke):
    mpm = "worker"


class TestPrefork(Smoke):
    mpm = "prefork"
