"""The life of rules and files once more, on PostgreSQL. Tests that bend SQLite itself are not among them."""
# pylint: disable=unused-import,unused-wildcard-import,wildcard-import
import pytest

from pgsql import bare, server
from test_life_cycle import *
from test_file import bring, four, three, test_A11_clear_deletes_what_a_removed_rule_had, \
    test_A12_clear_deletes_the_fourth_version_only, test_A14_a_cleared_version_can_be_imported_again, \
    test_B2_a_dry_run_changes_nothing as test_B2_a_dry_run_of_clear_changes_nothing, test_clear_of_what_is_in_use_or_not_there, \
    test_clear_some, test_list as test_file_list
from test_rule import test_A10_approve_all, test_B1_an_identity_with_a_wildcard_is_refused, test_B1_filters

pytestmark = pytest.mark.patient
