"""The page of device logs: what phones sent and what the service recorded, to be looked at and removed, and nothing else."""
import datetime
import urllib.parse

import pytest

import pages
from pages import Pages, PagesClass, without_store
from parsed import dangers
from phones import AUDIT, CLIENT, HOSTILE, Phones, log_name, put_log

MINE, OTHERS, NOBODYS = log_name("mine"), log_name("theirs"), log_name("unknown")
TODAY = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
CURRENT = f"RequestHandlerAuditLog_node2_{TODAY}.log"
OLD = "RequestHandlerAuditLog_node2_2026-01-01.log"


class LogsClass(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        for name in ("here", "there"):
            store.ctl("site", "add", name, {"here": "10.1.0.0/16", "there": "10.2.0.0/16"}[name])
        store.ctl("role", "set", "helpdesk", "helpdesk", "--site", "here")
        phones = Phones(store)
        phones.add(site="here", serial="mine")
        phones.add(site="there", serial="theirs")
        for number, name in enumerate((MINE, OTHERS, NOBODYS)):
            put_log(store, f"{CLIENT}/CELog/{name}", b"\x1b[31mred <script>\r\nnext", days=number)
        put_log(store, f"{CLIENT}/Watson/{log_name('mine', 'WATSON')}", bytes(range(256)) * 2000, days=9)
        put_log(store, f"{AUDIT}/{CURRENT}")
        put_log(store, f"{AUDIT}/{OLD}", b"=1,2\n", days=40)


def names(document):
    return [log["name"] for log in document["logs"]]


class TestReading(LogsClass):
    def test_newest_first_and_filters(self, site):
        page = Pages(site)
        everything = page.json("device_logs")
        assert names(everything) == [MINE, CURRENT, OTHERS, NOBODYS, log_name("mine", "WATSON"), OLD] or \
            names(everything) == [CURRENT, MINE, OTHERS, NOBODYS, log_name("mine", "WATSON"), OLD]
        assert everything["files"] == 6
        assert names(page.json("device_logs?type=celog&device=MINE")) == [MINE]
        assert names(page.json("device_logs?sort=largest"))[0] == log_name("mine", "WATSON")
        assert set(names(page.json(f"device_logs?day={TODAY}"))) <= {MINE, CURRENT}
        assert {kind["type"] for kind in everything["types"]} == {"CELog", "Watson", "audit"}

    @pytest.mark.parametrize("query", ["sort=name", "day=2026-13-01", "day=yesterday", "after=x", "after=1/2", "confirm=old&days=0",
                                       "confirm=old&days=31", "page=-1"])
    def test_what_is_no_question(self, site, query):
        assert Pages(site).get(f"device_logs?{query}").status == 400

    def test_text_is_inert(self, site):
        answer = Pages(site).get(f"device_logs?view=CELog/{MINE}")
        assert answer.status == 200
        assert "\\x1b[31mred &lt;script&gt;\nnext" in answer.text and "<script>" not in answer.text.partition("<main")[2]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"

    def test_bytes_are_shown_as_such_and_cut(self, site):
        shown = Pages(site).json(f"device_logs?view=Watson/{log_name('mine', 'WATSON')}")
        assert shown["is_binary"] and shown["is_cut"] and shown["shown"] == 256 * 1024
        assert shown["text"].startswith("00000000  00 01 02 03 ")
        assert "40 41 42" in shown["text"].split("\n")[4] and shown["text"].split("\n")[4].endswith("@ABCDEFGHIJKLMNO")

    def test_download(self, site):
        for wanted, kind in ((f"audit/{OLD}", "text/plain"), (f"CELog/{MINE}", "application/octet-stream")):
            answer = Pages(site).ask("GET", f"device_logs?download={wanted}")
            assert answer.headers["Content-Type"].startswith(kind)
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.text == {"text/plain": "=1,2\n", "application/octet-stream": "\x1b[31mred <script>\r\nnext"}[kind]

    @pytest.mark.parametrize("name", ["../../../db/devupdate.sqlite", "CELog/../../../../etc/passwd", "/etc/passwd", "CELog/", "CELog",
                                      f"./CELog/{MINE}", f"CELog//{MINE}", f"Watson/{MINE}", "audit/x"])
    def test_no_path_is_opened(self, site, name):
        for what in ("view", "download"):
            assert Pages(site).get(f"device_logs?{what}={urllib.parse.quote(name)}").status == 404

    def test_links_are_not_followed(self, site):
        link = site.store.files / CLIENT / "CELog" / log_name("link")
        link.symlink_to(site.store.database)
        assert Pages(site).get(f"device_logs?view=CELog/{link.name}").status == 404
        link.unlink()


class TestWho(LogsClass):
    def test_viewer_sees_none(self, site):
        answer = Pages(site, "viewer").get("device_logs")
        assert answer.status == 403 and MINE not in answer.text

    def test_one_site_sees_its_phones_logs(self, site):
        page = Pages(site, "helpdesk")
        document = page.json("device_logs")
        assert set(names(document)) == {MINE, log_name("mine", "WATSON")} and document["is_limited"]
        assert OTHERS not in page.get("device_logs").text
        assert page.get(f"device_logs?view=CELog/{MINE}").status == 200
        for other in (f"CELog/{OTHERS}", f"CELog/{NOBODYS}", f"audit/{OLD}"):
            assert page.get(f"device_logs?view={other}").status == 403
            assert page.get(f"device_logs?download={other}").status == 403

    def test_helpdesk_removes_nothing(self, site):
        page = Pages(site, "helpdesk")
        assert "device_logs.remove" not in page.get("device_logs").text
        for fields in ({"action": "remove", "id": f"CELog/{MINE}"}, {"action": "clear", "days": "1"}, {"action": "ask", "id": f"CELog/{MINE}"}):
            assert page.post("device_logs", fields).status == 403
        assert (site.store.files / CLIENT / "CELog" / MINE).exists()


class TestRemoving(LogsClass):
    def test_get_changes_nothing(self, site):
        page = Pages(site)
        shown = page.json("device_logs?confirm=old&days=5")
        assert (shown["files"], shown["days"]) == (2, 5)
        page.get(f"device_logs?action=clear&days=1&id=CELog/{MINE}")
        assert page.json("device_logs")["files"] == 6

    def test_chosen_then_old(self, site):
        page = Pages(site, "operator")
        path = site.store.files / CLIENT / "CELog" / OTHERS
        asked = page.post("device_logs", {"action": "ask", "id": f"CELog/{OTHERS}"})
        assert asked.status == 200 and f'value="CELog/{OTHERS}"' in asked.text and path.exists()
        done = page.after(page.post("device_logs", {"action": "remove", "id": f"CELog/{OTHERS}"}))
        assert "Files removed: 1." in done.text and not path.exists()
        last = site.store.ctl("activity", "list", "--json")
        assert OTHERS in last and '"clear"' in last and '"operator"' in last
        assert page.post("device_logs", {"action": "remove", "id": f"CELog/{OTHERS}"}).status == 404
        done = page.after(page.post("device_logs", {"action": "clear", "days": "5"}))
        assert "Files removed: 2." in done.text
        assert (site.store.files / AUDIT / CURRENT).exists() and not (site.store.files / AUDIT / OLD).exists()

    def test_what_is_written_to_stays(self, site):
        answer = Pages(site).post("device_logs", {"action": "remove", "id": f"audit/{CURRENT}"})
        assert answer.status == 409 and "DU0967" in answer.text
        assert (site.store.files / AUDIT / CURRENT).exists()

    @pytest.mark.parametrize("fields", [{"action": "remove"}, {"action": "burn", "id": "x"}, {"action": "clear", "days": "99"}, {}])
    def test_what_is_no_change(self, site, fields):
        assert Pages(site).post("device_logs", fields).status == 400


class TestMany(PagesClass):
    @staticmethod
    def prepare_store(store):
        pages.prepare(store)
        for number in range(230):
            put_log(store, f"{CLIENT}/CELog/{log_name('many', number=number)}", b"x" * number, days=number % 7)
        put_log(store, f"{CLIENT}/CELog/<b>no name of ours", b"")

    @pytest.mark.parametrize("sort", ["newest", "largest"])
    def test_every_log_is_on_one_page(self, site, sort):
        page, target, seen = Pages(site), f"device_logs?sort={sort}", []
        while target:
            document = page.json(target)
            assert len(document["logs"]) <= 100 and document["strange"] == 1
            seen += document["logs"]
            target = document["next"] or None
        assert len(seen) == len({log["id"] for log in seen}) == 230
        order = [log["written" if sort == "newest" else "size"] for log in seen]
        assert order == sorted(order, reverse=True)

    @pytest.mark.parametrize("text", HOSTILE[:3] + HOSTILE[4:])
    def test_hostile_filters(self, site, text):
        for name in ("device", "type"):
            answer = Pages(site).get("device_logs?" + urllib.parse.urlencode({name: text}))
            assert answer.status == 200 and "<script>a" not in answer.text and not dangers(answer.text)


class TestStoreAway(LogsClass):
    def test_503(self, site):
        with without_store(site):
            answer = Pages(site).get("device_logs")
        assert answer.status == 503 and MINE not in answer.text
        assert Pages(site).get("device_logs").status == 200
