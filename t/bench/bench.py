"""Speed and memory, measured side by side in one run. Prints; judges nothing: figures of a shared machine are noisy.

What is compared runs in turns in the same httpd; a ratio is the median of the ratios of the turns. Instructions
(callgrind) repeat exactly and are what later changes are compared with.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

import examples
import make_package
import many_phones
import many_records
import many_rules
import pg_server
import phone
import place
import server
import sites
import store
from passwords import AUTH_MODULES, make_htpasswd
from phone import basic
from store import APPROVED, CX600, image_path
from tls import Authority
from waiting import until

SRC, BUILD = pathlib.Path(os.environ["srcdir"]), pathlib.Path(os.environ["builddir"])
BASELINE = BUILD / "t/tools/.libs/mod_baseline.so"
CONNECTIONS = 64
COMMON = """
MaxKeepAliveRequests 0
KeepAliveTimeout 60
LoadModule baseline_module {baseline}
BaselineReply "{root}/reply"
<Location "/baseline">
    SetHandler baseline
</Location>
"""
# more threads than connections, or the MPM closes connections to make room
CHILDREN = """
ServerLimit {children}
StartServers {children}
ThreadLimit {threads}
ThreadsPerChild {threads}
MinSpareThreads 1
MaxSpareThreads {workers}
MaxRequestWorkers {workers}
"""
WRK_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml; charset=utf-8"
wrk.body = io.open("{body}"):read("*a")
"""


def say(text=""):
    print(text, flush=True)


def figure(name, value, goal=""):
    say(f"  {name:<58} {value:>18}   {goal}".rstrip())


