"""The audit files, read as others read them: with a CSV reader and by the names in the first line."""
import csv
import io

import store
from waiting import until

# Literal in the published report script, protocol.md [S9]; the rest is from the schema topic, protocol.md 6.1
REPORT_SCRIPT = ["Logging DateTime", "User Host Address", "Mac Address", "Vendor", "Model", "Revision"]
HEADER = ["Logging DateTime", "User Host Address", "Device Type", "Mac Address", "Serial Number", "Vendor", "Model",
          "Revision", "Locale", "Request Modules", "Response Modules", "User ID"]
OURS = ["Endpoint", "Result", "Reason"]


def files(where):
    return sorted((where.files / store.AUDIT).glob(f"RequestHandlerAuditLog_{store.NODE}_*.log"))


def records(where):
    """All lines but the headers, as dictionaries, oldest first."""
    found = []
    for path in files(where):
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n"), "the last line is complete"
        found += csv.DictReader(io.StringIO(text, newline=""))
    return found


class Watch:
    """What was recorded since it was made."""

    def __init__(self, where):
        self.where = where
        self.before = len(records(where))

    def new(self):
        return records(self.where)[self.before:]

    def one(self):
        """The one new record."""
        found = self.new()
        assert len(found) == 1, f"{len(found)} audit lines"
        return found[0]

    def refused_by_httpd(self, reason="unauthenticated", endpoint="external"):
        """The one new record, of a check that httpd refused by itself: there a moment after the answer, and without what
        a client claims to be."""
        until(self.new, "the refusal is on record")
        record = self.one()
        assert [record[name] for name in ("Endpoint", "Result", "Reason", "User ID", "Vendor")] == [
            endpoint, "refused", reason, "", ""]
        return record
