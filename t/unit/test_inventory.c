#include "store.h"

#include "du_inventory.h"

/* 2026-11-22 20:15:35 UTC */
#define NOW apr_time_from_sec(1795378535)
#define DAY apr_time_from_sec(86400)

static du_inventory_view_t view = {NOW - 30 * DAY};

/* Kinds, then phones of them: id, kind, MAC address, serial number, address, user, days ago. */
static const char *spec; /* of the store of the test */

static du_store_t *phones(void)
{
    static const struct { int id; const char *model, *version, *site, *state; } kinds[] = {
        {1, "CX600", "4.1", "berlin", "current"}, {2, "CX600", "4.0", "berlin", "stuck"}, {3, "cx600", "4.0", "", "offered"},
        {4, "CX700", "4.1", "", "current"},       {5, "CX700", "", "gone", "unknown"},
    };
    static const struct { int id, kind; const char *mac, *serial, *address, *user; int days; } rows[] = {
        {1, 1, "00-04-F2-00-01-76", "abc1", "10.1.0.1", "sip:kim@contoso.com", 0},
        {2, 1, "00-04-F2-00-02-76", "abc2", "10.1.0.2", "SIP:Bo@contoso.com", 1},
        {3, 2, "00-04-F2-00-03-77", "", "10.1.0.3", "", 2},
        {4, 3, "00-04-F2-00-04-78", "xyz_1", "10.2.0.1", "", 3},
        {5, 4, "00-08-5D-00-01-76", "abc3", "10.2.0.2", "", 40},
        {6, 4, "", "0004f2", "10.2.0.3", "", 5},
        {7, 5, "", "", "10.9.9.9", "", 50},
        {8, 5, "", "", "2001:db8::1", "\xc3\x84", 6},
    };
    du_store_t *store;

    spec = fresh_store();
    store = made_store(spec);
    run_sql(spec, "INSERT INTO site VALUES ('berlin', 'Berlin')");
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        run_sql(spec, apr_psprintf(unit.pool, "INSERT INTO device_count VALUES (%d, 'ucphone/polycom/%s/a/enu', 'UCPhone', "
                                   "'POLYCOM', '%s', 'A', 'ENU', '%s', '%s', '%s', 0)",
                                   kinds[i].id, apr_pstrcat(unit.pool, "cx", kinds[i].model + 2, NULL), kinds[i].model,
                                   kinds[i].version, kinds[i].site, kinds[i].state));
    }
    for (int i = 0; i < COUNT_OF(rows); i++) {
        const char *reverse = du_phone_mac_reverse(unit.pool, rows[i].mac);

        run_sql(spec, apr_psprintf(unit.pool, "INSERT INTO device VALUES (%d, %d, '', '3.0', 5, 'node1', 'internal', 6, %" APR_INT64_T_FMT
                                   ", 7, 'offered', 'approved', '4.2', 8, 9, '4.1', 10, 11, 12, '', 13, 0, 0)",
                                   rows[i].id, rows[i].kind, NOW - rows[i].days * DAY));
        run_sql(spec, apr_psprintf(unit.pool, "INSERT INTO device_name VALUES (%d, '%s', '%s', '%s', '%s', '%s')", rows[i].id,
                                   rows[i].mac, reverse, rows[i].serial, rows[i].address, rows[i].user));
    }
    run_sql(spec, "UPDATE device_count SET phones = (SELECT count(*) FROM device WHERE count_id = device_count.id)");
    run_sql(spec, "UPDATE device SET state = (SELECT c.state FROM device_count c WHERE c.id = count_id)");
    run_sql(spec, "INSERT INTO device_version SELECT device_key, version, MIN(type), MIN(brand), MIN(model), MIN(revision), MIN(locale), "
                  "SUM(phones) FROM device_count GROUP BY device_key, version");
    return store;
}