class Bench:
    """A directory with sites, and a check's body and reply as files."""

    def __init__(self, options):
        self.options = options
        self.root = place.make()
        self.count = 0
        self.body = self.root / "body"
        self.body.write_bytes(phone.request_xml())
        self.lua, self.paced = self.root / "post.lua", self.root / "paced.lua"
        self.lua.write_text(WRK_SCRIPT.replace("{body}", str(self.body)))

    def site(self, children=2, prepare=None, start=True, threads=128, config="", modules=()):
        """A site with the baseline handler beside the module. Its reply is one of ours, byte for byte."""
        self.count += 1
        root = self.root / f"site{self.count}"
        root.mkdir()
        site = sites.Site(root)
        site.access_log = ""
        site.store.init()
        if prepare:
            prepare(site.store)
        place.give(site.store.directory)
        server.MPM["event"] = CHILDREN.format(children=children, threads=threads, workers=threads * children)
        (root / "reply").write_bytes(b"x" * 600)
        site.start(config=COMMON.replace("{baseline}", str(BASELINE)) + config, modules=modules)
        (root / "reply").write_bytes(site.check().body)
        site.httpd.stop()
        if start:
            site.httpd.start()
        return site

    def wrk(self, url, connections, seconds, script=True, headers=()):
        """Requests per second."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *(f"-H{name}: {value}" for name, value in headers)]
        done = subprocess.run([*command, *(["-s", str(self.lua)] if script else []), url], check=True, text=True,
                              capture_output=True)
        assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
        return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))

    def quantiles(self, site, connections, seconds):
        """Milliseconds that half, 99 per cent and all of the checks took at most, about 50 a second on each connection; none failed."""
        self.paced.write_text(WRK_SCRIPT.replace("{body}", str(self.body)) + PACED)
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", self.paced,
                               f"http://127.0.0.1:{site.port}{phone.CHECK}"], check=True, text=True, capture_output=True)
        assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
        found = [re.search(pattern, done.stdout) for pattern in
                 (r"50%\s+([\d.]+)(us|ms|s)", r"99%\s+([\d.]+)(us|ms|s)",
                  r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)")]
        return [float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit] for value, unit in (match.groups() for match in found)]

    def in_turns(self, first, second):
        """Medians of both and of the ratio first / second of each turn."""
        rounds = [(first(), second()) for _ in range(self.options.rounds + 1)][1:]   # the first turn warms up
        ones, others = zip(*rounds)
        ratios = [one / other for one, other in rounds]
        return statistics.median(ones), statistics.median(others), statistics.median(ratios), ratios


def one_rule(where, size=70_000):
    where.import_package(CX600, version=APPROVED, size=size)
    where.approve()


def checks(bench):
    say(f"Checks per second, {CONNECTIONS} keep-alive connections, event MPM, in turns with the trivial handler")
    site = bench.site(prepare=one_rule)
    url = f"http://127.0.0.1:{site.port}"
    ours, theirs, ratio, ratios = bench.in_turns(
        lambda: bench.wrk(url + phone.CHECK, CONNECTIONS, bench.options.seconds),
        lambda: bench.wrk(url + "/baseline", CONNECTIONS, bench.options.seconds))
    site.httpd.stop()
    figure("check, requests/s", f"{ours:,.0f}")
    figure("trivial handler with a body and reply of the same size", f"{theirs:,.0f}")
    figure("ratio", f"{ratio:.3f}", f"goal 0.85; turns {min(ratios):.2f} to {max(ratios):.2f}")


def external(bench):
    say(f"External checks per second: Basic over TLS, {CONNECTIONS} keep-alive connections, in turns with the trivial handler"
        " below the same URL")
    config = examples.outside("auth-basic.conf", Authority(bench.root / "tls").issue("localhost", "DNS:localhost"),
                              PASSWORDS="{root}/htpasswd")
    config += '<Location "/RequestHandlerExt/baseline">\nSetHandler baseline\n</Location>\n'

    def prepare(where):
        """The cheapest hash of a password there is, or it would be what is measured."""
        one_rule(where)
        make_htpasswd(where, scheme=["-s"])

    site = bench.site(prepare=prepare, config=config, modules=(*examples.TLS_MODULES, *AUTH_MODULES))
    url, headers = f"https://127.0.0.1:{site.httpd.tls_port}", basic("phone").items()
    ours, theirs, ratio, ratios = bench.in_turns(
        lambda: bench.wrk(url + phone.CHECK_EXTERNAL, CONNECTIONS, bench.options.seconds, headers=headers),
        lambda: bench.wrk(url + "/RequestHandlerExt/baseline", CONNECTIONS, bench.options.seconds, headers=headers))
    site.httpd.stop()
    figure("external check, requests/s", f"{ours:,.0f}")
    figure("trivial handler, same authentication and TLS", f"{theirs:,.0f}")
    figure("ratio", f"{ratio:.3f}", f"goal 0.75; turns {min(ratios):.2f} to {max(ratios):.2f}")


WHOLE_REQUEST = ("ap_process_async_request",)


def callgrind(bench, site, target, count, functions):
    """Instructions that httpd spends in functions (and what they call) while `count` requests come in, one after the other."""
    out = site.root / "logs" / "callgrind.out"
    out.unlink(missing_ok=True)
    place.give(site.root)
    conf = site.root / "httpd.conf"
    conf.write_text(re.sub(r"(?m)^(User|Group) .*\n", "", conf.read_text()))
    command = ["valgrind", "-q", "--tool=callgrind", "--fair-sched=try", f"--callgrind-out-file={out}",
               *(f"--toggle-collect={function}" for function in functions), *site.httpd.command("-X")]
    if place.AS_ROOT:
        command = ["setpriv", f"--reuid={place.ACCOUNT}", f"--regid={place.ACCOUNT}", "--clear-groups", *command]
    with open(site.root / "valgrind.log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        site.httpd.process = process
        until(site.httpd.listens, "httpd under valgrind listens", limit=120)
        subprocess.run(["ab", "-q", "-k", "-s", "300", "-c1", "-n", str(count), "-p", str(bench.body), "-T", "text/xml",
                        f"http://127.0.0.1:{site.port}{target}"], check=True, capture_output=True)
        process.terminate()
        process.wait(120)
        site.httpd.process = None
    return int(re.search(r"(?m)^(?:totals|summary): (\d+)", out.read_text()).group(1))


def per_request(bench, site, target, functions=WHOLE_REQUEST, few=500, many=1500):
    """The difference of two run lengths, so that what is done once is not counted."""
    return (callgrind(bench, site, target, many, functions) - callgrind(bench, site, target, few, functions)) / (many - few)


def instructions(bench):
    say("Instructions per request (callgrind, ap_process_async_request, difference of two run lengths)")
    site = bench.site(prepare=one_rule, start=False)
    ours, theirs = per_request(bench, site, phone.CHECK), per_request(bench, site, "/baseline")
    figure("check", f"{ours:,.0f}")
    figure("trivial handler", f"{theirs:,.0f}")
    figure("difference", f"{ours - theirs:,.0f}", "goal at most 45,000")


def audit(bench):
    say("What of a check's instructions goes into its audit record and into counters (callgrind)")
    site = bench.site(prepare=one_rule, start=False)
    whole = per_request(bench, site, phone.CHECK)
    record = per_request(bench, site, phone.CHECK, ("du_journal_append",))
    counters = per_request(bench, site, phone.CHECK, ("du_stats_check", "du_stats_record"))
    figure("check", f"{whole:,.0f}")
    figure("audit record", f"{record:,.0f}")
    figure("counters", f"{counters:,.0f}")
    figure("audit record and counters, per cent of the check", f"{100 * (record + counters) / whole:.1f}", "goal 10")


def download(bench):
    size = 30_000_000
    say("Download of a 30 MB image, plain HTTP, 4 connections, in turns with the same file in the document root")
    site = bench.site(prepare=lambda where: one_rule(where, size))
    os.link(site.store.image(CX600, APPROVED), site.root / "htdocs" / "plain.nbt")
    url = f"http://127.0.0.1:{site.port}"
    ours, theirs, ratio, ratios = bench.in_turns(
        lambda: bench.wrk(f"{url}{phone.ROOTS[0]}/{image_path(CX600, APPROVED)}", 4, bench.options.seconds, False),
        lambda: bench.wrk(f"{url}/plain.nbt", 4, bench.options.seconds, False))
    site.httpd.stop()
    figure("through the module, MB/s", f"{ours * size / 1e6:,.0f}")
    figure("static file, MB/s", f"{theirs * size / 1e6:,.0f}")
    figure("ratio", f"{ratio:.3f}", f"goal 0.97; turns {min(ratios):.2f} to {max(ratios):.2f}")


def rules(bench):
    say("Rule set of 10 and of 10,000 rules")
    cost = {}
    for count in (10, 10_000):
        def prepare(where, count=count):
            one_rule(where)
            many_rules.fill(where.database, count - 1)

        site = bench.site(prepare=prepare, start=False)
        runs = [json.loads(subprocess.run([BUILD / "t/bench/compile_rules", site.store.spec, SRC / "conf/reply.xml",
                                           site.root / "kept"], check=True, text=True, capture_output=True).stdout)
                for _ in range(5)]
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        figure(f"{count:,} rules: read from the store, ms", f"{middle['read']:.1f}")
        figure(f"{count:,} rules: compile, ms", f"{middle['compile']:.1f}", "goal 200 for 10,000")
        figure(f"{count:,} rules: keep (sync) and load, ms", f"{middle['keep']:.1f} + {middle['load']:.1f}")
        figure(f"{count:,} rules: bytes a rule", f"{middle['bytes'] / count:,.0f}", "goal 1,024 for 10,000")
        cost[count] = per_request(bench, site, phone.CHECK)
        figure(f"{count:,} rules: instructions a check", f"{cost[count]:,.0f}")
    figure("difference, instructions", f"{cost[10_000] - cost[10]:,.0f}", "goal: none")


class PgsqlStore(store.Store):
    """Rows in PostgreSQL."""

    def __init__(self, directory, server):
        super().__init__(directory)
        self.server = server

    @property
    def spec(self):
        return f"pgsql {self.server.parameters}"


def milliseconds(where, *command):
    start = time.monotonic()
    where.ctl(*command)
    return (time.monotonic() - start) * 1000


def life(bench):
    """Whole commands, the start of the program included."""
    say("Life cycle of 10,000 rules")
    sqlite = store.Store(bench.root / "sqlite").init()
    many_rules.fill(sqlite.database, 10_000)
    server = pg_server.Server()
    pgsql = PgsqlStore(bench.root / "pgsql", server).init()
    many_rules.fill_pgsql(server.psql, 10_000)
    pending = "UPDATE rule SET pending = '9.9', approved = '4.0', restore = '3.0'"
    for name, where, sql in (("SQLite", sqlite, lambda text: subprocess.run(["sqlite3", sqlite.database, text], check=True)),
                             ("PostgreSQL", pgsql, server.psql)):
        figure(f"{name}: rule list, ms", f"{statistics.median(milliseconds(where, 'rule', 'list') for _ in range(5)):.0f}",
               "goal 100")
        for action in ("approve", "reset", "restore", "remove"):
            sql(pending)
            figure(f"{name}: rule {action} --all, ms", f"{milliseconds(where, 'rule', action, '--all'):,.0f}",
                   "goal 2,000" if action == "approve" else "")
    server.close()


RECORDS, PHONES = 300_000, 50_000


def records_per_second(where, label, goal):
    """A first reading, which makes the phones, and a second day of the same phones."""
    for turn, name in enumerate(("new phones", "known phones")):
        many_records.write(where.files, "node1", RECORDS, PHONES, day=turn)
        before = os.times()
        start = time.monotonic()
        where.ctl("ingest")
        seconds, after = time.monotonic() - start, os.times()
        busy = after.children_user + after.children_system - before.children_user - before.children_system
        figure(f"{label}: {name}, records/s", f"{RECORDS / seconds:,.0f}", f"goal {goal}; {busy / RECORDS * 1e6:.1f} us of CPU a record")


def read_while_checks_run(bench):
    """Another node's day is read into the store that answers 1,600 checks a second, whose own records are read, too."""
    site, connections, seconds = bench.site(prepare=one_rule), 32, 8
    alone = bench.quantiles(site, connections, seconds)
    many_records.write(site.store.files, "another", RECORDS, PHONES)
    beside = []
    checking = threading.Thread(target=lambda: beside.extend(bench.quantiles(site, connections, seconds)))
    checking.start()
    start = time.monotonic()
    site.store.ctl("ingest")
    taken = time.monotonic() - start
    checking.join()
    site.httpd.stop()
    figure("SQLite: new phones while checks run, records/s", f"{RECORDS / taken:,.0f}", "goal 50,000")
    figure("checks meanwhile, ms: half, 99 per cent, all", "  ".join(f"{value:.2f}" for value in beside))
    figure("checks before", "  ".join(f"{value:.2f}" for value in alone))


