#include "store.h"

#include <sys/wait.h>

#include "du_store.h"
#include "du_text.h"
#include "sample.h"

/* A package whose digest is made from its name. */
static du_package_t *package_named(const char *name)
{
    du_package_t *package = apr_pcalloc(unit.pool, sizeof(*package));
    unsigned char digest[DU_DIGEST_SIZE] = {0};

    memcpy(digest, name, strlen(name) < sizeof(digest) ? strlen(name) : sizeof(digest));
    package->filename = name;
    package->size = 4711;
    package->digest = du_text_hex(unit.pool, digest, sizeof(digest));
    package->imported = 1283170088000000;
    package->actor = "kim";
    package->note = "a note";
    package->trust = "unverified";
    return package;
}

static du_arrival_t *arrive(apr_array_header_t *arrivals, const char *model, const char *version, int seed)
{
    du_arrival_t *arrival = apr_array_push(arrivals);

    memset(arrival, 0, sizeof(*arrival));
    arrival->key = (du_key_t){"UCPhone", "POLYCOM", model, "A", "ENU"};
    arrival->update_type = "CPE";
    arrival->image = *sample_image(unit.pool, version, 2, seed);
    return arrival;
}

static apr_array_header_t *no_arrivals(void)
{
    return apr_array_make(unit.pool, 4, sizeof(du_arrival_t));
}

/* Imports package `name` with one image; *arrival (may be NULL) tells what came of it. */
static apr_status_t import_one(du_store_t *store, const char *name, const char *model, const char *version, int seed,
                               du_arrival_t *arrival)
{
    apr_array_header_t *arrivals = no_arrivals();
    apr_status_t rv;

    arrive(arrivals, model, version, seed);
    rv = du_store_import(unit.ctx, store, package_named(name), arrivals, &kim);
    if (arrival) {
        *arrival = APR_ARRAY_IDX(arrivals, 0, du_arrival_t);
    }
    return rv;
}

static du_rule_t *rule_of(du_store_t *store, const char *model)
{
    du_key_t key = {"UCPhone", "POLYCOM", model, "A", "ENU"};
    du_rule_t *rule;

    assert_ok(du_store_rule_by_key(unit.ctx, store, &key, unit.pool, &rule));
    return rule;
}

/* An action on one rule, and on several. */
static apr_status_t act(du_store_t *store, du_rule_t *rule, du_action_e action)
{
    apr_array_header_t *rules = apr_array_make(unit.pool, 1, sizeof(du_rule_t *));

    APR_ARRAY_PUSH(rules, du_rule_t *) = rule;
    return du_store_act(unit.ctx, store, rules, action, NULL, &kim, NULL);
}

static apr_array_header_t *all_rules(du_store_t *store)
{
    apr_array_header_t *rules, *pointers = apr_array_make(unit.pool, 4, sizeof(du_rule_t *));

    assert_ok(du_store_rules(unit.ctx, store, unit.pool, &rules));
    for (int i = 0; i < rules->nelts; i++) {
        APR_ARRAY_PUSH(pointers, du_rule_t *) = &APR_ARRAY_IDX(rules, i, du_rule_t);
    }
    return pointers;
}

static du_rule_t *nth(const apr_array_header_t *rules, int i)
{
    return APR_ARRAY_IDX(rules, i, du_rule_t *);
}

static void check_versions(const du_versions_t *versions, const char *pending, const char *approved, const char *restore)
{
    ck_assert_str_eq(versions->slot[DU_PENDING], pending);
    ck_assert_str_eq(versions->slot[DU_APPROVED], approved);
    ck_assert_str_eq(versions->slot[DU_RESTORE], restore);
}

/*
 * Opening
 */

START_TEST(made_once)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);

    ck_assert_int_eq(generation_of(store), 1);
    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    assert_refused(DU_E_EXISTS, du_store_init(unit.ctx, spec, unit.pool));
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM rule"), "1");
    ck_assert_int_eq(generation_of(store), generation_of(open_store(spec)));
}
END_TEST