/* The numbers of the phones of a list. */
static const char *ids(const apr_array_header_t *list)
{
    const char *text = "";

    for (int i = 0; i < list->nelts; i++) {
        text = apr_psprintf(unit.pool, "%s%s%" APR_INT64_T_FMT, text, i ? " " : "", APR_ARRAY_IDX(list, i, du_phone_t).id);
    }
    return text;
}

/* All pages of so many, each behind the one before. */
static const char *pages(du_store_t *store, const du_inventory_filter_t *filter, du_sort_e sort, int limit)
{
    const char *text = "", *after = NULL;
    int n = 0;

    do {
        du_inventory_page_t page;

        assert_ok(du_inventory_page(unit.ctx, store, &view, filter, sort, after, limit, unit.pool, &page));
        ck_assert_int_le(page.phones->nelts, limit);
        text = apr_pstrcat(unit.pool, text, *text && page.phones->nelts ? " " : "", ids(page.phones), NULL);
        after = page.next;
        ck_assert_int_lt(n++, 20);
    } while (after);
    return text;
}

static const struct {
    du_inventory_filter_t filter;
    const char *seen; /* whom it finds, the last seen first */
} cases[] = {
    {{0}, "1 2 3 4 6 8 5 7"},
    {{.type = "ucphone"}, "1 2 3 4 6 8 5 7"},
    {{.brand = "Polycom", .model = "CX600", .revision = "a", .locale = "enu"}, "1 2 3 4"},
    {{.model = "cx700"}, "6 8 5 7"},
    {{.model = "cx"}, ""},
    {{.version = "4.0"}, "3 4"},
    {{.site = "BERLIN"}, "1 2 3"},
    {{.site = ""}, "4 6 5"},
    {{.site = "none such"}, ""},
    {{.state = "current"}, "1 2 6"},
    {{.state = "Stuck"}, "3"},
    {{.state = "gone"}, "5 7"},
    {{.state = "unknown"}, "8"},
    {{.state = "no state"}, ""},
    {{.model = "CX600", .version = "4.0", .site = "Berlin", .state = "stuck"}, "3"},
    {{.model = "CX600", .version = "4.1", .state = "stuck"}, ""},
    {{.seen_before = NOW - 4 * DAY}, "6 8 5 7"},
    {{.seen_before = NOW - 4 * DAY, .state = "current"}, "6"},
    {{.seen_before = NOW - 45 * DAY, .state = "gone"}, "7"},
    {{.text = "00-04-F2-00-01-76"}, "1"},
    {{.text = "0004f2000176"}, "1"},
    {{.text = "00:04:f2:00:01:76"}, "1"},
    {{.text = "0004F2"}, "1 2 3 4 6"},
    {{.text = "00-04-f2-00-0"}, "1 2 3 4"},
    {{.text = "0176"}, "1 5"},
    {{.text = "01:76"}, "1 5"},
    {{.text = "6"}, "1 2 5"},
    {{.text = "  ABC "}, "1 2 5"},
    {{.text = "xyz_1"}, "4"},
    {{.text = "10.2."}, "4 6 5"},
    {{.text = "2001:db8:"}, "8"},
    {{.text = "sip:b"}, "2"},
    {{.text = "SIP:KIM"}, "1"},
    {{.text = "\xc3\x84"}, "8"},
    {{.text = "\xc3"}, ""},
    {{.text = "%"}, ""},
    {{.text = "'"}, ""},
    {{.text = "10.2.", .state = "gone"}, "5"},
    {{.text = "0004f2", .version = "4.0"}, "3 4"},
};

