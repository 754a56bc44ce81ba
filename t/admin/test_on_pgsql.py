"""What the command line does with a store, once more on PostgreSQL. Tests that bend SQLite itself are not among them."""
# pylint: disable=unused-import
import pytest

from pgsql import bare, server
from conftest import run
from test_activity import test_an_empty_record, test_every_kind_of_change_is_in_the_chain, test_filters as test_activity_filters, \
    test_list as test_activity_list, test_the_chain_is_as_described, test_what_is_wrong_is_named
from test_identity import rejected, test_a_copy_and_a_backup_keep_it as test_a_copy_and_a_backup_keep_the_identity, \
    test_a_file_store_of_the_time_before, test_another_store_is_refused, test_both_are_named, test_both_get_the_same_with_the_first_import, \
    test_store_check_says_so, test_the_remedy
from test_import import test_import_as_json, test_other_bytes_for_a_known_version, test_A14_the_same_file_again_changes_nothing, \
    test_what_is_imported_is_told
from test_place import sites, test_a_removed_site_takes_its_test_devices_along, test_a_site_that_cannot_be, \
    test_every_change_is_on_record, test_no_sites, test_site_list
from test_role import roles, test_a_removed_site_takes_its_roles_along, test_every_change_of_a_role_is_on_record, \
    test_one_of_two_administrators_may_go, test_role_list, test_spelling_counts, test_what_a_change_says, \
    test_what_is_refused_changes_nothing
from test_rule import test_approve_as_json, test_approve_is_on_record, test_approve_says_what_it_did, test_list, test_no_such_rule, \
    test_nothing_pending_is_a_success, \
    test_one_wrong_number_and_nothing_is_approved, test_show, test_state_none
from test_store import test_a_second_init_changes_nothing, test_a_store_of_another_schema
from test_store_check import test_all_findings_are_told, test_an_empty_store_is_whole, test_files_that_are_wrong, test_nothing_is_wrong, \
    test_orphans_are_named_and_are_no_failure,     test_rows_that_are_wrong

pytestmark = pytest.mark.patient


def test_init_says_nothing_of_the_password(bare):
    made = bare.where[1] + " password=secretword"
    result = run("--store", made, "store", "init")
    assert (result.code, result.out) == (0, "Made a new store: pgsql\n") and "secretword" not in result.err
    again = run("--store", made, "store", "init")
    assert again.code == 1 and "DU0532" in again.err and "secretword" not in again.out + again.err


@pytest.mark.parametrize("wrong", ["host=/nonexistent", "user=nobody-knows", "dbname=nothing", "no parameter", "port=1"])
@pytest.mark.parametrize("command", [["store", "init"], ["store", "migrate"], ["rule", "list"]])
def test_no_failure_says_the_password(bare, wrong, command):
    spec = f"pgsql {bare.parameters} password=secretword {wrong}"
    result = run("--store", spec, *command)
    assert (result.code, result.out) == (1, "") and "DU05" in result.err and "secretword" not in result.err
