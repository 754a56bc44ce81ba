"""What a node counts and tells of itself: OpenMetrics, httpd's server-status, and records that could not be written."""
import collections
import contextlib
import html.parser
import http.client
import os
import re
import shutil
import subprocess
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
import phone
import store
from phone import CHECK_EXTERNAL, Reply, installed, request_xml
from store import AASTRA, APPROVED, CX600, image_path
from waiting import until

METRICS, STATUS = "/devupdate-metrics", "/server-status"
MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# Which child answered is in a log of httpd's own.
CONFIG = f"""
<Location "{METRICS}">
    SetHandler devupdate-metrics
</Location>
<Location "{STATUS}">
    SetHandler server-status
</Location>
LogFormat "%{{pid}}P" pid
CustomLog logs/pids pid
"""


def text_of(site):
    response = site.get(METRICS)
    assert response.status == 200
    return response.body.decode()


def figures(site):
    """{'devupdate_uploads_total{endpoint="internal",result="stored"}': 0, ...}"""
    lines = [line.rpartition(" ") for line in text_of(site).splitlines() if not line.startswith("#")]
    found = {series: int(value) for series, _, value in lines}
    assert len(found) == len(lines), "a series is there twice"
    return found


def series(name, **labels):
    values = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"devupdate_{name}" + (f"{{{values}}}" if values else "")


def records(which, outcome):
    return series("journal_records_total", series=which, outcome=outcome)


def downloads(key, what="downloads"):
    _, brand, model, *_ = key.split("/")
    return series(f"{what}_total", brand=brand, model=model)


def get_image(site, key, root=phone.ROOTS[0], version=APPROVED, headers=None):
    return site.get(f"{root}/{urllib.parse.quote(image_path(key, version))}", headers)


# Every way a check can end that needs no other configuration: body, options, and how it is recorded
ENDINGS = [
    (request_xml(), {}),
    (request_xml(modules=installed(APPROVED)), {}),
    (request_xml(Model="CX500"), {}),
    (request_xml(Model="nobody has it"), {}),
    (request_xml(Locale=None), {}),
    (b"<Request>", {}),
    (b"x" * 70000, {}),
    (request_xml(), {"target": CHECK_EXTERNAL}),
]


class Counting:
    config = CONFIG

    def test_checks_are_exact_over_all_children(self, site, ledger):
        ledger.declare("DU0201", "DU0202", "DU0203", "DU0210")
        watch, before = site.audit(), figures(site)
        with ThreadPoolExecutor(24) as crowd:
            answers = list(crowd.map(lambda n: site.check(ENDINGS[n % 8][0], **ENDINGS[n % 8][1]), range(400)))
        assert collections.Counter(answer.status for answer in answers) == {200: 250, 400: 50, 413: 50, 403: 50}
        after, lines = figures(site), watch.new()
        counted = {name: after[name] - before[name] for name in before if "_total" in name and after[name] != before[name]}
        expected = collections.Counter(
            series("checks_total", endpoint=line["Endpoint"], result=line["Result"], reason=line["Reason"])
            for line in lines)
        assert len(expected) == len(ENDINGS) and set(expected.values()) == {50}
        expected |= {series("refusals_total", endpoint="internal", request="check"): 100,
                     series("refusals_total", endpoint="external", request="check"): 50, records("checks", "written"): 400}
        assert counted == expected
        assert len(set((site.httpd.logs / "pids").read_text().split())) > 1, "several children have answered"

    def test_downloads_and_their_bytes_by_model(self, site):
        before = figures(site)
        ask = [(CX600, None), (AASTRA, None), (CX600, {"Range": "bytes=10-19"})] * 20
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda what: get_image(site, what[0], headers=what[1]), ask))
        assert {answer.status for answer in answers} == {200, 206}
        # a download is counted when it has ended, that is behind the client's back
        written = records("downloads", "written")
        until(lambda: figures(site)[written] - before[written] == 60, "counted")
        after = figures(site)
        for key, count in ((CX600, 40), (AASTRA, 20)):
            size = sum(len(answer.body) for (asked, _), answer in zip(ask, answers) if asked == key)
            assert after[downloads(key)] - before[downloads(key)] == count
            assert after[downloads(key, "download_bytes")] - before[downloads(key, "download_bytes")] == size

    def test_refused_downloads(self, site):
        before = figures(site)
        assert get_image(site, CX600, version="9.9").status == 404
        assert get_image(site, CX600, root=phone.ROOTS_EXTERNAL[0]).status == 403
        for endpoint in ("internal", "external"):
            name = series("refusals_total", endpoint=endpoint, request="download")
            until(lambda: figures(site)[name] - before[name] == 1, f"{endpoint} counted")
        assert figures(site)[downloads(CX600)] == before[downloads(CX600)]

    def test_counters_begin_anew_with_a_graceful_restart(self, site):
        name = series("checks_total", endpoint="internal", result="offered", reason="approved")
        site.check()
        assert figures(site)[name] > 0
        site.httpd.restart_gracefully()
        until(lambda: figures(site)[name] == 0, "counters of the new children")
        for _ in range(10):
            assert site.offered() == APPROVED
        assert figures(site)[name] == 10
        assert figures(site)[downloads(CX600)] == 0, "models are known again"


