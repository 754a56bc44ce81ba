#include "store.h"

#include <stdlib.h>

#include "du_identity.h"
#include "du_image.h"

static const char *spec;
static du_store_t *store;
static const char *files;

static void start(void)
{
    spec = fresh_store();
    store = made_store(spec);
    files = unit_path("files");
    ck_assert_int_eq(apr_dir_make(files, APR_FPROT_OS_DEFAULT, unit.pool), APR_SUCCESS);
}

static const char *identity_path(void)
{
    return apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/" DU_IDENTITY_FILE, NULL);
}

/* As an import does, with the lock. */
static apr_status_t claim(du_store_t *by)
{
    du_image_lock_t *lock;
    const char *staging;
    apr_status_t rv;

    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
    rv = du_identity_claim(unit.ctx, by, files);
    du_image_unlock(lock);
    return rv;
}

static const char *identity_of(du_store_t *of)
{
    const char *identity;

    assert_ok(du_store_identity(unit.ctx, of, unit.pool, &identity));
    return identity;
}

START_TEST(looking_makes_nothing)
{
    apr_finfo_t info;

    start();
    assert_ok(du_identity_check(unit.ctx, store, files));
    ck_assert_str_eq(identity_of(store), "");
    ck_assert_int_eq(apr_stat(&info, identity_path(), APR_FINFO_TYPE, unit.pool), APR_ENOENT);
}
END_TEST

START_TEST(claimed_once)
{
    const char *identity;

    start();
    assert_ok(claim(store));
    identity = identity_of(store);
    ck_assert_uint_eq(strlen(identity), 32);
    ck_assert_str_eq(unit_read(identity_path(), NULL), apr_pstrcat(unit.pool, identity, "\n", NULL));
    assert_ok(claim(store));
    assert_ok(claim(open_store(spec)));
    ck_assert_str_eq(identity_of(store), identity);
    assert_ok(du_identity_check(unit.ctx, store, files));
}
END_TEST

/* A store that was there before it got one keeps to it, whoever asks. */
START_TEST(two_do_it_at_once)
{
    const char *first, *second;

    start();
    assert_ok(du_store_identify(unit.ctx, store, unit.pool, &first));
    assert_ok(du_store_identify(unit.ctx, open_store(spec), unit.pool, &second));
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(of_another_store)
{
    const char *identity;

    start();
    assert_ok(claim(store));
    identity = identity_of(store);
    run_sql(spec, "UPDATE secret SET value = '0123' WHERE name = 'store'");
    assert_rv(DU_E_CONFLICT, du_identity_check(unit.ctx, store, files));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, identity));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "this one has 0123"));
    assert_rv(DU_E_CONFLICT, claim(store));
    run_sql(spec, "DELETE FROM secret");
    assert_rv(DU_E_CONFLICT, claim(store));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "this one has none yet"));
    ck_assert_str_eq(identity_of(store), "");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("identity");

    tcase_add_test(tests, looking_makes_nothing);
    tcase_add_test(tests, claimed_once);
    tcase_add_test(tests, two_do_it_at_once);
    tcase_add_test(tests, of_another_store);
    return unit_run(tests);
}
