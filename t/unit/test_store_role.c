#include "store.h"

#include <sys/wait.h>

#include "du_store_role.h"
#include "du_text.h"
#include "sample.h"

static apr_status_t give(du_store_t *store, const char *account, du_role_e role, const char *site)
{
    const du_grant_t grant = {account, role, site};

    return du_store_role_set(unit.ctx, store, &grant, &kim);
}

static apr_status_t take(du_store_t *store, const char *account)
{
    return du_store_role_remove(unit.ctx, store, account, &kim);
}

/* "ann administrator ; bob operator Berlin; " */
static const char *roles_of(du_store_t *store)
{
    apr_array_header_t *grants;
    const char *text = "";

    assert_ok(du_store_roles(unit.ctx, store, unit.pool, &grants));
    for (int i = 0; i < grants->nelts; i++) {
        const du_grant_t *grant = &APR_ARRAY_IDX(grants, i, du_grant_t);

        text = apr_pstrcat(unit.pool, text, grant->account, " ", du_role_name(grant->role), " ", grant->site, "; ", NULL);
    }
    return text;
}

static const char *last_activity(const char *spec)
{
    return run_sql(spec, "SELECT actor || '|' || action || '|' || object || '|' || before || '|' || after FROM activity ORDER BY id");
}

/* Everything that a refused change may not touch. */
static const char *state(const char *spec, du_store_t *store)
{
    return apr_pstrcat(unit.pool, census(spec), " ", roles_of(store), NULL);
}

/* A store with sites Berlin and Lab. */
static du_store_t *store_with_sites(const char *spec)
{
    du_store_t *store = made_store(spec);

    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.1.0.0/16", unit.pool), &kim));
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Lab", "10.1.7.0/24", unit.pool), &kim));
    return store;
}

START_TEST(given_and_taken)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = store_with_sites(spec);
    int generation = generation_of(store);

    ck_assert_str_eq(roles_of(store), "");
    assert_ok(give(store, "ann", DU_ROLE_ADMINISTRATOR, ""));
    ck_assert_str_eq(last_activity(spec), "kim|set|role ann||administrator global");
    ck_assert_int_eq(generation_of(store), generation + 1);
    assert_ok(give(store, "bob", DU_ROLE_OPERATOR, "bERLIN"));
    ck_assert_str_eq(roles_of(store), "ann administrator ; bob operator Berlin; ");
    before = state(spec, store);
    assert_rv(DU_E_NOTHING, give(store, "bob", DU_ROLE_OPERATOR, "Berlin"));
    assert_refused(DU_E_NOT_FOUND, give(store, "bob", DU_ROLE_OPERATOR, "Paris"));
    assert_refused(DU_E_NOT_FOUND, take(store, "Bob"));
    ck_assert_str_eq(state(spec, store), before);
    assert_ok(give(store, "bob", DU_ROLE_HELPDESK, "Lab"));
    ck_assert_str_eq(last_activity(spec), "kim|set|role bob|operator site:Berlin|helpdesk site:Lab");
    assert_ok(give(store, "bob", DU_ROLE_HELPDESK, ""));
    ck_assert_str_eq(roles_of(store), "ann administrator ; bob helpdesk ; ");
    assert_ok(take(store, "bob"));
    ck_assert_str_eq(last_activity(spec), "kim|remove|role bob|helpdesk global|");
    ck_assert_str_eq(roles_of(store), "ann administrator ; ");
    ck_assert_int_eq(generation_of(store), generation + 5);
}
END_TEST

/* One account is another one's if a single byte is. */
START_TEST(one_account)
{
    du_store_t *store = store_with_sites(fresh_store());
    du_grant_t *grant;

    assert_ok(give(store, "Kim", DU_ROLE_OPERATOR, "BERLIN"));
    assert_ok(du_store_role(unit.ctx, store, "Kim", unit.pool, &grant));
    ck_assert_str_eq(grant->account, "Kim");
    ck_assert_int_eq((int)grant->role, (int)DU_ROLE_OPERATOR);
    ck_assert_str_eq(grant->site, "Berlin");
    assert_rv(DU_E_NOT_FOUND, du_store_role(unit.ctx, store, "kim", unit.pool, &grant));
    ck_assert_ptr_null(grant);
    assert_rv(DU_E_NOT_FOUND, du_store_role(unit.ctx, store, "Kim ", unit.pool, &grant));
    assert_rv(DU_E_NOT_FOUND, du_store_role(unit.ctx, store, "", unit.pool, &grant));
    assert_rv(DU_E_NOT_FOUND, du_store_role(unit.ctx, store, "%", unit.pool, &grant));
    ck_assert_ptr_null(unit.ctx->failure.message);
}
END_TEST

