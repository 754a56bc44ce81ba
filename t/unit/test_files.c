#include "package.h"
#include "store.h"

#include "du_files.h"
#include "du_import.h"

static const char *files;
static du_store_t *store;

static const char *in_store(const char *name)
{
    return apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/UCPhone/POLYCOM/CX600/A/ENU/", name, NULL);
}

/* Versions 1 to 5 of one rule: 5 pending, 4 approved, 3 restore, 2 and 1 left over. */
static void start(void)
{
    const du_actor_t actor = kim;

    files = unit_path("files");
    store = made_store(fresh_store());
    package_run(apr_psprintf(unit.pool, "mkdir '%s'", files));
    for (int i = 1; i <= 5; i++) {
        du_import_t import = {.files = files, .allow_unsigned = 1, .actor = actor};
        apr_array_header_t *rules = apr_array_make(unit.pool, 1, sizeof(du_rule_t *));

        import.path = package_make("p.cab", apr_psprintf(unit.pool, "--version %d --size 1000", i));
        assert_ok(du_import_run(unit.ctx, store, &import));
        assert_ok(du_store_rule(unit.ctx, store, 1, unit.pool, apr_array_push(rules)));
        if (i < 5) {
            assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, NULL));
        }
    }
}

static apr_array_header_t *listed(void)
{
    apr_array_header_t *entries;

    assert_ok(du_files_list(unit.ctx, store, files, unit.pool, &entries));
    return entries;
}

static const du_files_entry_t *nth(const apr_array_header_t *entries, int i)
{
    return &APR_ARRAY_IDX(entries, i, du_files_entry_t);
}

static apr_array_header_t *ids(apr_int64_t id)
{
    apr_array_header_t *array = apr_array_make(unit.pool, 1, sizeof(apr_int64_t));

    APR_ARRAY_PUSH(array, apr_int64_t) = id;
    return array;
}

START_TEST(rows_and_directories_side_by_side)
{
    apr_array_header_t *entries;

    start();
    package_run(apr_psprintf(unit.pool, "rm -r '%s' && mkdir -p '%s'", in_store("4"), in_store("9/CPE")));
    entries = listed();
    ck_assert_int_eq(entries->nelts, 6);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq((int)nth(entries, i)->stored->id, i + 1);
        ck_assert_int_eq(nth(entries, i)->dir.files, i == 3 ? 0 : 2);
        ck_assert(i == 3 || nth(entries, i)->dir.bytes > 1000);
    }
    ck_assert_ptr_null(nth(entries, 5)->stored);
    ck_assert_str_eq(nth(entries, 5)->dir.path, "UCPhone/POLYCOM/CX600/A/ENU/9/CPE");
}
END_TEST

START_TEST(A12_what_can_be_removed)
{
    apr_array_header_t *removable;

    start();
    assert_ok(du_files_removable(unit.ctx, store, files, NULL, &removable));
    ck_assert_int_eq(removable->nelts, 2);
    assert_ok(du_files_removable(unit.ctx, store, files, ids(2), &removable));
    ck_assert_int_eq(removable->nelts, 1);
    ck_assert_str_eq(nth(removable, 0)->stored->version, "2");
    assert_refused(DU_E_CONFLICT, du_files_removable(unit.ctx, store, files, ids(3), &removable));
    assert_refused(DU_E_NOT_FOUND, du_files_removable(unit.ctx, store, files, ids(6), &removable));
    ck_assert_int_eq(listed()->nelts, 5);
}
END_TEST

START_TEST(A12_clearing)
{
    apr_array_header_t *removed;

    start();
    package_run(apr_psprintf(unit.pool, "mkdir -p '%s'", in_store("9/CPE")));
    assert_ok(du_files_clear(unit.ctx, store, files, ids(2), NULL, &kim, &removed));
    ck_assert_int_eq(removed->nelts, 1);
    ck_assert(!package_is_there(in_store("2")) && package_is_there(in_store("1")) && package_is_there(in_store("9")));
    assert_ok(du_files_clear(unit.ctx, store, files, NULL, NULL, &kim, &removed));
    ck_assert_int_eq(removed->nelts, 2);
    for (int i = 1; i <= 9; i++) {
        ck_assert_int_eq(package_is_there(in_store(apr_itoa(unit.pool, i))), i >= 3 && i <= 5);
    }
    assert_rv(DU_E_NOTHING, du_files_clear(unit.ctx, store, files, NULL, NULL, &kim, &removed));
    ck_assert_int_eq(listed()->nelts, 3);
    ck_assert(!package_is_there(apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/" DU_IMAGE_STAGING, NULL)));
}
END_TEST

START_TEST(clearing_what_was_shown)
{
    apr_array_header_t *removable, *removed;
    const char *shown;

    start();
    assert_ok(du_files_removable(unit.ctx, store, files, NULL, &removable));
    shown = du_files_digest(unit.pool, removable);
    package_run(apr_psprintf(unit.pool, "mkdir -p '%s'", in_store("9/CPE")));
    assert_refused(DU_E_CONFLICT, du_files_clear(unit.ctx, store, files, NULL, shown, &kim, &removed));
    ck_assert(removed->nelts == 0 && package_is_there(in_store("1")) && package_is_there(in_store("9")));
    package_run(apr_psprintf(unit.pool, "rm -r '%s'", in_store("9")));
    assert_ok(du_files_clear(unit.ctx, store, files, NULL, shown, &kim, &removed));
    ck_assert_int_eq(removed->nelts, 2);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("files");

    tcase_add_test(tests, rows_and_directories_side_by_side);
    tcase_add_test(tests, A12_what_can_be_removed);
    tcase_add_test(tests, A12_clearing);
    tcase_add_test(tests, clearing_what_was_shown);
    return unit_run(tests);
}