START_TEST(filters)
{
    du_store_t *store = phones();

    for (int i = 0; i < COUNT_OF(cases); i++) {
        int is_counted = 0, wanted = *cases[i].seen != '\0';
        apr_int64_t count = -1;
        const char *all = pages(store, &cases[i].filter, DU_SORT_SEEN, 10);

        ck_assert_msg(strcmp(all, cases[i].seen) == 0, "case %d: found %s, not %s", i, all, cases[i].seen);
        ck_assert_str_eq(pages(store, &cases[i].filter, DU_SORT_SEEN, 1), cases[i].seen);
        for (const char *space = strchr(all, ' '); space; space = strchr(space + 1, ' ')) {
            wanted++;
        }
        assert_ok(du_inventory_count(unit.ctx, store, &view, &cases[i].filter, &count, &is_counted));
        ck_assert_msg(is_counted && count == wanted, "case %d: counted %d", i, (int)count);
    }
}
END_TEST

/* Whatever the way to them, the order is one, and no page repeats or leaves out any. */
START_TEST(orders)
{
    static const du_inventory_filter_t all = {0}, kind = {.type = "UCPhone"}, text = {.text = "0"};
    du_store_t *store = phones();

    for (int limit = 1; limit < 9; limit++) {
        ck_assert_str_eq(pages(store, &all, DU_SORT_SEEN, limit), "1 2 3 4 6 8 5 7");
        ck_assert_str_eq(pages(store, &all, DU_SORT_MAC, limit), "6 7 8 1 2 3 4 5");
        ck_assert_str_eq(pages(store, &kind, DU_SORT_MAC, limit), "6 7 8 1 2 3 4 5");
        ck_assert_str_eq(pages(store, &text, DU_SORT_MAC, limit), "6 1 2 3 4 5");
        ck_assert_str_eq(pages(store, &all, DU_SORT_MODEL, limit), "3 4 1 2 7 8 5 6");
        ck_assert_str_eq(pages(store, &kind, DU_SORT_MODEL, limit), "3 4 1 2 7 8 5 6");
        ck_assert_str_eq(pages(store, &text, DU_SORT_MODEL, limit), "3 4 1 2 5 6");
    }
}
END_TEST

/* More than a few: they are met in order, not gathered. */
START_TEST(many_phones)
{
    static const du_inventory_filter_t wanted[] = {{.text = "00-AA"}, {.type = "UCPhone"}, {.text = "00-AA", .version = "4.1"}};
    du_store_t *store = made_store(spec = fresh_store());
    du_inventory_page_t page;
    apr_int64_t count = 0;
    int is_counted = 1;

    run_sql(spec, "INSERT INTO device_count VALUES (1, 'k', 'UCPhone', 'B', 'M', 'A', 'ENU', '4.1', '', 'current', 2500)");
    run_sql(spec, "INSERT INTO device_version VALUES ('k', '4.1', 'UCPhone', 'B', 'M', 'A', 'ENU', 2500)");
    run_sql(spec, "INSERT INTO device WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i, 1, 'current', "
                  "'', 0, '', '', 0, 1000000 - i, 0, '', '', '', 0, 0, '', 0, 0, 0, '', 0, 0, 0 FROM n");
    run_sql(spec, "INSERT INTO device_name SELECT id, '00-AA-00-' || substr((10000 + id) || '', 2, 2) || '-' || "
                  "substr((10000 + id) || '', 4, 2) || '-00', '', '', '', '' FROM device");
    for (int i = 0; i < COUNT_OF(wanted); i++) {
        for (int sort = 0; sort < DU_SORTS; sort++) {
            const char *after = NULL;
            int found = 0;

            do {
                assert_ok(du_inventory_page(unit.ctx, store, &(du_inventory_view_t){0}, &wanted[i], (du_sort_e)sort, after, 999,
                                            unit.pool, &page));
                for (int p = 0; p < page.phones->nelts; p++) {
                    ck_assert_int_eq(APR_ARRAY_IDX(page.phones, p, du_phone_t).id, ++found);
                }
                after = page.next;
            } while (after);
            ck_assert_int_eq(found, 2500);
        }
    }
    assert_ok(du_inventory_count(unit.ctx, store, &view, &wanted[0], &count, &is_counted));
    ck_assert(!is_counted);
    assert_ok(du_inventory_count(unit.ctx, store, &(du_inventory_view_t){0}, &wanted[1], &count, &is_counted));
    ck_assert_int_eq(count, 2500);
}
END_TEST