/* Made by hand, or by a later version: it gives nothing, and can be given anew. */
START_TEST(an_unknown_role_is_none)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_grant_t *grant;

    run_sql(spec, "INSERT INTO role VALUES ('ann', 'Administrator', '')");
    assert_rv(DU_E_NOT_FOUND, du_store_role(unit.ctx, store, "ann", unit.pool, &grant));
    ck_assert_str_eq(roles_of(store), "");
    assert_ok(give(store, "ann", DU_ROLE_VIEWER, ""));
    ck_assert_str_eq(roles_of(store), "ann viewer ; ");
}
END_TEST

START_TEST(names_of_accounts)
{
    static const char *const good[] = {"k", "kim@EXAMPLE.ORG", "CN=Kim Lee,OU=R\xc3\xa4ume,O=Example", "EXAMPLE\\kim", "'; --",
                                       "\xe3\x83\xa6\xe3\x83\xbc\xe3\x82\xb6"};
    static const char *const bad[] = {"", "a\nb", "a\tb", "\x7f", "\xff", "\xc3"};
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    char name[DU_ACCOUNT_MAX + 2] = "";

    for (int i = 0; i < COUNT_OF(good); i++) {
        assert_ok(give(store, good[i], DU_ROLE_VIEWER, ""));
        assert_ok(take(store, good[i]));
    }
    memset(name, 'k', DU_ACCOUNT_MAX);
    assert_ok(give(store, name, DU_ROLE_VIEWER, ""));
    before = state(spec, store);
    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_refused(DU_E_MALFORMED, give(store, bad[i], DU_ROLE_VIEWER, ""));
    }
    name[DU_ACCOUNT_MAX] = 'k';
    assert_refused(DU_E_MALFORMED, give(store, name, DU_ROLE_VIEWER, ""));
    ck_assert_str_eq(state(spec, store), before);
}
END_TEST

START_TEST(the_last_administrator_stays)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = store_with_sites(spec);

    assert_ok(give(store, "ann", DU_ROLE_ADMINISTRATOR, ""));
    assert_ok(give(store, "bob", DU_ROLE_ADMINISTRATOR, "Berlin")); /* he cannot give roles: he does not count */
    assert_ok(give(store, "eve", DU_ROLE_OPERATOR, ""));
    before = state(spec, store);
    assert_refused(DU_E_CONFLICT, take(store, "ann"));
    assert_refused(DU_E_CONFLICT, give(store, "ann", DU_ROLE_OPERATOR, ""));
    assert_refused(DU_E_CONFLICT, give(store, "ann", DU_ROLE_ADMINISTRATOR, "Berlin"));
    ck_assert_str_eq(state(spec, store), before);
    assert_ok(give(store, "eve", DU_ROLE_ADMINISTRATOR, ""));
    assert_ok(give(store, "ann", DU_ROLE_VIEWER, ""));
    assert_refused(DU_E_CONFLICT, take(store, "eve"));
    assert_ok(take(store, "bob"));
    assert_ok(take(store, "ann"));
    ck_assert_str_eq(roles_of(store), "eve administrator ; ");
}
END_TEST

START_TEST(a_site_takes_its_roles_along)
{
    const char *spec = fresh_store();
    du_store_t *store = store_with_sites(spec);

    assert_ok(give(store, "ann", DU_ROLE_ADMINISTRATOR, ""));
    assert_ok(give(store, "bob", DU_ROLE_ADMINISTRATOR, "Berlin"));
    assert_ok(give(store, "eve", DU_ROLE_OPERATOR, "Berlin"));
    assert_ok(give(store, "joe", DU_ROLE_OPERATOR, "Lab"));
    assert_ok(du_store_site_remove(unit.ctx, store, "BERLIN", &kim));
    ck_assert_str_eq(roles_of(store), "ann administrator ; joe operator Lab; ");
    ck_assert_str_eq(run_sql(spec, "SELECT object || '|' || before FROM activity WHERE id = (SELECT max(id) - 1 FROM activity)"),
                     "role eve|operator site:Berlin");
    ck_assert_str_eq(last_activity(spec), "kim|remove|site:BERLIN|10.1.0.0/16|");
}
END_TEST