START_TEST(missing_store)
{
    du_store_t *store;

    assert_refused(DU_E_STORE, du_store_open(unit.ctx, fresh_store(), unit.pool, &store));
    ck_assert_ptr_null(store);
    ck_assert_int_ne(access(sqlite_path(), F_OK), 0);
}
END_TEST

START_TEST(file_that_is_no_store)
{
    const char *spec = fresh_store();
    du_store_t *store;

    unit_write(sqlite_path(), "this is a letter to my bank, not a database, and it is longer than a header of one: 0123456789", 94);
    assert_refused(DU_E_STORE, du_store_open(unit.ctx, spec, unit.pool, &store));
    assert_refused(DU_E_STORE, du_store_init(unit.ctx, spec, unit.pool));
    ck_assert_int_eq(strncmp(unit_read(sqlite_path(), NULL), "this is a letter", 16), 0);
}
END_TEST

/* Another program's database: whether that is "does not answer" or "another schema", it is refused with a sentence. */
START_TEST(database_of_something_else)
{
    const char *spec = fresh_store();
    du_store_t *store;
    apr_status_t rv;

    if (!store_server()) {
        unit_write(sqlite_path(), "", 0);
    }
    run_sql(spec, "CREATE TABLE song (title TEXT)");
    rv = du_store_open(unit.ctx, spec, unit.pool, &store);
    ck_assert_msg((rv == DU_E_STORE || rv == DU_E_SCHEMA) && unit.ctx->failure.id, "%s", unit_said(rv));
    ck_assert_ptr_null(store);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM song"), "0");
}
END_TEST

START_TEST(other_schema_version)
{
    static const char *const changes[] = {"UPDATE counter SET value = 0 WHERE name = 'schema'",
                                          "UPDATE counter SET value = 1000 WHERE name = 'schema'",
                                          "DELETE FROM counter WHERE name = 'schema'"};
    const char *spec = fresh_store();
    du_store_t *store;

    du_store_close(made_store(spec));
    for (int i = 0; i < COUNT_OF(changes); i++) {
        run_sql(spec, changes[i]);
        assert_refused(DU_E_SCHEMA, du_store_open(unit.ctx, spec, unit.pool, &store));
        assert_refused(DU_E_EXISTS, du_store_init(unit.ctx, spec, unit.pool));
    }
}
END_TEST

/*
 * Importing
 */

START_TEST(import_makes_rules_and_images)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    apr_array_header_t *arrivals = no_arrivals(), *rules;
    du_package_t *package = package_named("a.cab");
    du_image_t *image;

    arrive(arrivals, "CX600", "4.0.1", 1);
    arrive(arrivals, "CX500", "4.0.1", 3);
    assert_ok(du_store_import(unit.ctx, store, package, arrivals, &kim));
    ck_assert_int_eq(package->id, 1);
    ck_assert_int_gt(generation_of(store), 1);
    for (int i = 0; i < 2; i++) {
        const du_arrival_t *arrival = &APR_ARRAY_IDX(arrivals, i, du_arrival_t);

        ck_assert_int_eq(arrival->is_new_rule, 1);
        ck_assert_int_eq(arrival->already, 0);
        ck_assert_int_eq(arrival->rule_id, i + 1);
        check_versions(&arrival->versions, "4.0.1", "", "");
    }
    assert_ok(du_store_rules(unit.ctx, store, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(rules, 0, du_rule_t).key.model, "CX600");
    ck_assert_str_eq(APR_ARRAY_IDX(rules, 1, du_rule_t).key.model, "CX500");
    ck_assert_str_eq(APR_ARRAY_IDX(rules, 1, du_rule_t).update_type, "CPE");
    assert_ok(du_store_image(unit.ctx, store, 2, "4.0.1", unit.pool, &image));
    ck_assert_int_eq(image->nfiles, 2);
    ck_assert_str_eq(image->version, "4.0.1");
    for (int i = 0; i < 2; i++) {
        const du_file_t *given = &APR_ARRAY_IDX(arrivals, 1, du_arrival_t).image.files[i], *got = &image->files[i];

        ck_assert_str_eq(got->name, given->name);
        ck_assert_str_eq(got->signature, given->signature);
        ck_assert_str_eq(got->timestamp, given->timestamp);
        ck_assert_int_eq(got->size, given->size);
        ck_assert_int_eq(got->signature_size, given->signature_size);
        ck_assert_mem_eq(got->digest, given->digest, DU_DIGEST_SIZE);
        ck_assert_mem_eq(got->signature_digest, given->signature_digest, DU_DIGEST_SIZE);
    }
}
END_TEST