START_TEST(pages_that_do_not_begin)
{
    static const struct { du_sort_e sort; const char *after; } bad[] = {
        {DU_SORT_SEEN, ""}, {DU_SORT_SEEN, "5"}, {DU_SORT_SEEN, "5."}, {DU_SORT_SEEN, ".5"}, {DU_SORT_SEEN, "x.5"},
        {DU_SORT_SEEN, "5.x"}, {DU_SORT_SEEN, "-5.5"}, {DU_SORT_SEEN, "99999999999999999999.5"}, {DU_SORT_MAC, "5.5"},
        {DU_SORT_MAC, "'.5"}, {DU_SORT_MODEL, "99.5"}, {DU_SORT_MODEL, "00-04-F2-00-01-76.1"},
    };
    du_store_t *store = phones();
    du_inventory_page_t page;

    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_refused(DU_E_MALFORMED, du_inventory_page(unit.ctx, store, &view, &cases[0].filter, bad[i].sort, bad[i].after, 10,
                                                         unit.pool, &page));
        ck_assert_int_eq(page.phones->nelts, 0);
    }
}
END_TEST

START_TEST(one_phone)
{
    du_store_t *store = phones();
    du_phone_t *phone;
    apr_array_header_t *found;

    assert_ok(du_inventory_phone(unit.ctx, store, &view, 2, unit.pool, &phone));
    ck_assert_str_eq(apr_psprintf(unit.pool, "%s %s %s %s/%s/%s/%s/%s %s %s %s %s %s %s", phone->mac, phone->serial, phone->address,
                                  phone->key.type, phone->key.brand, phone->key.model, phone->key.revision, phone->key.locale,
                                  phone->version, phone->version_before, phone->site, phone->user, phone->node, phone->endpoint),
                     "00-04-F2-00-02-76 abc2 10.1.0.2 UCPhone/POLYCOM/CX600/A/ENU 4.1 3.0 Berlin SIP:Bo@contoso.com node1 internal");
    ck_assert_str_eq(apr_psprintf(unit.pool, "%s %s %s %s", phone->result, phone->reason, phone->offered, phone->taken),
                     "offered approved 4.2 4.1");
    ck_assert(phone->last_seen == NOW - DAY && phone->version_time == 5 && phone->first_seen == 6 && phone->checks == 7);
    ck_assert(phone->offered_time == 8 && phone->offers == 9 && phone->taken_time == 10 && phone->taken_bytes == 11);
    ck_assert(phone->taken_size == 12 && phone->events == 13 && phone->count_id == 1 && phone->state == DU_PHONE_CURRENT);
    assert_ok(du_inventory_phone(unit.ctx, store, &view, 5, unit.pool, &phone));
    ck_assert_int_eq(phone->state, DU_PHONE_GONE);
    assert_refused(DU_E_NOT_FOUND, du_inventory_phone(unit.ctx, store, &view, 99, unit.pool, &phone));

    static const char *const names[] = {"0004f2000376", "", "0004F2:00:03:77", "", "00:04:f2:00:03:77", "3", "ABC1", "1",
                                        "0004f2", "6", "10.9.9.9", "7", "10.1.0.1", "", "", "", "2001:db8::1", "8"};
    for (int i = 0; i < COUNT_OF(names); i += 2) {
        assert_ok(du_inventory_find(unit.ctx, store, &view, names[i], unit.pool, &found));
        ck_assert_str_eq(ids(found), names[i + 1]);
    }
}
END_TEST

