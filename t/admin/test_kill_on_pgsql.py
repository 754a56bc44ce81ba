"""The commands that write rows and files, killed at every system call that writes, with PostgreSQL: what they send counts, too."""
# pylint: disable=unused-import
import pytest

from pgsql import bare, server
from test_clear_kill import test_killed_at_every_point as test_clear_killed_at_every_point, template as template_of_clear
from test_import_kill import second, test_killed_at_every_point, template as template_of_import
from test_kill import fresh

pytestmark = pytest.mark.patient


@pytest.fixture
def template(request):
    """What the module of the test has."""
    return request.getfixturevalue("template_of_clear" if "clear" in request.node.name else "template_of_import")