START_TEST(changes_of_roles_are_whole)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = store_with_sites(spec);

    assert_ok(give(store, "ann", DU_ROLE_VIEWER, "Lab"));
    run_sql(spec, "ALTER TABLE activity RENAME TO away");
    before = run_sql(spec, "SELECT value FROM counter WHERE name = 'generation'");
    assert_refused(DU_E_STORE, give(store, "ann", DU_ROLE_HELPDESK, "Lab"));
    assert_refused(DU_E_STORE, give(store, "bob", DU_ROLE_HELPDESK, "Lab"));
    assert_refused(DU_E_STORE, take(store, "ann"));
    assert_refused(DU_E_STORE, du_store_site_remove(unit.ctx, store, "Lab", &kim));
    ck_assert_str_eq(run_sql(spec, "SELECT value FROM counter WHERE name = 'generation'"), before);
    ck_assert_str_eq(roles_of(store), "ann viewer Lab; ");
}
END_TEST

/* Two administrators who take each other's role at once: one of them is too late. */
START_TEST(two_take_each_others_role)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    int status, done = 0;

    assert_ok(give(store, "ann", DU_ROLE_ADMINISTRATOR, ""));
    assert_ok(give(store, "bob", DU_ROLE_ADMINISTRATOR, ""));
    du_store_close(store);
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            du_store_t *own;
            apr_status_t rv = du_store_open(unit.ctx, spec, unit.pool, &own);

            rv = rv == APR_SUCCESS ? take(own, i ? "ann" : "bob") : rv;
            apr_pool_destroy(unit.pool);
            _exit(rv == APR_SUCCESS ? 0 : rv == DU_E_CONFLICT ? 1 : 2);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_lt(WEXITSTATUS(status), 2);
        done += WEXITSTATUS(status) == 0;
    }
    ck_assert_int_eq(done, 1);
}
END_TEST

/*
 * The secret
 */

START_TEST(a_secret_is_made_once)
{
    const char *spec = fresh_store(), *first, *second;
    unsigned char bytes[32];
    du_store_t *store = made_store(spec);
    const char *before;

    assert_ok(du_store_secret(unit.ctx, store, unit.pool, &first));
    ck_assert_int_eq(du_text_unhex(first, bytes, sizeof(bytes)), 1);
    before = census(spec);
    assert_ok(du_store_secret(unit.ctx, store, unit.pool, &second));
    ck_assert_str_eq(first, second);
    assert_ok(du_store_secret(unit.ctx, open_store(spec), unit.pool, &second));
    ck_assert_str_eq(first, second);
    ck_assert_str_eq(census(spec), before);
    run_sql(spec, "DELETE FROM secret");
    assert_ok(du_store_secret(unit.ctx, store, unit.pool, &second));
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(a_damaged_secret_is_none)
{
    static const char *const damages[] = {"''", "'0'", "substr(value, 3)", "value || '00'", "'x' || substr(value, 2)"};
    const char *spec = fresh_store(), *secret;
    du_store_t *store = made_store(spec);

    for (int i = 0; i < COUNT_OF(damages); i++) {
        run_sql(spec, "DELETE FROM secret");
        assert_ok(du_store_secret(unit.ctx, store, unit.pool, &secret));
        run_sql(spec, apr_pstrcat(unit.pool, "UPDATE secret SET value = ", damages[i], NULL));
        assert_refused(DU_E_STORE, du_store_secret(unit.ctx, store, unit.pool, &secret));
    }
}
END_TEST

/* Many ask for the first time at once: all get the same. */
START_TEST(many_make_one_secret)
{
    enum { PROCESSES = 8 };
    const char *spec = fresh_store(), *secrets = unit_path("secrets"), *one;
    int status;

    du_store_close(made_store(spec));
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            du_store_t *store;
            const char *secret = "";
            apr_status_t rv = du_store_open(unit.ctx, spec, unit.pool, &store);

            rv = rv == APR_SUCCESS ? du_store_secret(unit.ctx, store, unit.pool, &secret) : rv;
            unit_write(apr_psprintf(unit.pool, "%s%d", secrets, i), secret, strlen(secret));
            apr_pool_destroy(unit.pool);
            _exit(rv == APR_SUCCESS ? 0 : 1);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    assert_ok(du_store_secret(unit.ctx, open_store(spec), unit.pool, &one));
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_str_eq(unit_read(apr_psprintf(unit.pool, "%s%d", secrets, i), NULL), one);
    }
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM secret"), "1");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_role");

    tcase_add_test(tests, given_and_taken);
    tcase_add_test(tests, one_account);
    tcase_add_test(tests, an_unknown_role_is_none);
    tcase_add_test(tests, names_of_accounts);
    tcase_add_test(tests, the_last_administrator_stays);
    tcase_add_test(tests, a_site_takes_its_roles_along);
    tcase_add_test(tests, changes_of_roles_are_whole);
    tcase_add_test(tests, two_take_each_others_role);
    tcase_add_test(tests, a_secret_is_made_once);
    tcase_add_test(tests, a_damaged_secret_is_none);
    tcase_add_test(tests, many_make_one_secret);
    return unit_run(tests);
}