def ingest(bench):
    say(f"Reading {RECORDS:,} records of {PHONES:,} phones into the inventory")
    sqlite = store.Store(bench.root / "ingest-sqlite").init()
    records_per_second(sqlite, "SQLite", "50,000")
    server = pg_server.Server()
    records_per_second(PgsqlStore(bench.root / "ingest-pgsql", server).init(), "PostgreSQL", "20,000")
    server.close()
    read_while_checks_run(bench)
    figure("SQLite: bytes of database a phone", f"{sqlite.database.stat().st_size / PHONES:,.0f}", "goal 1,024 and its history")


def inventory(bench):
    """Whole commands, the start of the program included; the first asking of each counts, but for a warm file cache."""
    say("500,000 phones, 10,000,000 events, 2,000 rules")
    server = pg_server.Server()
    for name, where in (("SQLite", store.Store(bench.root / "phones").init()),
                        ("PostgreSQL", PgsqlStore(bench.root / "phones-pgsql", server).init())):
        start = time.monotonic()
        many_phones.fill(where.spec, many_phones.parse([where.spec]))
        figure(f"{name}: filling the store, s", f"{time.monotonic() - start:.0f}")
        some = json.loads(where.ctl("--json", "device", "list", "--state", "stuck", "--limit", "1"))["phones"][0]
        for title, command in (("first page", ["list"]), ("first page by MAC address", ["list", "--sort", "mac"]),
                               ("first page by model", ["list", "--sort", "model"]), ("end of a MAC address", ["list", some["mac"][-5:]]),
                               ("beginning of an address", ["list", "10.5."]), ("stuck phones of a site", ["list", "--state", "stuck", "--site", "site5"]),
                               ("gone phones of a model", ["list", "--state", "gone", "--model", "CX600"]), ("one phone", ["show", some["mac"]]),
                               ("counts by model and version", ["counts"]), ("counts by state", ["counts", "--by", "state"]),
                               ("counts by site and state", ["counts", "--by", "site,state"])):
            figure(f"{name}: {title}, ms", f"{statistics.median(milliseconds(where, 'device', *command) for _ in range(5)):.0f}",
                   "goal 100")
        tables = ("device", "device_name", "device_count", "device_version")
        if name == "SQLite":
            listed = ", ".join(f"'{table}'" for table in tables)
            size = subprocess.run(["sqlite3", where.database, f"SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM "
                                   f"sqlite_master WHERE tbl_name IN ({listed}))"], check=True, text=True, capture_output=True).stdout
        else:
            size = server.psql("SELECT " + " + ".join(f"pg_total_relation_size('{table}')" for table in tables)).stdout
        figure(f"{name}: bytes a phone, its events apart", f"{int(size) / 500_000:.0f}", "goal 1,024")
    server.close()