START_TEST(same_package_again)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    before = census(spec);
    assert_refused(DU_E_EXISTS, import_one(store, "a.cab", "CX600", "1", 1, NULL));
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(same_image_in_another_package)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_arrival_t arrival;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    assert_ok(import_one(store, "b.cab", "cx600", "1", 1, &arrival));
    ck_assert_int_eq(arrival.already, 1);
    ck_assert_int_eq(arrival.is_new_rule, 0);
    ck_assert_int_eq(arrival.rule_id, 1);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image"), "1");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM package"), "2");
    ck_assert_str_eq(rule_of(store, "cx600")->key.model, "CX600");
}
END_TEST

/* The second image of the package cannot be: nothing of the first one stays either. */
START_TEST(version_with_other_files)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *arrivals = no_arrivals();

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    before = census(spec);
    arrive(arrivals, "CX500", "1", 7);
    arrive(arrivals, "CX600", "1", 2);
    assert_refused(DU_E_CONFLICT, du_store_import(unit.ctx, store, package_named("b.cab"), arrivals, &kim));
    ck_assert_str_eq(census(spec), before);
    assert_ok(import_one(store, "b.cab", "CX500", "1", 7, NULL));
}
END_TEST

START_TEST(second_version_replaces_pending)
{
    du_store_t *store = made_store(fresh_store());
    du_arrival_t arrival;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    assert_ok(import_one(store, "b.cab", "CX600", "2", 2, &arrival));
    ck_assert_int_eq(arrival.is_new_rule, 0);
    check_versions(&arrival.versions, "2", "", "");
    check_versions(&rule_of(store, "CX600")->versions, "2", "", "");
}
END_TEST

/* What is approved does not become pending again (du_lifecycle.h). */
START_TEST(import_of_the_approved_version)
{
    du_store_t *store = made_store(fresh_store());
    du_arrival_t arrival;
    du_rule_t *rule;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    rule = rule_of(store, "CX600");
    assert_ok(act(store, rule, DU_ACTION_APPROVE));
    assert_ok(import_one(store, "b.cab", "CX600", "1", 1, &arrival));
    check_versions(&arrival.versions, "", "1", "");
    check_versions(&rule_of(store, "CX600")->versions, "", "1", "");
}
END_TEST