class TestEvent(Counting):
    mpm = "event"


class TestPrefork(Counting):
    mpm = "prefork"


def classic(text):
    """The text format that was before OpenMetrics and that promtool reads: there a counter's HELP and TYPE name it with
    its _total."""
    counters = re.findall(r"^# TYPE (\S+) counter$", text, re.M)
    return re.sub(r"^(# (?:HELP|TYPE) )(\S+)", lambda m: m[1] + m[2] + ("_total" if m[2] in counters else ""), text,
                  flags=re.M)


def strict_reader():
    return pytest.importorskip("prometheus_client.openmetrics.parser",
                               reason="python3-prometheus-client is not installed")


class TestOpenMetrics:
    config = CONFIG

    def test_promtool_finds_nothing(self, site):
        if not shutil.which("promtool"):
            pytest.skip("promtool is not installed (Debian package prometheus)")
        site.check()
        get_image(site, CX600)

        def promtool(text):
            done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
            return done.returncode, done.stdout + done.stderr

        assert promtool(classic(text_of(site))) == (0, "")
        assert promtool("# TYPE a_bytes counter\na_bytes 1\n")[0] != 0, "it would find something"

    def test_a_strict_reader_reads_it(self, site):
        parser = strict_reader()
        site.check()
        families = {family.name: family for family in parser.text_string_to_metric_families(text_of(site))}
        assert families["devupdate_checks"].type == "counter"
        assert families["devupdate_download_bytes"].unit == "bytes"
        assert families["devupdate_ruleset_age_seconds"].type == "gauge"
        assert all(family.documentation for family in families.values())

    def test_headers(self, site):
        response = site.get(METRICS)
        assert response.headers["Content-Type"] == MEDIA_TYPE
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.body.endswith(b"\n# EOF\n")

    def test_methods(self, site):
        head = phone.ask(site.port, "HEAD", METRICS)
        assert (head.status, head.body, head.headers["Content-Type"]) == (200, b"", MEDIA_TYPE)
        post = phone.ask(site.port, "POST", METRICS, body=b"x")
        assert post.status == 405 and "GET" in post.headers["Allow"]

    def test_nothing_of_a_device_or_a_person(self, site):
        body = request_xml(MacAddress="00-04-F2-0A-BC-DE", SerialNumber="serial-4711", UserID="carol@contoso.com")
        assert Reply(site.check(body, address="127.0.0.77")).version == APPROVED
        text = (text_of(site) + site.get(STATUS).body.decode()).lower()
        for secret in ("0a-bc-de", "4711", "carol", "127.0.0.77"):
            assert secret not in text

    def test_metrics_are_those_of_the_page(self, site):
        """Other than the lint, this sees what comes out."""
        page = open(os.path.join(os.environ["srcdir"], "conf/metrics.md"), encoding="utf-8").read()
        site.check()
        get_image(site, CX600)
        until(lambda: series("journal_file", series="downloads") in figures(site), "a download on record")
        told = set(re.findall(r"^# TYPE (\S+) ", text_of(site), re.M))
        assert told == set(re.findall(r"^## (devupdate_\S+)$", page, re.M))
        for name in told:
            section = page[page.index(f"## {name}\n"):].partition("\n## ")[0]
            labels = re.search(r"^- Labels: (.+)$", section, re.M)
            sample = next(line for line in text_of(site).splitlines() if re.match(rf"{name}(_total)?[{{ ]", line))
            assert re.findall(r'[{,](\w+)="', sample) == (labels[1].split(", ") if labels else [])


