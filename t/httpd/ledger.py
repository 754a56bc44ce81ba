"""The ledger: every warning or error in httpd's log must have been declared by the test that provoked it.

Messages are declared by their id: DU0203 is ours, AH00526 httpd's. What an admin page says on standard error stands in the
log as "DU0520: ...". Another line that is not in the form of httpd's log (a sanitizer's report, a library's words on standard
error) counts as an error without an id and cannot be declared.
"""
import collections
import re

LINE = re.compile(r"^\[[^\]]*\] \[(?P<module>[\w.]*):(?P<level>\w+)\] \[pid (?P<pid>\d+)[^\]]*\] (?P<text>.*)$")
PAGE_LINE = re.compile(r"^(DU\d{4}): ")
MESSAGE_ID = re.compile(r"\b(?:DU\d{4}|AH\d{5})\b")
QUIET = {"notice", "info", "debug"} | {f"trace{n}" for n in range(1, 9)}
# httpd says with level notice that a child was killed by a signal
CRASHES = {"AH00051", "AH00052"}

Entry = collections.namedtuple("Entry", "id level text")


def parse(line):
    """An Entry; its level is "error" for a line that is not one of httpd's."""
    match = LINE.match(line)
    if not match:
        page = PAGE_LINE.match(line)
        return Entry(page[1] if page else None, "error", line)
    found = MESSAGE_ID.search(match["text"])
    entry_id = found.group() if found else None
    level = "crit" if entry_id in CRASHES else match["level"]
    return Entry(entry_id, level, line)


class Ledger:
    """Reads one log from where it last stopped."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.entries = []     # all since the last settlement
        self.declared = set()

    def read(self):
        """All complete lines since the last settlement, as entries."""
        if self.path.exists():
            with open(self.path, "rb") as log:
                log.seek(self.offset)
                data = log.read()
            complete = data[:data.rfind(b"\n") + 1]
            self.offset += len(complete)
            self.entries += [parse(line) for line in complete.decode("utf-8", "replace").splitlines()]
        return self.entries

    def count(self, entry_id):
        return sum(entry.id == entry_id for entry in self.read())

    def declare(self, *ids):
        """These messages belong to the running test."""
        self.declared.update(ids)

    def settle(self):
        """Ends a test: what was worse than a notice and not declared, as text; "" if nothing was."""
        bad = [entry.text for entry in self.read() if entry.level not in QUIET and entry.id not in self.declared]
        self.entries, self.declared = [], set()
        return "\n".join(bad)