START_TEST(packages)
{
    du_store_t *store = made_store(fresh_store());
    apr_array_header_t *packages_array, *rules;
    du_package_t *package;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    assert_ok(import_one(store, "'; DROP TABLE package; -- \xC3\xA4.cab", "CX500", "2", 3, NULL));
    assert_ok(du_store_packages(unit.ctx, store, unit.pool, &packages_array));
    ck_assert_int_eq(packages_array->nelts, 2);
    assert_ok(du_store_package(unit.ctx, store, 2, unit.pool, &package));
    ck_assert_str_eq(package->filename, "'; DROP TABLE package; -- \xC3\xA4.cab");
    ck_assert_int_eq(package->size, 4711);
    ck_assert_int_eq(package->imported, 1283170088000000);
    ck_assert_str_eq(package->actor, "kim");
    ck_assert_str_eq(package->note, "a note");
    ck_assert_str_eq(package->trust, "unverified");
    assert_ok(du_store_package_by_digest(unit.ctx, store, package_named("a.cab")->digest, unit.pool, &package));
    ck_assert_int_eq(package->id, 1);
    assert_rv(DU_E_NOT_FOUND, du_store_package_by_digest(unit.ctx, store, "00", unit.pool, &package));
    assert_rv(DU_E_NOT_FOUND, du_store_package(unit.ctx, store, 3, unit.pool, &package));
    assert_ok(du_store_package_images(unit.ctx, store, 2, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(rules, 0, du_rule_t).key.model, "CX500");
    check_versions(&APR_ARRAY_IDX(rules, 0, du_rule_t).versions, "2", "", "");
    ck_assert_int_eq(APR_ARRAY_IDX(rules, 0, du_rule_t).image[DU_PENDING]->nfiles, 2);
}
END_TEST

START_TEST(not_found)
{
    du_store_t *store = made_store(fresh_store());
    du_key_t key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};
    du_rule_t *rule;
    du_image_t *image;

    assert_rv(DU_E_NOT_FOUND, du_store_rule(unit.ctx, store, 1, unit.pool, &rule));
    assert_rv(DU_E_NOT_FOUND, du_store_rule_by_key(unit.ctx, store, &key, unit.pool, &rule));
    assert_rv(DU_E_NOT_FOUND, du_store_image(unit.ctx, store, 1, "1", unit.pool, &image));
}
END_TEST

/*
 * Life cycle
 */

START_TEST(a_life)
{
    static const struct { du_action_e action; const char *pending, *approved, *restore; } steps[] = {
        {DU_ACTION_APPROVE, "", "2", "1"}, {DU_ACTION_RESTORE, "", "1", ""}, {DU_ACTION_RESTORE, "", "", ""},
    };
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_rule_t *rule;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    rule = rule_of(store, "CX600");
    assert_ok(act(store, rule, DU_ACTION_APPROVE));
    assert_ok(import_one(store, "b.cab", "CX600", "2", 2, NULL));
    rule = rule_of(store, "CX600");
    for (int i = 0; i < COUNT_OF(steps); i++) {
        int before = generation_of(store), activities = atoi(run_sql(spec, "SELECT count(*) FROM activity"));

        assert_ok(act(store, rule, steps[i].action));
        check_versions(&rule->versions, steps[i].pending, steps[i].approved, steps[i].restore);
        check_versions(&rule_of(store, "CX600")->versions, steps[i].pending, steps[i].approved, steps[i].restore);
        ck_assert_int_eq(generation_of(store), before + 1);
        ck_assert_int_eq(atoi(run_sql(spec, "SELECT count(*) FROM activity")), activities + 1);
    }
    ck_assert_str_eq(run_sql(spec, "SELECT actor || ' ' || node || ' ' || action || ' ' || object FROM activity ORDER BY id"),
                     "kim node1 restore rule 1");
}
END_TEST

START_TEST(nothing_to_do_changes_nothing)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    du_rule_t *rule;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    rule = rule_of(store, "CX600");
    before = census(spec);
    assert_rv(DU_E_NOTHING, act(store, rule, DU_ACTION_RESTORE));
    ck_assert_str_eq(census(spec), before);
    assert_ok(act(store, rule, DU_ACTION_RESET));
    before = census(spec);
    assert_rv(DU_E_NOTHING, act(store, rule, DU_ACTION_APPROVE));
    assert_rv(DU_E_NOTHING, act(store, rule, DU_ACTION_RESET));
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(somebody_else_was_faster)
{
    const char *spec = fresh_store(), *before;
    du_store_t *one = made_store(spec), *two = open_store(spec);
    du_rule_t *mine, *theirs;

    assert_ok(import_one(one, "a.cab", "CX600", "1", 1, NULL));
    mine = rule_of(one, "CX600");
    theirs = rule_of(two, "CX600");
    assert_ok(act(two, theirs, DU_ACTION_RESET));
    before = census(spec);
    assert_refused(DU_E_CONFLICT, act(one, mine, DU_ACTION_APPROVE));
    check_versions(&mine->versions, "1", "", "");
    check_versions(&rule_of(one, "CX600")->versions, "", "", "");
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(rule_is_gone)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_rule_t *rule;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    rule = rule_of(store, "CX600");
    run_sql(spec, "DELETE FROM image_file");
    run_sql(spec, "DELETE FROM image");
    run_sql(spec, "DELETE FROM rule");
    assert_refused(DU_E_NOT_FOUND, act(store, rule, DU_ACTION_APPROVE));
}
END_TEST

