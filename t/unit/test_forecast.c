#include "records.h"

#include "du_decide.h"
#include "du_forecast.h"
#include "du_hold.h"
#include "du_phone.h"
#include "sample.h"

/* What is foretold is what the decision then says of each phone. In PostgreSQL, too (pgsql_forecast.t). */

#define OLD "1.0"
#define NEW "2.0"
#define PHONES 120

static const du_inventory_view_t view;

static void import(const char *version, int seed)
{
    apr_array_header_t *arrivals = apr_array_make(unit.pool, 1, sizeof(du_arrival_t));
    du_arrival_t *arrival = apr_array_push(arrivals);
    du_package_t *package = apr_pcalloc(unit.pool, sizeof(*package));

    memset(arrival, 0, sizeof(*arrival));
    arrival->key = (du_key_t){"UCPhone", "POLYCOM", "CX600", "A", "ENU"};
    arrival->update_type = "CPE";
    arrival->image = *sample_image(unit.pool, version, 2, seed);
    arrival->image.trust = "verified";
    package->digest = apr_psprintf(unit.pool, "%064d", seed);
    package->filename = package->actor = "p";
    package->note = package->signer = "";
    package->trust = "verified";
    assert_ok(du_store_import(unit.ctx, store, package, arrivals, &kim));
}

static du_rule_t *rule(void)
{
    du_rule_t *found;

    assert_ok(du_store_rule(unit.ctx, store, 1, unit.pool, &found));
    return found;
}

static void approve(void)
{
    apr_array_header_t *rules = apr_array_make(unit.pool, 1, sizeof(du_rule_t *));

    APR_ARRAY_PUSH(rules, du_rule_t *) = rule();
    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, NULL));
}

static const char *mac_of(int number)
{
    return apr_psprintf(unit.pool, "00-04-F2-00-%02d-%02d", number / 100, number % 100);
}

static const char *address_of(int number)
{
    return apr_psprintf(unit.pool, "10.%d.0.%d", 1 + number % 3, number);
}

/* Phones with versions, sites and holds that follow from a seed; some are test devices, some of another kind. */
static void fill(unsigned seed)
{
    static const char *const versions[] = {OLD, NEW, "0.9", NEW};
    static const char *const holds[] = {NEW, DU_HELD_ALL, OLD};

    begin();
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.1.0.0/16", unit.pool), &kim));
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Lab", "10.2.0.0/16", unit.pool), &kim));
    import(OLD, 10);
    approve();
    import(NEW, 20);
    srand(seed);
    for (int i = 0; i < PHONES; i++) {
        check("10:00:00", address_of(i), mac_of(i), "", versions[rand() % 4], "", "none", "current");
    }
    take_in(PHONES, 0);
    for (int i = 0; i < PHONES; i += 1 + rand() % 9) {
        const char *id = sql(apr_pstrcat(unit.pool, "SELECT device_id FROM device_name WHERE mac = '", mac_of(i), "'", NULL));

        assert_ok(du_hold(unit.ctx, store, apr_atoi64(id), holds[rand() % 3], &kim));
    }
    for (int i = 0; i < PHONES; i += 1 + rand() % 5) {
        static const char *const scopes[] = {"", "Berlin", "Lab"};
        du_test_device_t device = sample_make_device(scopes[rand() % 3], DU_TEST_MAC, mac_of(i));

        device.name = mac_of(i);
        assert_ok(du_store_test_device_add(unit.ctx, store, &device, &kim));
    }
}

/* How many phones the decision offers NEW to. */
static int decided(void)
{
    const char *path = unit_path("ruleset");
    const du_ruleset_t *ruleset;
    du_snapshot_t snapshot;
    const void *block;
    apr_size_t len;
    int offered = 0;

    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    assert_ok(du_ruleset_compile(unit.ctx, &snapshot, sample_dialects(sample_reply(unit.ctx, unit.pool), unit.pool), unit.pool,
                                 &block, &len));
    assert_ok(du_ruleset_keep(unit.ctx, path, block, len));
    assert_ok(du_ruleset_load(unit.ctx, path, unit.pool, &ruleset));
    for (int i = 0; i < PHONES; i++) {
        const char *version = sql(apr_pstrcat(unit.pool, "SELECT c.version " OF_PHONES
                                              "WHERE n.mac = '", mac_of(i), "'", NULL));
        const du_module_t module = {"CPE.nbt", version, ""};
        const du_request_t request = {.key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"}, .test_mac = mac_of(i), .nmodules = 1,
                                      .modules = &module};
        du_decision_t decision;
        du_address_t address;

        ck_assert(du_address_parse(address_of(i), &address));
        decision = du_decide(ruleset, &request, &address);
        offered += decision.image && strcmp(du_ruleset_version(ruleset, decision.image), NEW) == 0;
    }
    return offered;
}

