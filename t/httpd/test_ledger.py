"""The ledger itself: a warning that nobody declared is found, whoever wrote it."""
import pytest

import ledger
from phone import ask

NOTICE = "[Sun Nov 22 20:00:00.1 2026] [mpm_event:notice] [pid 7:tid 8] AH00489: Apache configured"
WARNING = "[Sun Nov 22 20:00:00.1 2026] [devupdate:warn] [pid 7:tid 8] [client 127.0.0.1:5] DU0299: refused"
FOREIGN = "[Sun Nov 22 20:00:00.1 2026] [core:error] [pid 7:tid 8] (2)No such file: AH00132: file permissions"
CRASH = "[Sun Nov 22 20:00:00.1 2026] [core:notice] [pid 7:tid 8] AH00052: child pid 9 exit signal Aborted (6)"
NO_ID = "[Sun Nov 22 20:00:00.1 2026] [:error] [pid 7:tid 8] something"
SANITIZER = "==9==ERROR: AddressSanitizer: heap-buffer-overflow"


@pytest.fixture
def book(tmp_path):
    return ledger.Ledger(tmp_path / "error_log")


def write(book, *lines, end="\n"):
    with open(book.path, "a", encoding="utf-8") as log:
        log.write("\n".join(lines) + end)


class TestLedger:
    def test_a_missing_or_quiet_log_is_settled(self, book):
        assert book.settle() == ""
        write(book, NOTICE)
        assert book.settle() == ""

    @pytest.mark.parametrize("line", [WARNING, FOREIGN, CRASH, NO_ID, SANITIZER],
                             ids=["ours", "httpd's", "crash", "no id", "sanitizer"])
    def test_what_nobody_declared_is_found(self, book, line):
        write(book, NOTICE, line, NOTICE)
        assert book.settle() == line

    @pytest.mark.parametrize("line, message_id", [(WARNING, "DU0299"), (FOREIGN, "AH00132"), (CRASH, "AH00052")],
                             ids=["ours", "httpd's", "crash"])
    def test_what_is_declared_is_settled(self, book, line, message_id):
        write(book, line)
        book.declare(message_id)
        assert book.settle() == ""

    def test_a_declaration_is_good_for_one_test_only(self, book):
        book.declare("DU0299")
        assert book.settle() == ""
        write(book, WARNING)
        assert book.settle() == WARNING

    def test_a_line_is_settled_once(self, book):
        write(book, WARNING)
        assert book.settle() == WARNING
        assert book.settle() == ""

    def test_a_line_that_is_being_written_waits(self, book):
        write(book, WARNING, end="")
        assert book.settle() == ""
        write(book, "")
        assert book.settle() == WARNING

    def test_messages_are_counted(self, book):
        write(book, WARNING, NOTICE, WARNING)
        assert (book.count("DU0299"), book.count("AH00489"), book.count("DU0001")) == (2, 1, 0)
        book.declare("DU0299")
        book.settle()


class TestLedgerOnHttpd:
    """With a real httpd: one of its own errors must show."""
    config = '<Location "/wrong">\nRequire all denied\n</Location>\n'

    def test_an_error_of_httpd_is_seen(self, site):
        assert ask(site.port, "GET", "/wrong").status == 403
        assert "AH01630" in site.ledger.settle()
