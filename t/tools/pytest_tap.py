"""pytest plugin that prints TAP, which automake's test driver reads; t/tools/run-pytest loads it."""
import pytest


class Tap:
    def __init__(self):
        self.count = 0

    def line(self, verdict, name, directive="", detail=""):
        self.count += 1
        print(f"{verdict} {self.count} - {name.replace('#', '[hash]')}{directive}", flush=True)
        for text in detail.splitlines():
            print(f"# {text}", flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line("not ok", f"collecting {report.nodeid}", detail=report.longreprtext)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            phase = "" if report.when == "call" else f" ({report.when})"
            captured = "".join(f"\n--- {title}\n{text}" for title, text in report.sections)
            self.line("not ok", report.nodeid + phase, detail=report.longreprtext + captured)
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self.line("ok", report.nodeid, directive=f" # SKIP {' '.join(reason.split())}")
        elif report.when == "call":
            self.line("ok", report.nodeid)

    def pytest_sessionfinish(self):
        print(f"1..{self.count}" if self.count else "Bail out! No test was found", flush=True)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(Tap(), "tap")
