"""Speed and memory, measured side by side in one run. Prints; judges nothing: figures of a shared machine are noisy.

What is compared runs in turns in the same httpd; a ratio is the median of the ratios of the turns. Instructions
(callgrind) repeat exactly and are what later changes are compared with.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

import make_package
import many_rules
import phone
import place
import server
import sites
import store
from store import APPROVED, CX600, image_path
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
        self.lua = self.root / "post.lua"
        self.lua.write_text(WRK_SCRIPT.replace("{body}", str(self.body)))

    def site(self, children=2, prepare=None, start=True, threads=128):
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
        config = COMMON.replace("{baseline}", str(BASELINE))
        site.start(config=config)
        (root / "reply").write_bytes(site.check().body)
        site.httpd.stop()
        if start:
            site.httpd.start()
        return site

    def wrk(self, url, connections, seconds, script=True):
        """Requests per second."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
        done = subprocess.run(command + (["-s", str(self.lua)] if script else []), check=True, text=True,
                              capture_output=True)
        assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
        return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))

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


def callgrind(bench, site, target, count):
    """Instructions that httpd spends in requests while `count` of them come in, one after the other."""
    out = site.root / "logs" / "callgrind.out"
    out.unlink(missing_ok=True)
    place.give(site.root)
    conf = site.root / "httpd.conf"
    conf.write_text(re.sub(r"(?m)^(User|Group) .*\n", "", conf.read_text()))
    command = ["valgrind", "-q", "--tool=callgrind", "--fair-sched=try", f"--callgrind-out-file={out}",
               "--toggle-collect=ap_process_async_request", *site.httpd.command("-X")]
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


def per_request(bench, site, target, few=500, many=1500):
    """The difference of two run lengths, so that what is done once is not counted."""
    return (callgrind(bench, site, target, many) - callgrind(bench, site, target, few)) / (many - few)


def instructions(bench):
    say("Instructions per request (callgrind, ap_process_async_request, difference of two run lengths)")
    site = bench.site(prepare=one_rule, start=False)
    ours, theirs = per_request(bench, site, phone.CHECK), per_request(bench, site, "/baseline")
    figure("check", f"{ours:,.0f}")
    figure("trivial handler", f"{theirs:,.0f}")
    figure("difference", f"{ours - theirs:,.0f}", "goal at most 45,000")


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


def resident(pid):
    """KiB of memory of the process that is its own (Pss_Anon) and in all (Rss)."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return [int(re.search(rf"(?m)^{name}:\s+(\d+)", text).group(1)) for name in ("Pss_Anon", "Rss")]


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
        ours = timed([os.environ["CTL"], "--store", where.spec, "--files", where.files, "import", cab])
        rounds.append((ours, others))
        shutil.rmtree(directory)
    ratios = [ours[0] / others[0] for ours, others in rounds]
    figure("package, MB", f"{cab.stat().st_size / 1e6:.0f}")
    figure("import, s", f"{statistics.median(ours[0] for ours, _ in rounds):.2f}")
    figure("cabextract and sha256sum, s", f"{statistics.median(others[0] for _, others in rounds):.2f}")
    figure("ratio", f"{statistics.median(ratios):.3f}", f"goal 1.2; turns {min(ratios):.2f} to {max(ratios):.2f}")
    figure("peak memory of the import, MiB", f"{max(ours[1] for ours, _ in rounds):.1f}", "goal under 64")


SECTIONS = {"checks": checks, "instructions": instructions, "download": download, "rules": rules, "memory": memory,
            "import": import_package}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7, help="turns of each comparison (7)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn (3)")
    parser.add_argument("--checks", type=int, default=1_000_000, help="checks of the memory run (1,000,000)")
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
