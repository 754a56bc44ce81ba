#include "store.h"

#include "sample.h"

static apr_status_t add_site(du_store_t *store, const char *name, const char *subnets)
{
    return du_store_site_add(unit.ctx, store, sample_make_site(name, subnets, unit.pool), &kim);
}

static apr_status_t add_device(du_store_t *store, const char *site, const char *name, du_test_kind_e kind,
                               const char *identifier)
{
    du_test_device_t device = sample_make_device(site, kind, identifier);

    device.name = name;
    return du_store_test_device_add(unit.ctx, store, &device, &kim);
}

static apr_status_t remove_device(du_store_t *store, const char *site, const char *name)
{
    return du_store_test_device_remove(unit.ctx, store, site, name, &kim);
}

/* "Berlin 10.1.0.0/16 2001:db8::/32; Lab 10.1.7.0/24; " */
static const char *sites_of(du_store_t *store)
{
    apr_array_header_t *sites;
    const char *text = "";

    assert_ok(du_store_sites(unit.ctx, store, unit.pool, &sites));
    for (int i = 0; i < sites->nelts; i++) {
        const du_site_t *site = &APR_ARRAY_IDX(sites, i, du_site_t);

        text = apr_pstrcat(unit.pool, text, site->name, NULL);
        for (int j = 0; j < site->subnets->nelts; j++) {
            text = apr_pstrcat(unit.pool, text, " ",
                               du_subnet_text(unit.pool, &APR_ARRAY_IDX(site->subnets, j, du_subnet_t)), NULL);
        }
        text = apr_pstrcat(unit.pool, text, "; ", NULL);
    }
    return text;
}

/* "/desk=m:01-02-..; Berlin/desk=s:07823-a345; " */
static const char *devices_of(du_store_t *store)
{
    apr_array_header_t *devices;
    const char *text = "";

    assert_ok(du_store_test_devices(unit.ctx, store, unit.pool, &devices));
    for (int i = 0; i < devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(devices, i, du_test_device_t);

        text = apr_pstrcat(unit.pool, text, device->site, "/", device->name, device->kind == DU_TEST_MAC ? "=m:" : "=s:",
                           device->identifier, "; ", NULL);
    }
    return text;
}

/* What the last row of the activity table says. */
static const char *last_activity(const char *spec)
{
    return run_sql(spec, "SELECT actor || '|' || action || '|' || object || '|' || before || '|' || after FROM activity ORDER BY id");
}

/* The store's content but for rules and packages, to see that nothing changed. */
static const char *places(const char *spec, du_store_t *store)
{
    return apr_pstrcat(unit.pool, census(spec), " ", sites_of(store), devices_of(store), NULL);
}

START_TEST(sites)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    int before = generation_of(store);

    ck_assert_str_eq(sites_of(store), "");
    assert_ok(add_site(store, "Lab", "10.1.7.0/24"));
    ck_assert_int_eq(generation_of(store), before + 1);
    ck_assert_str_eq(last_activity(spec), "kim|add|site:Lab||10.1.7.0/24");
    assert_ok(add_site(store, "berlin", "2001:db8::/32 10.1.2.3/16"));
    assert_ok(add_site(store, "x'; DROP TABLE site; --", "0.0.0.0/0"));
    ck_assert_str_eq(sites_of(store), "berlin 10.1.0.0/16 2001:db8::/32; Lab 10.1.7.0/24; x'; DROP TABLE site; -- 0.0.0.0/0; ");
    assert_ok(du_store_site_remove(unit.ctx, store, "BERLIN", &kim));
    ck_assert_str_eq(last_activity(spec), "kim|remove|site:BERLIN|10.1.0.0/16 2001:db8::/32|");
    ck_assert_str_eq(sites_of(store), "Lab 10.1.7.0/24; x'; DROP TABLE site; -- 0.0.0.0/0; ");
    ck_assert_int_eq(generation_of(store), before + 4);
    /* its name and its subnets are free again */
    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
}
END_TEST