/* Rules CX500, CX600 and CX700 with version 1 pending. */
static apr_array_header_t *three_rules(du_store_t *store)
{
    apr_array_header_t *arrivals = no_arrivals();

    arrive(arrivals, "CX500", "1", 1);
    arrive(arrivals, "CX600", "1", 3);
    arrive(arrivals, "CX700", "1", 5);
    assert_ok(du_store_import(unit.ctx, store, package_named("a.cab"), arrivals, &kim));
    return all_rules(store);
}

START_TEST(many_rules_are_one_change)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    apr_array_header_t *rules = three_rules(store);
    int changed, generation, activities = atoi(run_sql(spec, "SELECT max(id) FROM activity"));

    assert_ok(act(store, nth(rules, 1), DU_ACTION_APPROVE));
    generation = generation_of(store);
    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, &changed));
    ck_assert_int_eq(changed, 2);
    ck_assert_int_eq(generation_of(store), generation + 1);
    for (int i = 0; i < 3; i++) {
        check_versions(&nth(rules, i)->versions, "", "1", "");
        check_versions(&nth(all_rules(store), i)->versions, "", "1", "");
    }
    ck_assert_int_eq(atoi(run_sql(spec, "SELECT max(id) FROM activity")), activities + 3);
    ck_assert_str_eq(run_sql(spec, "SELECT value FROM counter WHERE name = 'activity'"),
                     run_sql(spec, "SELECT count(*) FROM activity"));
    ck_assert_str_eq(run_sql(spec, "SELECT object || ' ' || before || ' ' || after FROM activity ORDER BY id"),
                     "rule 3 pending=1 approved= restore= pending= approved=1 restore=");
}
END_TEST

/* Somebody resets the last of three rules: the first two stay as they were, too. */
START_TEST(all_or_none)
{
    const char *spec = fresh_store(), *before;
    du_store_t *one = made_store(spec), *two = open_store(spec);
    apr_array_header_t *rules = three_rules(one);
    int changed;

    assert_ok(act(two, nth(all_rules(two), 2), DU_ACTION_RESET));
    before = census(spec);
    ck_assert_int_eq(du_store_act(unit.ctx, one, rules, DU_ACTION_APPROVE, NULL, &kim, &changed), DU_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "rule 3 (UCPhone/POLYCOM/CX700/A/ENU): somebody else was faster"));
    ck_assert_str_eq(census(spec), before);
    for (int i = 0; i < 3; i++) {
        check_versions(&nth(rules, i)->versions, "1", "", "");
        check_versions(&nth(all_rules(one), i)->versions, i < 2 ? "1" : "", "", "");
    }
}
END_TEST