PAGES = ("index", "rules", "rules?sort=phones", "rules?id=5", "rules?confirm=remove&id=5", "rules?confirm=remove&all=yes", "devices", "devices?q=3456", "devices?sort=mac",
         "devices?sort=model", "devices?model=CX600", "devices?state=stuck", "devices?state=gone", "devices?state=gone&model=CX600",
         "devices?unseen=60", "devices?id=1000", "devices?kinds=unknown", "packages", "test_devices", "sites", "settings", "roles", "activity",
         "device_logs")


# A process begins with the peak of memory of the one that starts it, so a small one does.
START_PAGE = """
import os, subprocess, sys, time
for _ in range(int(sys.argv[1])):
    start = time.monotonic()
    process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    answer = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    assert answer.startswith(b"Status: 200 "), answer[:200]
    print((time.monotonic() - start) * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024)
"""


def ask_page(where, target, rounds):
    """Medians of wall time and CPU time in ms, and peak memory in MB, of the program of a page, started as httpd would."""
    name, _, query = target.partition("?")
    environment = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "QUERY_STRING": query, "REMOTE_USER": "admin", "HTTP_HOST": "localhost",
                   "DEVUPDATE_STORE": where.spec, "DEVUPDATE_FILES": str(where.files)}
    said = subprocess.run([sys.executable, "-S", "-c", START_PAGE, str(rounds), BUILD / "admin" / name], env=environment, check=True,
                          capture_output=True, text=True).stdout
    return [statistics.median(values) for values in zip(*(map(float, line.split()) for line in said.splitlines()))]