class TestGauges:
    config = CONFIG

    def test_the_rule_set(self, site):
        found = figures(site)
        assert found["devupdate_ruleset_rules"] == len(site.store.rules())
        assert found["devupdate_ruleset_bytes"] == site.store.kept.stat().st_size
        assert 0 <= found["devupdate_ruleset_age_seconds"] < 3600
        site.store.approve()
        # the child that answers may be the one that has not looked yet
        until(lambda: all(figures(site)["devupdate_ruleset_generation"] > found["devupdate_ruleset_generation"]
                          for _ in range(10)), "the next generation")

    def test_the_journal(self, site):
        def agrees():
            site.check()
            path, found = audit.files(site.store)[-1], figures(site)
            return (found.get(series("journal_file", series="checks")) == 0 and
                    found.get(series("journal_file_bytes", series="checks")) == path.stat().st_size)

        until(agrees, "number and size of the audit file")
        assert series("journal_file", series="uploads") not in figures(site), "no upload, no file"


class TestNewModel:
    config = CONFIG

    def test_a_model_is_counted_from_its_first_rule_on(self, site):
        key = "UCPhone/LG-Nortel/IP8540/A/ENU"
        assert downloads(key) not in figures(site)
        site.store.import_package(key, version="1.0")
        site.store.approve(key)
        until(lambda: downloads(key) in figures(site), "the model")
        until(lambda: get_image(site, key, version="1.0").status == 200, "the image")
        until(lambda: figures(site)[downloads(key)] > 0, "a count")
        assert figures(site)[series("downloads_total", brand="", model="other")] == 0


class TestStoreAway:
    """The kept rule set serves; what its models are called is asked of nobody."""

    config = CONFIG

    def test_downloads_are_counted_all_the_same(self, own_site):
        own_site.start(config=CONFIG)
        own_site.httpd.stop()
        own_site.store.database.rename(own_site.store.database.with_suffix(".away"))
        own_site.prepare(config=CONFIG).httpd.start()
        own_site.ledger.declare("DU0506", "DU0520")
        assert own_site.ledger.count("DU0506") == 1
        assert get_image(own_site, CX600).status == 200
        until(lambda: figures(own_site)[downloads(CX600)] == 1, "counted")


class TestOff:
    directives = {"DevUpdateEngine": "Off"}
    config = CONFIG
    modules = ["status"]

    def test_nothing_to_tell(self, site):
        assert site.get(METRICS).status == 404
        assert b"Device Update" not in site.get(STATUS).body
        assert b"devupdate" not in site.get(f"{STATUS}?auto").body


# What the store takes and a page, a label or a URL might choke on
HOSTILE = "UCPhone/A&amp;'B/{x=1},é&lt; %41#/A/ENU"