START_TEST(A10_nothing_to_do_with_many)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *rules = three_rules(store);
    int changed = -1;

    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, &changed));
    before = census(spec);
    assert_rv(DU_E_NOTHING, du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, &changed));
    ck_assert_int_eq(changed, 0);
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(restore_to_a_stored_version)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *rules;

    for (int i = 1; i <= 4; i++) {
        const char *version = apr_itoa(unit.pool, i);

        assert_ok(import_one(store, version, "CX600", version, i, NULL));
        assert_ok(act(store, rule_of(store, "CX600"), DU_ACTION_APPROVE));
    }
    rules = all_rules(store);
    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_RESTORE, "1", &kim, NULL));
    check_versions(&rule_of(store, "CX600")->versions, "", "1", "4");
    before = census(spec);
    assert_refused(DU_E_NOT_FOUND, du_store_act(unit.ctx, store, rules, DU_ACTION_RESTORE, "5", &kim, NULL));
    check_versions(&nth(rules, 0)->versions, "", "1", "4");
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(A11_a_removed_rule_is_gone)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    apr_array_header_t *rules = three_rules(store);
    du_snapshot_t snapshot;
    du_rule_t *gone;

    assert_ok(act(store, nth(rules, 1), DU_ACTION_REMOVE));
    assert_refused(DU_E_NOT_FOUND, du_store_rule(unit.ctx, store, 2, unit.pool, &gone));
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image"), "2");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image_file"), "4");
    ck_assert_str_eq(run_sql(spec, "SELECT action || ' ' || object || ' ' || before || after FROM activity ORDER BY id"),
                     "remove rule 2 UCPhone/POLYCOM/CX600/A/ENU pending=1 approved= restore=");
    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    ck_assert_int_eq(snapshot.rules->nelts, 2);
    assert_refused(DU_E_NOT_FOUND, act(store, nth(rules, 1), DU_ACTION_REMOVE));
}
END_TEST

START_TEST(removing_what_somebody_approved)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *rules = three_rules(store);

    assert_ok(act(store, nth(all_rules(store), 0), DU_ACTION_APPROVE));
    before = census(spec);
    assert_refused(DU_E_CONFLICT, act(store, nth(rules, 0), DU_ACTION_REMOVE));
    ck_assert_str_eq(census(spec), before);
}
END_TEST

/* The package of a removed rule comes again: a new rule, the old package; what is there of it stays. */
START_TEST(package_of_a_removed_rule)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_package_t *again = package_named("a.cab"), *kept;
    apr_array_header_t *rules = three_rules(store), *arrivals = no_arrivals();

    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, NULL));
    assert_ok(act(store, nth(rules, 2), DU_ACTION_REMOVE));
    arrive(arrivals, "CX600", "1", 3);
    arrive(arrivals, "CX700", "1", 5);
    again->filename = "b.cab";
    assert_ok(du_store_import(unit.ctx, store, again, arrivals, &kim));
    ck_assert_int_eq(again->id, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(arrivals, 0, du_arrival_t).already, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(arrivals, 1, du_arrival_t).already, 0);
    ck_assert_int_eq(rule_of(store, "CX700")->id, 4);
    check_versions(&rule_of(store, "CX700")->versions, "1", "", "");
    check_versions(&rule_of(store, "CX600")->versions, "", "1", "");
    assert_ok(du_store_package(unit.ctx, store, 1, unit.pool, &kept));
    ck_assert_str_eq(kept->filename, "b.cab");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM package"), "1");
}
END_TEST

/*
 * Stored versions
 */

static const du_stored_t *stored_nth(const apr_array_header_t *images, int i)
{
    return &APR_ARRAY_IDX(images, i, du_stored_t);
}

/* Versions 1 to 5 of one rule: 5 pending, 4 approved, 3 restore. */
static void five_versions(du_store_t *store)
{
    for (int i = 1; i <= 5; i++) {
        const char *version = apr_itoa(unit.pool, i);

        assert_ok(import_one(store, version, "CX600", version, i, NULL));
        if (i < 5) {
            assert_ok(act(store, rule_of(store, "CX600"), DU_ACTION_APPROVE));
        }
    }
}