def pages(bench):
    """The first asking of each page counts, but for a warm file cache."""
    say(f"Pages with {bench.options.phones:,} phones and 2,000 rules: ms, of these CPU time of the page's own program; its memory in MB")
    server = pg_server.Server()
    for name, where in (("SQLite", store.Store(bench.root / "pages").init()),
                        ("PostgreSQL", PgsqlStore(bench.root / "pages-pgsql", server).init())):
        many_phones.fill(where.spec, many_phones.parse(["--phones", str(bench.options.phones), "--events", str(bench.options.phones), where.spec]))
        where.ctl("role", "set", "admin", "administrator")
        for target in PAGES:
            wall, cpu, memory = ask_page(where, target, bench.options.rounds)
            figure(f"{name}: {target}", f"{wall:.0f}  {cpu:.0f}  {memory:.0f}", "goal 150, 32 MB")
    server.close()


def resident(pid):
    """KiB of memory of the process that is its own (Pss_Anon) and in all (Rss)."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return [int(re.search(rf"(?m)^{name}:\s+(\d+)", text).group(1)) for name in ("Pss_Anon", "Rss")]


UPLOAD_SCRIPT = """
local body = string.rep("0123456789abcde\\n", 65536)
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
request = function()
    count = count + 1
    return wrk.format(nil, "{check}?type=CELog&filename=a.clg&serial=s" .. count, nil, body)