START_TEST(is_what_the_decision_says)
{
    du_forecast_t forecast;
    apr_int64_t places = 0;

    fill((unsigned)_i);
    assert_ok(du_forecast_make(unit.ctx, store, &view, rule(), NEW, unit.pool, &forecast));
    approve();
    ck_assert_int_eq(forecast.phones, decided());
    ck_assert_int_eq(forecast.known, PHONES);
    ck_assert_int_eq(forecast.known, forecast.phones + forecast.there + forecast.held + forecast.gone);
    ck_assert_int_eq(forecast.image_bytes, 2 * (1000 + 2000 + 20 + 20) + 2);
    ck_assert_int_eq(forecast.bytes, forecast.phones * forecast.image_bytes);
    for (int i = 0; i < forecast.places->nelts; i++) {
        const du_phone_count_t *place = &APR_ARRAY_IDX(forecast.places, i, du_phone_count_t);

        ck_assert(i == 0 || place->phones <= APR_ARRAY_IDX(forecast.places, i - 1, du_phone_count_t).phones);
        ck_assert_str_ne(place->version, NEW);
        places += place->phones;
    }
    ck_assert_int_eq(places, forecast.phones);
}
END_TEST

/* Those that are gone are a matter of their own. */
START_TEST(gone_ones)
{
    const du_inventory_view_t later = {.gone_before = apr_time_now() + apr_time_from_sec(86400)};
    du_forecast_t now, then;

    fill(7);
    assert_ok(du_forecast_make(unit.ctx, store, &view, rule(), NEW, unit.pool, &now));
    assert_ok(du_forecast_make(unit.ctx, store, &later, rule(), NEW, unit.pool, &then));
    ck_assert_int_eq(then.phones, 0);
    ck_assert_int_eq(then.held, 0);
    ck_assert_int_eq(then.gone, now.phones + now.held);
    ck_assert_int_eq(then.there, now.there);
}
END_TEST

START_TEST(the_truth_afterwards)
{
    du_outcome_t outcome;
    const char *path = PATH "CPE.nbt", *other = PATH "CPE.cat";

    begin();
    import(OLD, 10);
    assert_rv(DU_E_NOT_FOUND, du_forecast_outcome(unit.ctx, store, rule(), unit.pool, &outcome));
    approve();
    import(NEW, 20);
    for (int i = 0; i < 4; i++) {
        check("10:00:00", address_of(i), mac_of(i), "", i == 3 ? NEW : OLD, "", "none", "current");
    }
    take_in(4, 0);
    approve();
    for (int i = 0; i < 3; i++) {
        check("11:00:00", address_of(i), mac_of(i), "", OLD, NEW, "offered", "approved");
    }
    download("11:01:00", address_of(0), path, 200, 1020, 1020);
    download("11:01:00", address_of(0), other, 200, 2020, 2020);
    download("11:01:00", address_of(0), PATH "B.nbt", 200, 1021, 1021);
    download("11:01:00", address_of(0), PATH "B.cat", 200, 2021, 2021);
    download("11:01:00", address_of(1), path, 206, 500, 1020);
    check("12:00:00", address_of(0), mac_of(0), "", NEW, "", "none", "current");
    check("12:00:00", address_of(2), mac_of(2), "", OLD, NEW, "offered", "approved");
    check("12:00:00", address_of(2), mac_of(2), "", OLD, NEW, "offered", "approved");
    assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
    assert_ok(du_forecast_outcome(unit.ctx, store, rule(), unit.pool, &outcome));
    ck_assert_str_eq(outcome.version, NEW);
    ck_assert_int_eq(outcome.known, 4);
    ck_assert_int_eq(outcome.there, 1);
    ck_assert_int_eq(outcome.bytes_foretold, 3 * 6082);
    ck_assert_int_eq(outcome.there_now, 2);
    ck_assert_int_eq(outcome.fetched, 1);
    ck_assert_int_eq(outcome.bytes, 6082 + 500);
    ck_assert_int_eq(outcome.stuck, 1);
    assert_ok(du_store_act(unit.ctx, store, &(apr_array_header_t){unit.pool, sizeof(du_rule_t *), 1, 1, (char *)(du_rule_t *[]){rule()}},
                           DU_ACTION_REMOVE, NULL, &kim, NULL));
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM forecast"), "0");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("forecast");

    tcase_add_loop_test(tests, is_what_the_decision_says, 0, 20);
    tcase_add_test(tests, gone_ones);
    tcase_add_test(tests, the_truth_afterwards);
    return unit_run(tests);
}