START_TEST(A12_only_versions_without_a_name_are_forgotten)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *images, *orphans = apr_array_make(unit.pool, 1, sizeof(const char *));

    five_versions(store);
    assert_ok(du_store_images(unit.ctx, store, unit.pool, &images));
    ck_assert_int_eq(images->nelts, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(stored_nth(images, i)->id, i + 1);
        ck_assert_int_eq(stored_nth(images, i)->is_named, i >= 2);
        ck_assert_str_eq(stored_nth(images, i)->version, apr_itoa(unit.pool, i + 1));
        ck_assert_str_eq(stored_nth(images, i)->rule.key.model, "CX600");
    }
    APR_ARRAY_PUSH(orphans, const char *) = "a/b/c/d/e/1/CPE";
    assert_ok(du_store_forget(unit.ctx, store, NULL, orphans, &kim, &images));
    ck_assert_int_eq(images->nelts, 2);
    ck_assert_str_eq(stored_nth(images, 1)->version, "2");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) || ' ' || min(version) FROM image"), "3 3");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image_file"), "6");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM activity WHERE action = 'clear'"), "3");
    ck_assert_str_eq(run_sql(spec, "SELECT object || ' ' || before FROM activity ORDER BY id"),
                     "files a/b/c/d/e/1/CPE no version of any rule");
    before = census(spec);
    assert_rv(DU_E_NOTHING, du_store_forget(unit.ctx, store, NULL, NULL, &kim, &images));
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(forgetting_some)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    apr_array_header_t *ids = apr_array_make(unit.pool, 3, sizeof(apr_int64_t)), *forgotten;

    five_versions(store);
    before = census(spec);
    APR_ARRAY_PUSH(ids, apr_int64_t) = 2;
    APR_ARRAY_PUSH(ids, apr_int64_t) = 4;
    assert_refused(DU_E_CONFLICT, du_store_forget(unit.ctx, store, ids, NULL, &kim, &forgotten));
    APR_ARRAY_IDX(ids, 1, apr_int64_t) = 9;
    assert_refused(DU_E_NOT_FOUND, du_store_forget(unit.ctx, store, ids, NULL, &kim, &forgotten));
    ck_assert_str_eq(census(spec), before);
    APR_ARRAY_IDX(ids, 1, apr_int64_t) = 2;
    assert_ok(du_store_forget(unit.ctx, store, ids, NULL, &kim, &forgotten));
    ck_assert_int_eq(forgotten->nelts, 1);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image"), "4");
}
END_TEST

/*
 * What nodes read
 */

START_TEST(everything_for_a_rule_set)
{
    static const char *const expected[][DU_SLOTS] = {{"3", "2", "1"}, {"1", NULL, NULL}, {NULL, NULL, NULL}};
    du_store_t *store = made_store(fresh_store());
    du_snapshot_t snapshot;

    for (int i = 1; i <= 3; i++) {
        const char *version = apr_itoa(unit.pool, i);

        assert_ok(import_one(store, version, "CX600", version, i, NULL));
        if (i < 3) {
            assert_ok(act(store, rule_of(store, "CX600"), DU_ACTION_APPROVE));
        }
    }
    assert_ok(import_one(store, "b.cab", "CX500", "1", 9, NULL));
    assert_ok(import_one(store, "c.cab", "CX700", "1", 11, NULL));
    assert_ok(act(store, rule_of(store, "CX700"), DU_ACTION_RESET));
    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    ck_assert_int_eq(snapshot.generation, generation_of(store));
    ck_assert_int_eq(snapshot.rules->nelts, 3);
    for (int i = 0; i < 3; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(snapshot.rules, i, du_rule_t);

        for (int slot = 0; slot < DU_SLOTS; slot++) {
            const du_image_t *image = rule->image[slot];

            ck_assert_pstr_eq(image ? image->version : NULL, expected[i][slot]);
            ck_assert(!image || image->nfiles == 2);
        }
    }
    ck_assert_int_eq(APR_ARRAY_IDX(snapshot.rules, 0, du_rule_t).image[DU_APPROVED]->files[1].size, 1003);
}
END_TEST

START_TEST(empty_store)
{
    du_store_t *store = made_store(fresh_store());
    du_snapshot_t snapshot;

    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    ck_assert_int_eq(snapshot.rules->nelts, 0);
    ck_assert_int_eq(snapshot.generation, 1);
}
END_TEST