static apr_status_t set_site(du_store_t *store, const char *name, const char *subnets)
{
    return du_store_site_set(unit.ctx, store, sample_make_site(name, subnets, unit.pool), &kim);
}

START_TEST(other_subnets)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    int generation;

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16 10.2.0.0/16"));
    assert_ok(add_site(store, "Lab", "10.1.7.0/24"));
    assert_ok(add_device(store, "Berlin", "desk", DU_TEST_SERIAL, "07823-a345"));
    generation = generation_of(store);
    /* one stays, one goes, one comes; the name keeps its spelling, the test device its place */
    assert_ok(set_site(store, "BERLIN", "10.2.0.0/16 2001:db8::/32"));
    ck_assert_int_eq(generation_of(store), generation + 1);
    ck_assert_str_eq(sites_of(store), "Berlin 10.2.0.0/16 2001:db8::/32; Lab 10.1.7.0/24; ");
    ck_assert_str_eq(devices_of(store), "Berlin/desk=s:07823-a345; ");
    ck_assert_str_eq(last_activity(spec),
                     "kim|set|site:BERLIN|10.1.0.0/16 10.2.0.0/16|10.2.0.0/16 2001:db8::/32");
    before = places(spec, store);
    ck_assert_int_eq(set_site(store, "Berlin", "2001:db8::/32 10.2.0.0/16"), DU_E_NOTHING);
    assert_refused(DU_E_EXISTS, set_site(store, "Berlin", "10.9.0.0/16 10.1.7.0/24"));
    assert_refused(DU_E_NOT_FOUND, set_site(store, "Paris", "10.9.0.0/16"));
    ck_assert_str_eq(places(spec, store), before);
    /* what it had is free again */
    assert_ok(add_site(store, "Paris", "10.1.0.0/16"));
    assert_ok(set_site(store, "Berlin", "10.2.0.0/16"));
    ck_assert_str_eq(sites_of(store), "Berlin 10.2.0.0/16; Lab 10.1.7.0/24; Paris 10.1.0.0/16; ");
}
END_TEST

START_TEST(sites_that_cannot_be)
{
    static const struct { const char *name, *subnets; } cases[] = {
        {"Berlin", "10.9.0.0/16"}, {"bERLIN", "10.9.0.0/16"}, {"Paris", "10.1.0.0/16"}, {"Paris", "10.9.0.0/16 10.1.255.255/16"},
        {"Paris", "10.9.0.0/16 ::ffff:10.1.0.0/112"}, {"Paris", "2001:DB8:0::/32"},
    };
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16 2001:db8::/32"));
    before = places(spec, store);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(DU_E_EXISTS, add_site(store, cases[i].name, cases[i].subnets));
        ck_assert_str_eq(places(spec, store), before);
    }
    assert_refused(DU_E_NOT_FOUND, du_store_site_remove(unit.ctx, store, "Paris", &kim));
    ck_assert_str_eq(places(spec, store), before);
    /* one subnet inside another is another subnet */
    assert_ok(add_site(store, "Paris", "10.1.0.0/17 10.0.0.0/8"));
}
END_TEST