class Table(html.parser.HTMLParser):
    """The cells of all rows."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.cell = [], None
        self.feed(text)

    def handle_starttag(self, tag, _attributes):
        if tag == "tr":
            self.rows.append([])
        self.cell = [] if tag == "td" else self.cell

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag):
        if tag == "td" and self.rows:
            self.rows[-1].append("".join(self.cell))
            self.cell = None


class TestServerStatus:
    config = CONFIG
    modules = ["status"]

    @staticmethod
    def prepare_store(where):
        where.import_package(HOSTILE, version="1.0")
        where.approve(HOSTILE)

    def test_the_page(self, site):
        site.check()
        rows = Table(site.get(STATUS).body.decode()).rows
        assert ["Update checks answered", "internal, offered, approved"] in [row[:2] for row in rows]
        assert ["Rules in the rule set", "", str(len(site.store.rules()))] in rows

    def test_without_a_table(self, site):
        site.check()
        text = site.get(f"{STATUS}?notable").body.decode()
        assert re.search(r"^Update checks answered \(internal, offered, approved\): \d+<br />$", text, re.M)

    def test_for_programs(self, site):
        site.check()
        lines = dict(line.rpartition(": ")[::2] for line in site.get(f"{STATUS}?auto").body.decode().splitlines())
        told = figures(site)
        assert set(told) <= set(lines)
        for name in (records("checks", "written"), "devupdate_ruleset_rules"):
            assert int(lines[name]) == told[name]

    def test_a_hostile_model(self, site):
        """Its name stands in the page and in a label, and is only a name there."""
        assert get_image(site, HOSTILE, version="1.0").status == 200
        until(lambda: figures(site)[downloads(HOSTILE)] > 0, "counted")
        page = site.get(STATUS).body.decode()
        _, brand, model, *_ = HOSTILE.split("/")
        assert ["Responses with an image or a part of one", f"{brand}, {model}"] in [row[:2] for row in Table(page).rows]
        assert "&amp;amp;" in page and "&amp;lt;" in page
        parser = strict_reader()
        families = parser.text_string_to_metric_families(text_of(site))
        labels = [sample.labels for family in families for sample in family.samples]
        assert {"brand": brand, "model": model} in labels


@contextlib.contextmanager
def small_disk(path, size):
    """A file system of its own, with that many KiB, for as long as it lasts."""
    path.mkdir(exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0777", "tmpfs", path], text=True,
                          capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@contextlib.contextmanager
def stopped_at_the_end(site):
    try:
        yield
    finally:
        site.httpd.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
class TestDiskFull:
    def test_checks_are_answered_and_lost_records_are_counted(self, own_site):
        logs = own_site.store.files / "DeviceUpdateLogs"
        with small_disk(logs, 64), stopped_at_the_end(own_site.start(config=CONFIG)):
            begin = time.time()
            asked = self.fill(own_site)
            assert get_image(own_site, CX600).status == 200
            until(lambda: figures(own_site)[records("downloads", "lost")] == 1, "the download's record is lost")
            own_site.ledger.declare("DU0902")
            minutes = int(time.time() // 60) - int(begin // 60) + 1
            assert 1 <= own_site.ledger.count("DU0902") <= 2 * minutes, "once a minute for each of two files"
            self.counts(own_site, asked)
            subprocess.run(["mount", "-o", "remount,size=1m", logs], check=True)
            self.whole_again(own_site)

    def fill(self, site):
        """Checks until records are lost, and then 50 more; how many in all. All are answered."""
        asked, more = 0, 50
        with ThreadPoolExecutor(8) as crowd:
            while more:
                offered = list(crowd.map(lambda n: site.offered(request_xml(SerialNumber=f"{n:0>50}")), range(50)))
                assert offered == [APPROVED] * 50
                asked += 50
                assert asked < 5000, "the disk does not fill"
                more -= 50 * (figures(site)[records("checks", "lost")] > 0)
        return asked

    def counts(self, site, asked):
        found = figures(site)
        path, = audit.files(site.store)
        lines = path.read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(",internal,offered,approved\n")]
        assert found[records("checks", "lost")] == asked - len(whole) > 0
        assert found[records("checks", "written")] == len(whole)
        assert found[series("checks_total", endpoint="internal", result="offered", reason="approved")] == asked

    def whole_again(self, site):
        """Every line from now on is whole, whichever child writes it."""
        path, = audit.files(site.store)
        lost = figures(site)[records("checks", "lost")]
        serials = {f"space-is-back-{number}" for number in range(100)}
        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(lambda serial: site.offered(request_xml(SerialNumber=serial)), serials))
        assert figures(site)[records("checks", "lost")] == lost
        lines = [line for line in path.read_text().splitlines() if "space-is-back" in line]
        assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,127\.0\.0\.1,UCPhone,", line) for line in lines)
        assert {line.split(",")[4] for line in lines} == serials and len(lines) == len(serials)


class TestNoJournalDirectory:
    def test_every_record_is_counted_as_lost(self, own_site):
        directory = own_site.store.files / store.AUDIT
        directory.mkdir(parents=True)
        directory.chmod(0o555)
        if os.geteuid() == 0:
            os.chown(directory, 0, 0)
        own_site.start(config=CONFIG)
        for _ in range(20):
            assert own_site.offered() == APPROVED
        own_site.ledger.declare("DU0902")
        assert figures(own_site)[records("checks", "lost")] == 20
        assert figures(own_site)[records("checks", "written")] == 0