START_TEST(what_a_phone_did)
{
    du_store_t *store = made_store(spec = fresh_store());
    apr_array_header_t *events;
    const du_phone_event_t *event;

    run_sql(spec, "INSERT INTO device_event WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) "
                  "SELECT 7, i, 100 + i, 'check', 'n', 'a', 'v', 'o', 'r', 'w', 'f', 5 FROM n");
    run_sql(spec, "INSERT INTO device_event SELECT 8, number, time, kind, node, address, version, offered, result, reason, file, bytes "
                  "FROM device_event WHERE number = 1");
    assert_ok(du_inventory_events(unit.ctx, store, 7, 0, 5, unit.pool, &events));
    ck_assert_int_eq(events->nelts, 5);
    event = &APR_ARRAY_IDX(events, 0, du_phone_event_t);
    ck_assert(event->number == 30 && event->time == 130 && event->bytes == 5);
    ck_assert_str_eq(apr_pstrcat(unit.pool, event->kind, event->node, event->address, event->version, event->offered, event->result,
                                 event->reason, event->file, NULL), "checknavorwf");
    assert_ok(du_inventory_events(unit.ctx, store, 7, 3, 5, unit.pool, &events));
    ck_assert_int_eq(events->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(events, 1, du_phone_event_t).number, 1);
}
END_TEST

/* "CX600/4.1 2, ..." */
static const char *counts(du_store_t *store, const du_inventory_filter_t *filter, unsigned by, int limit)
{
    apr_array_header_t *found;
    const char *text = "";

    assert_ok(du_inventory_counts(unit.ctx, store, &view, filter, by, limit, unit.pool, &found));
    for (int i = 0; i < found->nelts; i++) {
        const du_phone_count_t *c = &APR_ARRAY_IDX(found, i, du_phone_count_t);

        text = apr_psprintf(unit.pool, "%s%s%s%s/%s/%s/%s %" APR_INT64_T_FMT, text, i ? ", " : "", c->key.type, c->key.model, c->version,
                            c->site, c->state, c->phones);
    }
    return text;
}

START_TEST(numbers_of_phones)
{
    static const du_inventory_filter_t all = {0}, berlin = {.site = "Berlin"}, gone = {.state = "gone"}, current = {.state = "current"};
    du_store_t *store = phones();

    ck_assert_str_eq(counts(store, &all, 0, 10), "/// 8");
    ck_assert_str_eq(counts(store, &all, DU_BY_TYPE, 10), "UCPhone/// 8");
    ck_assert_str_eq(counts(store, &all, DU_BY_VERSION, 10), "/4.1// 4, /// 2, /4.0// 2");
    ck_assert_str_eq(counts(store, &all, DU_BY_MODEL | DU_BY_VERSION, 10), "CX600/4.0// 2, CX600/4.1// 2, CX700/// 2, CX700/4.1// 2");
    ck_assert_str_eq(counts(store, &all, DU_BY_MODEL | DU_BY_VERSION, 1), "CX600/4.0// 2");
    ck_assert_str_eq(counts(store, &all, DU_BY_SITE, 10), "/// 3, //Berlin/ 3, //gone/ 2");
    ck_assert_str_eq(counts(store, &all, DU_BY_STATE, 10), "///current 3, ///gone 2, ///offered 1, ///stuck 1, ///unknown 1");
    ck_assert_str_eq(counts(store, &berlin, DU_BY_STATE, 10), "///current 2, ///stuck 1");
    ck_assert_str_eq(counts(store, &gone, DU_BY_STATE, 10), "///gone 2");
    ck_assert_str_eq(counts(store, &gone, DU_BY_SITE, 10), "/// 1, //gone/ 1");
    ck_assert_str_eq(counts(store, &current, DU_BY_SITE, 10), "//Berlin/ 2, /// 1");
    ck_assert_str_eq(counts(store, &all, DU_BY_SITE | DU_BY_STATE, 10),
                     "//Berlin/current 2, ///current 1, ///gone 1, ///offered 1, //Berlin/stuck 1, //gone/gone 1, //gone/unknown 1");
}
END_TEST