START_TEST(D3_test_devices)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    int generation;

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
    generation = generation_of(store);
    assert_ok(add_device(store, "", "Desk", DU_TEST_MAC, "01-02-03-04-05-06"));
    ck_assert_str_eq(last_activity(spec), "kim|add|test-device global/Desk||mac=01-02-03-04-05-06");
    assert_ok(add_device(store, "BERLIN", "desk", DU_TEST_SERIAL, "07823-a345"));
    assert_ok(add_device(store, "", "a\"'; --", DU_TEST_SERIAL, "07823-a345"));
    ck_assert_int_eq(generation_of(store), generation + 3);
    ck_assert_str_eq(devices_of(store), "/a\"'; --=s:07823-a345; /Desk=m:01-02-03-04-05-06; Berlin/desk=s:07823-a345; ");
    before = places(spec, store);
    assert_refused(DU_E_EXISTS, add_device(store, "", "dESK", DU_TEST_SERIAL, "other"));
    assert_refused(DU_E_EXISTS, add_device(store, "berlin", "Desk", DU_TEST_SERIAL, "other"));
    assert_refused(DU_E_NOT_FOUND, add_device(store, "Paris", "Desk", DU_TEST_SERIAL, "other"));
    assert_refused(DU_E_NOT_FOUND, remove_device(store, "Paris", "Desk"));
    assert_refused(DU_E_NOT_FOUND, remove_device(store, "Paris", NULL));
    assert_refused(DU_E_NOT_FOUND, remove_device(store, "", "Desk 2"));
    assert_refused(DU_E_NOT_FOUND, remove_device(store, "Berlin", "a\"'; --"));
    ck_assert_str_eq(places(spec, store), before);
    assert_ok(remove_device(store, "", "DESK"));
    ck_assert_str_eq(last_activity(spec), "kim|remove|test-device global/DESK|mac=01-02-03-04-05-06|");
    ck_assert_str_eq(devices_of(store), "/a\"'; --=s:07823-a345; Berlin/desk=s:07823-a345; ");
}
END_TEST

/* Removes the first count of these. */
static apr_status_t remove_devices(du_store_t *store, const du_test_device_t *chosen, int count)
{
    apr_array_header_t *devices = apr_array_make(unit.pool, 4, sizeof(du_test_device_t));

    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(devices, du_test_device_t) = chosen[i];
    }
    return du_store_test_devices_remove(unit.ctx, store, devices, &kim);
}

START_TEST(several_test_devices)
{
    static const du_test_device_t chosen[] = {{.site = "", .name = "DESK", .identifier = "1"},
                                              {.site = "berlin", .name = "one", .identifier = "01-02-03-04-05-06"},
                                              {.site = "Berlin", .name = "two", .identifier = "another"},
                                              {.site = "Paris", .name = "one", .identifier = "1"}};
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);
    int generation;

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
    assert_ok(add_device(store, "", "Desk", DU_TEST_SERIAL, "1"));
    assert_ok(add_device(store, "Berlin", "one", DU_TEST_MAC, "01-02-03-04-05-06"));
    assert_ok(add_device(store, "Berlin", "two", DU_TEST_SERIAL, "2"));
    before = places(spec, store);
    assert_rv(DU_E_NOTHING, remove_devices(store, chosen, 0));
    assert_refused(DU_E_CONFLICT, remove_devices(store, chosen, 3));
    assert_refused(DU_E_CONFLICT, remove_devices(store, chosen + 2, 2));
    assert_refused(DU_E_NOT_FOUND, remove_devices(store, chosen + 3, 1));
    ck_assert_str_eq(places(spec, store), before);
    generation = generation_of(store);
    assert_ok(remove_devices(store, chosen, 2));
    ck_assert_str_eq(devices_of(store), "Berlin/two=s:2; ");
    ck_assert_int_eq(generation_of(store), generation + 1);
    ck_assert_str_eq(last_activity(spec), "kim|remove|test-device site:berlin/one|mac=01-02-03-04-05-06|");
    assert_refused(DU_E_NOT_FOUND, remove_devices(store, chosen, 1));
}
END_TEST