end
"""


def upload(bench):
    size, at_once, files = 1 << 20, CONNECTIONS, 400
    say(f"Uploads of 1 MiB logs, {at_once} at once, in turns with as many `dd conv=fsync` to the same disk")
    config = "DevUpdateUploadQuota 1125899906842624\nReadBufferSize 65536\n"   # the latter as shipped
    site = bench.site(prepare=one_rule, config=config)
    place_of_logs = site.store.files / "DeviceUpdateLogs" / "Client"
    script, other = bench.root / "upload.lua", bench.root / "dd"
    script.write_text(UPLOAD_SCRIPT.replace("{check}", phone.CHECK))
    thrown_away = bench.root / "thrown-away.lua"
    thrown_away.write_text(UPLOAD_SCRIPT.replace("{check}", "/baseline"))
    source = bench.root / "log"
    source.write_bytes(b"0123456789abcde\n" * (size // 16))

    def post(lua):
        done = subprocess.run(["wrk", "-t1", f"-c{at_once}", f"-d{bench.options.seconds}s", "-s", lua,
                               f"http://127.0.0.1:{site.port}"], check=True, text=True, capture_output=True)
        assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
        return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))

    def ours():
        rate = post(script)
        for path in (place_of_logs / "CELog").iterdir():   # one that was under way when wrk ended may come yet
            path.unlink()
        os.sync()   # what was removed is not the next one's burden
        return rate

    def theirs():
        other.mkdir()
        seconds, _ = timed(["sh", "-c", f"seq {files} | xargs -P{at_once} -I% dd if={source} of={other}/% bs=64k conv=fsync status=none"])
        shutil.rmtree(other)
        os.sync()
        return files / seconds

    for _ in range(3):   # most threads have served
        ours()
    before = [resident(pid) for pid in site.httpd.children()]
    mine, others, ratio, ratios = bench.in_turns(ours, theirs)
    after = [resident(pid) for pid in site.httpd.children()]
    network = statistics.median(post(thrown_away) for _ in range(bench.options.rounds))
    site.httpd.stop()
    figure("uploads, MiB/s", f"{mine:,.0f}")
    figure("dd conv=fsync, MiB/s", f"{others:,.0f}")
    figure("trivial handler reads them and throws them away, MiB/s", f"{network:,.0f}")
    figure("uploads against the two, one after the other", f"{mine * (1 / network + 1 / others):.3f}")
    figure("ratio", f"{ratio:.3f}", f"goal 0.7; turns {min(ratios):.2f} to {max(ratios):.2f}")
    for name, index in (("own memory of the children, KiB", 0), ("resident, KiB", 1)):
        figure(f"{name}: before, after", "  ".join(f"{sum(reading[index] for reading in readings):,}" for readings in (before, after)),
               "goal: does not grow")


def memory(bench):
    """Few threads, so that each of them has soon done everything it ever does, and the trivial handler as control: what
    grows with both is httpd's."""
    count, threads = bench.options.checks, 16
    say(f"Memory of one child with {threads} threads before and after {count:,} requests")
    for name, path in (("trivial handler", "/baseline"), ("check", phone.CHECK)):
        site = bench.site(children=1, threads=threads, prepare=one_rule)
        pid, = site.httpd.children()

        def run(number):
            done = subprocess.run(["ab", "-q", "-k", f"-c{threads // 2}", "-n", str(number), "-p", str(bench.body),
                                   "-T", "text/xml", f"http://127.0.0.1:{site.port}{path}"], check=True, text=True,
                                  capture_output=True)
            assert re.search(r"Failed requests:\s+0\n", done.stdout), done.stdout

        run(max(count // 10, 1000))   # every thread has served and every pool has its size
        readings = [resident(pid)]
        for _ in range(5):
            run(count // 5)
            readings.append(resident(pid))
        assert site.httpd.children() == [pid]
        site.httpd.stop()
        own = "  ".join(f"{value:,}" for value, _ in readings)
        figure(f"{name}: its own memory, KiB, before and after each fifth", own, "goal: does not grow")


# A process of its own, because a command starts with the peak memory of the one that starts it.
TIMER = """
import json, os, subprocess, sys, time
begin = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.monotonic() - begin, usage.ru_maxrss / 1024]))
"""


def timed(*commands):
    """Seconds of the commands, one after the other, and the largest peak memory of one of them in MiB."""
    seconds, peak = 0, 0
    for command in commands:
        done = subprocess.run([sys.executable, "-S", "-E", "-c", TIMER, *map(str, command)], check=True, text=True,
                              stdout=subprocess.PIPE)
        status, took, memory_used = json.loads(done.stdout)
        assert status == 0, command
        seconds, peak = seconds + took, max(peak, memory_used)
    return seconds, peak


def import_package(bench):
    say("Import of a 200 MB package (MSZIP), in turns with cabextract and sha256sum of the same")
    cab = make_package.make_package(bench.root / "large.cab", [CX600], APPROVED, size=200_000_000)
    rounds = []
    for number in range(bench.options.rounds):
        directory = bench.root / f"import{number}"
        where = store.Store(directory)
        where.init()
        (directory / "extracted").mkdir()
        others = timed(["cabextract", "-q", "-d", directory / "extracted", cab], ["sha256sum", cab])
        ours = timed([os.environ["CTL"], "--store", where.spec, "--files", where.files, "import", cab, "--allow-unsigned"])
        rounds.append((ours, others))
        shutil.rmtree(directory)
    ratios = [ours[0] / others[0] for ours, others in rounds]
    figure("package, MB", f"{cab.stat().st_size / 1e6:.0f}")
    figure("import, s", f"{statistics.median(ours[0] for ours, _ in rounds):.2f}")
    figure("cabextract and sha256sum, s", f"{statistics.median(others[0] for _, others in rounds):.2f}")
    figure("ratio", f"{statistics.median(ratios):.3f}", f"goal 1.2; turns {min(ratios):.2f} to {max(ratios):.2f}")
    figure("peak memory of the import, MiB", f"{max(ours[1] for ours, _ in rounds):.1f}", "goal under 64")


def sign_package(bench, cab, image_size, digest):
    """A package of the same image with a catalogue that is verified; the file of its trust anchor."""
    maker = pathlib.Path(os.environ["builddir"], "t/tools/make_catalog")
    root, vendor, cat, nbt = (bench.root / name for name in ("root.pem", "vendor.pem", "made.cat", "image.nbt"))
    members = make_package.members_of([CX600], APPROVED, size=image_size)
    nbt.write_bytes(members["image1/CPE.nbt"])
    subprocess.run([maker, "identity", root, "Root", "--authority"], check=True)
    subprocess.run([maker, "identity", vendor, "Vendor", "--issuer", root, "--use", "codeSigning"], check=True)
    subprocess.run([maker, "catalogue", cat, "--signer", vendor, "--digest", digest, nbt], check=True)
    members["image1/CPE.cat"] = cat.read_bytes()
    make_package.pack(cab, members)
    return root


def verify_package(bench):
    """Without verification is not to be had; an unsigned catalogue is what comes nearest: parsed, and nothing is looked up."""
    say("Import of a 200 MB package (MSZIP), verified, in turns with one that is not signed")
    size = 200_000_000
    plain = make_package.make_package(bench.root / "plain.cab", [CX600], APPROVED, size=size)
    for digest in ("SHA256", "SHA1"):
        signed = bench.root / "signed.cab"
        root = sign_package(bench, signed, size, digest)
        times = {plain: [], signed: []}
        for number in range(bench.options.rounds):
            for cab, option in ((plain, ["--allow-unsigned"]), (signed, ["--trust", root])):
                where = store.Store(bench.root / f"verify{number}")
                where.init()
                times[cab].append(timed([os.environ["CTL"], "--store", where.spec, "--files", where.files, "import", cab,
                                         *option])[0])
                shutil.rmtree(where.directory)
        ratios = [with_it / without for with_it, without in zip(times[signed], times[plain])]
        figure(f"catalogue with {digest}, import, s", f"{statistics.median(times[signed]):.2f}",
               f"not verified {statistics.median(times[plain]):.2f}")
        figure("ratio", f"{statistics.median(ratios):.3f}", f"goal 1.2; turns {min(ratios):.2f} to {max(ratios):.2f}")


# Each connection pauses, so that nobody waits for a processor and what is measured is what a change costs.
PACED = """
delay = function()
    return 20
end
"""


@contextlib.contextmanager
def changing(where, every):
    """Changes a store again and again while the block runs; a list of how long each change took is answered."""
    ended, took = threading.Event(), []

    def change():
        while not ended.wait(every):
            took.append(timed([os.environ["CTL"], "--store", where.spec, "--files", where.files, "site", "add",
                               f"s{time.monotonic_ns()}", f"10.{len(took) // 256 % 256}.{len(took) % 256}.0/24"])[0])
            where.ctl("site", "remove", json.loads(where.ctl("site", "list", "--json"))[0]["name"])

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


def refresh(bench):
    count, connections, seconds = 10_000, 32, max(bench.options.seconds, 8)
    say(f"Checks while the store changes every second, in turns with checks while it does not: {count:,} rules, "
        f"{connections} connections at about {connections * 50:,} checks a second")

    def prepare(where):
        one_rule(where)
        many_rules.fill(where.database, count - 1)

    site = bench.site(prepare=prepare)
    def quantiles():
        return bench.quantiles(site, connections, seconds)

    def with_changes():
        before = log.read_text().count("DU0501")
        with changing(site.store, 1):
            measured = quantiles()
        compiled.append(log.read_text().count("DU0501") - before)
        return measured

    def with_changes_unseen():
        """What the changes themselves cost the machine."""
        os.kill(site.httpd.keeper(), signal.SIGSTOP)
        try:
            with changing(site.store, 1):
                return quantiles()
        finally:
            os.kill(site.httpd.keeper(), signal.SIGCONT)

    log, compiled = site.root / "logs" / "error_log", []
    rounds = [(with_changes(), with_changes_unseen(), quantiles()) for _ in range(bench.options.rounds + 1)][1:]
    site.httpd.stop()
    say("  milliseconds that so many checks took at most: with changes, with changes that httpd does not look at, without")
    for name, index in (("half", 0), ("99 per cent", 1), ("all", 2)):
        middle = [statistics.median(turn[which][index] for turn in rounds) for which in (0, 1, 2)]
        ratios = [turn[0][index] / turn[1][index] for turn in rounds]
        figure(name, "  ".join(f"{value:.2f}" for value in middle),
               f"seen/unseen {statistics.median(ratios):.2f}; turns {min(ratios):.2f} to {max(ratios):.2f}")
    figure("rule sets compiled in each turn", "  ".join(map(str, compiled[1:])))
    figure("failed checks", "0", "goal: none")


SECTIONS = {"checks": checks, "external": external, "instructions": instructions, "audit": audit,
            "download": download, "rules": rules, "life": life, "memory": memory, "import": import_package,
            "verify": verify_package, "inventory": inventory, "pages": pages, "upload": upload, "refresh": refresh, "ingest": ingest}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7, help="turns of each comparison (7)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn (3)")
    parser.add_argument("--checks", type=int, default=1_000_000, help="checks of the memory run (1,000,000)")
    parser.add_argument("--phones", type=int, default=500_000, help="phones behind the pages (500,000)")
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "ab", "valgrind", "setpriv", "cabextract") if not shutil.which(tool)]
    if missing:
        sys.exit(f"bench: not installed: {' '.join(missing)}")
    bench = Bench(options)
    for name in options.sections or SECTIONS:
        SECTIONS[name](bench)
        say()
    place.remove(bench.root)


if __name__ == "__main__":
    main()