START_TEST(damaged_digest_is_said)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_snapshot_t snapshot;

    assert_ok(import_one(store, "a.cab", "CX600", "1", 1, NULL));
    run_sql(spec, "UPDATE image_file SET digest = 'xyz'");
    assert_refused(DU_E_STORE, du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
}
END_TEST

START_TEST(goes_on_after_changes_by_others)
{
    static const char *const changes[] = {"ALTER TABLE rule ADD COLUMN extra TEXT", "VACUUM", "ANALYZE"};
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_snapshot_t snapshot;

    assert_ok(import_one(store, "0.cab", "CX600", "0", 1, NULL));
    for (int i = 0; i < COUNT_OF(changes); i++) {
        const char *version = apr_itoa(unit.pool, i + 1);

        run_sql(spec, changes[i]);
        assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
        ck_assert_int_eq(snapshot.rules->nelts, 1);
        assert_ok(import_one(store, version, "CX600", version, 2 + i, NULL));
        assert_ok(act(store, rule_of(store, "CX600"), DU_ACTION_APPROVE));
    }
    check_versions(&rule_of(store, "CX600")->versions, "", "3", "2");
}
END_TEST

/* Several at once, on rules of their own and on one they share. */
START_TEST(many_importers)
{
    enum { PROCESSES = 4, EACH = 10 };
    const char *spec = fresh_store();
    int status;

    du_store_close(made_store(spec));
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            du_store_t *store;
            apr_status_t rv = du_store_open(unit.ctx, spec, unit.pool, &store);

            for (int n = 0; n < EACH && rv == APR_SUCCESS; n++) {
                const char *name = apr_psprintf(unit.pool, "%d-%d", i, n);

                rv = import_one(store, name, n % 2 ? name : "CX600", name, i * EACH + n, NULL);
            }
            apr_pool_destroy(unit.pool);
            _exit(rv == APR_SUCCESS ? 0 : 1);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    ck_assert_str_eq(run_sql(spec, "SELECT count(DISTINCT id) || ' ' || max(id) FROM package"), "40 40");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM rule"), "21");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM image"), "40");
    ck_assert_int_eq(generation_of(open_store(spec)), 1 + PROCESSES * EACH);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store");

    tcase_add_test(tests, made_once);
    if (!store_server()) {
        tcase_add_test(tests, missing_store);
        tcase_add_test(tests, file_that_is_no_store);
    }
    tcase_add_test(tests, database_of_something_else);
    tcase_add_test(tests, other_schema_version);
    tcase_add_test(tests, import_makes_rules_and_images);
    tcase_add_test(tests, same_package_again);
    tcase_add_test(tests, same_image_in_another_package);
    tcase_add_test(tests, version_with_other_files);
    tcase_add_test(tests, second_version_replaces_pending);
    tcase_add_test(tests, import_of_the_approved_version);
    tcase_add_test(tests, packages);
    tcase_add_test(tests, not_found);
    tcase_add_test(tests, a_life);
    tcase_add_test(tests, nothing_to_do_changes_nothing);
    tcase_add_test(tests, somebody_else_was_faster);
    tcase_add_test(tests, rule_is_gone);
    tcase_add_test(tests, many_rules_are_one_change);
    tcase_add_test(tests, all_or_none);
    tcase_add_test(tests, A10_nothing_to_do_with_many);
    tcase_add_test(tests, restore_to_a_stored_version);
    tcase_add_test(tests, A11_a_removed_rule_is_gone);
    tcase_add_test(tests, removing_what_somebody_approved);
    tcase_add_test(tests, package_of_a_removed_rule);
    tcase_add_test(tests, A12_only_versions_without_a_name_are_forgotten);
    tcase_add_test(tests, forgetting_some);
    tcase_add_test(tests, everything_for_a_rule_set);
    tcase_add_test(tests, empty_store);
    tcase_add_test(tests, damaged_digest_is_said);
    tcase_add_test(tests, goes_on_after_changes_by_others);
    tcase_add_test(tests, many_importers);
    return unit_run(tests);
}