START_TEST(D5_a_whole_scope)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
    assert_ok(add_site(store, "Lab", "10.1.7.0/24"));
    for (int i = 0; i < 3; i++) {
        static const char *const scopes[] = {"", "Berlin", "Lab"};

        assert_ok(add_device(store, scopes[i], "one", DU_TEST_SERIAL, "1"));
        assert_ok(add_device(store, scopes[i], "two", DU_TEST_MAC, "01-02-03-04-05-06"));
    }
    assert_ok(remove_device(store, "berlin", NULL));
    ck_assert_str_eq(last_activity(spec), "kim|remove|test-device site:berlin|one serial=1, two mac=01-02-03-04-05-06|");
    ck_assert_str_eq(devices_of(store), "/one=s:1; /two=m:01-02-03-04-05-06; Lab/one=s:1; Lab/two=m:01-02-03-04-05-06; ");
    assert_ok(remove_device(store, "", NULL));
    ck_assert_str_eq(devices_of(store), "Lab/one=s:1; Lab/two=m:01-02-03-04-05-06; ");
    before = places(spec, store);
    assert_rv(DU_E_NOTHING, remove_device(store, "", NULL));
    assert_rv(DU_E_NOTHING, remove_device(store, "Berlin", NULL));
    ck_assert_str_eq(places(spec, store), before);
    /* both scopes are there as before */
    assert_ok(add_device(store, "", "one", DU_TEST_SERIAL, "1"));
    assert_ok(add_device(store, "Berlin", "one", DU_TEST_SERIAL, "1"));
    /* a site goes with its test devices, and both are on record */
    assert_ok(du_store_site_remove(unit.ctx, store, "Lab", &kim));
    ck_assert_str_eq(sites_of(store), "Berlin 10.1.0.0/16; ");
    ck_assert_str_eq(devices_of(store), "/one=s:1; Berlin/one=s:1; ");
    ck_assert_str_eq(run_sql(spec, "SELECT object || '|' || before FROM activity WHERE id = (SELECT max(id) - 1 FROM activity)"),
                     "test-device site:Lab|one serial=1, two mac=01-02-03-04-05-06");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM test_device"), "2");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM site_subnet"), "1");
}
END_TEST

START_TEST(snapshot_has_places)
{
    du_store_t *store = made_store(fresh_store());
    const du_test_device_t *device;
    du_snapshot_t snapshot;

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16 10.2.0.0/16"));
    assert_ok(add_device(store, "Berlin", "desk", DU_TEST_MAC, "01-02-03-04-05-06"));
    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    ck_assert_int_eq(snapshot.generation, generation_of(store));
    ck_assert_int_eq(snapshot.sites->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(snapshot.sites, 0, du_site_t).subnets->nelts, 2);
    ck_assert_int_eq(snapshot.test_devices->nelts, 1);
    device = &APR_ARRAY_IDX(snapshot.test_devices, 0, du_test_device_t);
    ck_assert_str_eq(device->site, "Berlin");
    ck_assert_str_eq(device->shown, "01-02-03-04-05-06");
}
END_TEST

START_TEST(damaged_subnet_is_said)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_snapshot_t snapshot;

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
    run_sql(spec, "UPDATE site_subnet SET subnet = '10.1.0.0/99'");
    assert_refused(DU_E_STORE, du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
}
END_TEST

/* Nothing of a change stays if it cannot be recorded. */
START_TEST(changes_of_places_are_whole)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = made_store(spec);

    assert_ok(add_site(store, "Berlin", "10.1.0.0/16"));
    assert_ok(add_device(store, "Berlin", "one", DU_TEST_SERIAL, "1"));
    run_sql(spec, "ALTER TABLE activity RENAME TO away");
    before = run_sql(spec, "SELECT value FROM counter WHERE name = 'generation'");
    assert_refused(DU_E_STORE, add_site(store, "Lab", "10.1.7.0/24"));
    assert_refused(DU_E_STORE, add_device(store, "", "two", DU_TEST_SERIAL, "2"));
    assert_refused(DU_E_STORE, remove_device(store, "Berlin", "one"));
    assert_refused(DU_E_STORE, du_store_site_remove(unit.ctx, store, "Berlin", &kim));
    ck_assert_str_eq(run_sql(spec, "SELECT value FROM counter WHERE name = 'generation'"), before);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM test_device"), "1");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM site"), "1");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM site_subnet"), "1");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_site");

    tcase_add_test(tests, sites);
    tcase_add_test(tests, other_subnets);
    tcase_add_test(tests, sites_that_cannot_be);
    tcase_add_test(tests, D3_test_devices);
    tcase_add_test(tests, several_test_devices);
    tcase_add_test(tests, D5_a_whole_scope);
    tcase_add_test(tests, snapshot_has_places);
    tcase_add_test(tests, damaged_subnet_is_said);
    tcase_add_test(tests, changes_of_places_are_whole);
    return unit_run(tests);
}