START_TEST(numbers_of_rules)
{
    du_store_t *store = phones();
    apr_array_header_t *rules;
    const du_rule_phones_t *rule;
    apr_int64_t known = -1, on_version = -1;
    du_key_t key = {"UCPHONE", "polycom", "CX600", "A", "ENU"};

    assert_ok(du_inventory_on_version(unit.ctx, store, &key, "4.0", &known, &on_version));
    ck_assert(known == 4 && on_version == 2);
    assert_ok(du_inventory_on_version(unit.ctx, store, &key, "5", &known, &on_version));
    ck_assert(known == 4 && on_version == 0);
    key.model = "CX900";
    assert_ok(du_inventory_on_version(unit.ctx, store, &key, "4.0", &known, &on_version));
    ck_assert(known == 0 && on_version == 0);
    run_sql(spec, "INSERT INTO rule VALUES (3, 'ucphone/polycom/cx600/a/enu', '', '', '', '', '', 'CPE', '4.1', '4.0', ''), "
                  "(4, 'ucphone/polycom/cx700/a/enu', '', '', '', '', '', 'CPE', '', '4.1', '4.0'), "
                  "(5, 'ucphone/polycom/cx900/a/enu', '', '', '', '', '', 'CPE', '', '4.1', '')");
    assert_ok(du_inventory_rules(unit.ctx, store, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 2);
    rule = (const du_rule_phones_t *)rules->elts;
    ck_assert(rule[0].rule_id == 3 && rule[0].known == 4 && rule[0].on[DU_PENDING] == 2 && rule[0].on[DU_APPROVED] == 2 &&
              rule[0].on[DU_RESTORE] == 0);
    ck_assert(rule[1].rule_id == 4 && rule[1].known == 4 && rule[1].on[DU_PENDING] == 0 && rule[1].on[DU_APPROVED] == 2 &&
              rule[1].on[DU_RESTORE] == 0);
}
END_TEST

/* "ADDRESS PHONES" of each. */
static const char *sources(du_store_t *store, int limit)
{
    const char *text = "";
    apr_array_header_t *found;

    assert_ok(du_inventory_sources(unit.ctx, store, limit, unit.pool, &found));
    for (int i = 0; i < found->nelts; i++) {
        const du_source_t *source = &APR_ARRAY_IDX(found, i, du_source_t);

        text = apr_psprintf(unit.pool, "%s%s%s %" APR_INT64_T_FMT, text, i ? ", " : "", source->address, source->phones);
    }
    return text;
}

/* A phone without an address came from none. */
START_TEST(where_phones_ask_from)
{
    du_store_t *store = phones();

    run_sql(spec, "UPDATE device_name SET address = CASE WHEN device_id <= 3 THEN '10.1.0.9' WHEN device_id = 4 THEN '' ELSE '10.1.0.2' END WHERE device_id < 7");
    ck_assert_str_eq(sources(store, 9), "10.1.0.9 3, 10.1.0.2 2, 10.9.9.9 1, 2001:db8::1 1");
    ck_assert_str_eq(sources(store, 2), "10.1.0.9 3, 10.1.0.2 2");
    run_sql(spec, "DELETE FROM device_name");
    ck_assert_str_eq(sources(store, 9), "");
}
END_TEST

/* Strangers, traffic and roll-outs, each within what is asked for. */
START_TEST(what_happened)
{
    du_store_t *store = phones();
    apr_array_header_t *found;
    int is_filled = 1;

    assert_ok(du_inventory_is_filled(unit.ctx, store, &is_filled));
    ck_assert(!is_filled);
    run_sql(spec, "INSERT INTO reading VALUES ('x', 1, 1)");
    assert_ok(du_inventory_is_filled(unit.ctx, store, &is_filled));
    ck_assert(is_filled);

    run_sql(spec, "INSERT INTO stranger VALUES ('a', 't', 'b', 'm', 'r', 'l', 5, 6, 7), ('b', '', '', '', '', '', 5, 6, 9), "
                  "('c', '', '', '', '', '', 5, 6, 8)");
    assert_ok(du_inventory_strangers(unit.ctx, store, 2, unit.pool, &found));
    ck_assert_int_eq(found->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(found, 0, du_stranger_t).last_seen, 9);
    assert_ok(du_inventory_strangers(unit.ctx, store, 9, unit.pool, &found));
    ck_assert_int_eq(found->nelts, 3);
    ck_assert_str_eq(du_key_path(unit.pool, &APR_ARRAY_IDX(found, 2, du_stranger_t).key), "t/b/m/r/l");
    ck_assert(APR_ARRAY_IDX(found, 2, du_stranger_t).checks == 5 && APR_ARRAY_IDX(found, 2, du_stranger_t).first_seen == 6);

    ck_assert(APR_ARRAY_IDX(found, 2, du_stranger_t).phones == 0);
    run_sql(spec, "UPDATE stranger SET device_key = 'ucphone/polycom/cx600/a/enu' WHERE device_key = 'a'");
    assert_ok(du_inventory_strangers(unit.ctx, store, 9, unit.pool, &found));
    ck_assert(APR_ARRAY_IDX(found, 2, du_stranger_t).phones == 4);
    run_sql(spec, "INSERT INTO rule VALUES (9, 'b', '', '', '', '', '', 'CPE', '', '', '')");
    assert_ok(du_inventory_strangers(unit.ctx, store, 9, unit.pool, &found));
    ck_assert(found->nelts == 2 && APR_ARRAY_IDX(found, 0, du_stranger_t).last_seen == 8);
    run_sql(spec, "DELETE FROM rule WHERE id = 9");
    assert_ok(du_inventory_strangers(unit.ctx, store, 9, unit.pool, &found));
    ck_assert_int_eq(found->nelts, 3);

    run_sql(spec, "INSERT INTO traffic VALUES (10, 'n1', 1, 2, 3, 4, 5, 6), (10, 'n2', 10, 20, 30, 40, 50, 60), (20, 'n1', 1, 1, 1, 1, 1, 1)");
    assert_ok(du_inventory_traffic(unit.ctx, store, 10, 20, unit.pool, &found));
    ck_assert_int_eq(found->nelts, 1);
    ck_assert_mem_eq(found->elts, (&(du_traffic_t){10, 11, 22, 33, 44, 55, 66}), sizeof(du_traffic_t));
    assert_ok(du_inventory_traffic(unit.ctx, store, 11, 99, unit.pool, &found));
    ck_assert_int_eq(APR_ARRAY_IDX(found, 0, du_traffic_t).hour, 20);

    run_sql(spec, "INSERT INTO rollout VALUES (1, 10, '4.1', 5, 9), (1, 20, '4.1', 6, 9), (2, 30, '4.1', 7, 9)");
    assert_ok(du_inventory_rollout(unit.ctx, store, 1, 11, unit.pool, &found));
    ck_assert_int_eq(found->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 0, du_rollout_t).version, "4.1");
    ck_assert(APR_ARRAY_IDX(found, 0, du_rollout_t).hour == 20 && APR_ARRAY_IDX(found, 0, du_rollout_t).current == 6 &&
              APR_ARRAY_IDX(found, 0, du_rollout_t).phones == 9);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("inventory");

    tcase_add_test(tests, filters);
    tcase_add_test(tests, orders);
    tcase_add_test(tests, many_phones);
    tcase_add_test(tests, pages_that_do_not_begin);
    tcase_add_test(tests, one_phone);
    tcase_add_test(tests, what_a_phone_did);
    tcase_add_test(tests, numbers_of_phones);
    tcase_add_test(tests, numbers_of_rules);
    tcase_add_test(tests, where_phones_ask_from);
    tcase_add_test(tests, what_happened);
    return unit_run(tests);
}
