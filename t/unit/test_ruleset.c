#include "unit.h"

#include <unistd.h>

#include "sample.h"

static const du_ruleset_t *load_sample(void)
{
    return sample_ruleset(unit.ctx, sample_rules(unit.pool), unit_path("rules"), 7, unit.pool);
}

static const du_rs_rule_t *find(const du_ruleset_t *ruleset, const char *brand, const char *model)
{
    du_key_t key = {"UCPhone", brand, model, "A", "ENU"};

    return du_ruleset_find(ruleset, &key);
}

START_TEST(what_it_says_of_itself)
{
    apr_finfo_t info;
    const du_ruleset_t *ruleset;

    unit.now = apr_time_from_sec(1283186688);
    unit.ctx->now = unit_clock;
    ruleset = load_sample();
    apr_stat(&info, unit_path("rules"), APR_FINFO_SIZE, unit.pool);
    ck_assert_int_eq(du_ruleset_generation(ruleset), 7);
    ck_assert_int_eq(du_ruleset_compiled(ruleset), unit.now);
    ck_assert_uint_eq(du_ruleset_count(ruleset), 3);
    ck_assert_uint_eq(du_ruleset_size(ruleset), (apr_size_t)info.size);
}
END_TEST

START_TEST(rules_are_found_by_exactly_their_key)
{
    const du_ruleset_t *ruleset = load_sample();

    ck_assert_ptr_nonnull(find(ruleset, "POLYCOM", "CX600"));
    ck_assert_ptr_eq(find(ruleset, "Polycom", "cx600"), find(ruleset, "POLYCOM", "CX600"));
    ck_assert_ptr_ne(find(ruleset, "Aastra", "6725ip"), find(ruleset, "POLYCOM", "CX600"));
    ck_assert_ptr_null(find(ruleset, "POLYCOM", "CX500"));
    ck_assert_ptr_null(find(ruleset, "POLYCOM", "CX60"));
    ck_assert_ptr_null(find(ruleset, "POLYCOM", "CX6000"));
    ck_assert_ptr_null(find(ruleset, "Aastra", "CX600"));
    ck_assert_ptr_null(find(ruleset, "*", "*"));
#define PART_IS_NEEDED(part)                                                 \
    {                                                                        \
        du_key_t key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};          \
        ck_assert_ptr_nonnull(du_ruleset_find(ruleset, &key));               \
        key.part = NULL;                                                     \
        ck_assert_ptr_null(du_ruleset_find(ruleset, &key));                  \
        key.part = "";                                                       \
        ck_assert_ptr_null(du_ruleset_find(ruleset, &key));                  \
        key.part = "x";                                                      \
        ck_assert_ptr_null(du_ruleset_find(ruleset, &key));                  \
    }
    DU_KEY_PARTS(PART_IS_NEEDED)
#undef PART_IS_NEEDED
}
END_TEST

START_TEST(images_of_a_rule)
{
    static const struct { const char *brand, *model, *version[DU_SLOTS]; } cases[] = {
        {"POLYCOM", "CX600", {"4.0.7577.4512", "4.0.7577.4463", "4.0.7577.4387"}},
        {"Aastra", "6725ip", {"4.0.7577.4512", NULL, NULL}}, {"Yealink", "T48 G", {NULL, "X.8.1.52", NULL}},
    };
    const du_ruleset_t *ruleset = load_sample();

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const du_rs_rule_t *rule = find(ruleset, cases[i].brand, cases[i].model);

        for (int slot = 0; slot < DU_SLOTS; slot++) {
            const du_rs_image_t *image = du_ruleset_image(ruleset, rule, (du_slot_e)slot);

            ck_assert_pstr_eq(image ? du_ruleset_version(ruleset, image) : NULL, cases[i].version[slot]);
        }
    }
}
END_TEST

START_TEST(files_of_an_image)
{
    const du_ruleset_t *ruleset = load_sample();
    const du_rs_image_t *image = du_ruleset_image(ruleset, find(ruleset, "Yealink", "T48 G"), DU_APPROVED);
    const char *name, *signature, *timestamp;

    ck_assert_int_eq(du_ruleset_image_file(ruleset, image, 0, &name, &signature, &timestamp), 1);
    ck_assert_str_eq(name, "CPE.nbt");
    ck_assert_str_eq(signature, "CPE.cat");
    ck_assert_str_eq(timestamp, "2013-04-02 10:00:00");
    ck_assert_int_eq(du_ruleset_image_file(ruleset, image, 1, &name, &signature, &timestamp), 1);
    ck_assert_str_eq(name, "B.nbt");
    ck_assert_int_eq(du_ruleset_image_file(ruleset, image, 2, &name, &signature, &timestamp), 0);
    ck_assert_int_eq(du_ruleset_image_file(ruleset, image, -1, &name, &signature, &timestamp), 0);
}
END_TEST

START_TEST(replies_are_those_of_the_template)
{
    const apr_array_header_t *rules = sample_rules(unit.pool);
    const du_ruleset_t *ruleset = load_sample();
    const du_rule_t *rule = &APR_ARRAY_IDX(rules, 0, du_rule_t);
    const char *expected, *bytes;
    apr_size_t expected_len, len;

    assert_ok(du_reply_offer(unit.ctx, sample_reply(unit.ctx, unit.pool), rule, rule->image[DU_APPROVED], unit.pool,
                             &expected, &expected_len));
    du_ruleset_reply(ruleset, du_ruleset_image(ruleset, find(ruleset, "POLYCOM", "CX600"), DU_APPROVED), 0, &bytes, &len);
    ck_assert_uint_eq(len, expected_len);
    ck_assert_mem_eq(bytes, expected, len);
    assert_ok(du_reply_nothing(unit.ctx, sample_reply(unit.ctx, unit.pool), unit.pool, &expected, &expected_len));
    du_ruleset_reply(ruleset, NULL, 0, &bytes, &len);
    ck_assert_uint_eq(len, expected_len);
    ck_assert_mem_eq(bytes, expected, len);
}
END_TEST

START_TEST(files_by_url)
{
    static const struct { const char *url, *path; apr_off_t size; int digest; } cases[] = {
        {"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.nbt", "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.nbt", 1004, 4},
        {"ucphone/polycom/cx600/a/enu/4.0.7577.4463/cpe/cpe.NBT", "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.nbt", 1004, 4},
        {"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.cat", "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.cat", 2004, 132},
        {"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4512/CPE/CPE.nbt", "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4512/CPE/CPE.nbt", 1003, 3},
        {"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE/CPE.nbt", "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE/CPE.nbt", 1005, 5},
        {"UCPhone/AASTRA/6725IP/A/ENU/4.0.7577.4512/CPE/CPE.cat", "UCPhone/Aastra/6725ip/A/ENU/4.0.7577.4512/CPE/CPE.cat", 2006, 134},
        {"ucphone/yealink/t48 g/a/enu/x.8.1.52/cpe/b.nbt", "UCPhone/Yealink/T48 G/A/ENU/X.8.1.52/CPE/B.nbt", 1051, 51},
        {"UCPhone/Yealink/T48 G/A/ENU/X.8.1.52/CPE/B.cat", "UCPhone/Yealink/T48 G/A/ENU/X.8.1.52/CPE/B.cat", 2051, 179},
    };
    const du_ruleset_t *ruleset = load_sample();

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_rs_file_t file;
        unsigned char digest[DU_DIGEST_SIZE];

        assert_ok(du_ruleset_file(ruleset, cases[i].url, unit.pool, &file));
        ck_assert_str_eq(file.path, apr_pstrcat(unit.pool, "DeviceUpdateStore/", cases[i].path, NULL));
        ck_assert_int_eq(file.size, cases[i].size);
        memset(digest, cases[i].digest, sizeof(digest));
        ck_assert_mem_eq(file.digest, digest, sizeof(digest));
    }
}
END_TEST

#define DIR "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE"

START_TEST(nothing_else_is_found)
{
    static const char *const urls[] = {
        "", "/", "UCPhone", "UCPhone/", DIR, DIR "/", DIR "/CPE.nbt/", DIR "/CPE.nbt/x", "/" DIR "/CPE.nbt", "./" DIR "/CPE.nbt",
        DIR "//CPE.nbt", DIR "/./CPE.nbt", DIR "/../CPE/CPE.nbt", DIR "/..", DIR "/../../../../../../../etc/passwd",
        "../" DIR "/CPE.nbt", "UCPhone//POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE/CPE.nbt", DIR "\\CPE.nbt", DIR "/CPE.nbt ",
        DIR "/CPE.nb", DIR "/CPE.nbtx", DIR "/B.nbt", DIR "/*", DIR "/CPE.nbt?x", DIR "/CPE%2enbt", DIR "/CPE.nbt::$DATA",
        "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4464/CPE/CPE.nbt", "UCPhone/POLYCOM/CX600/A/ENU//CPE/CPE.nbt",
        "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPX/CPE.nbt", "UCPhone/POLYCOM/CX600/A/DEU/4.0.7577.4463/CPE/CPE.nbt",
        "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE.nbt", "UCPhone/Aastra/6725ip/A/ENU//CPE/CPE.nbt",
        "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463//CPE.nbt", "DeviceUpdateStore/" DIR "/CPE.nbt",
        "a/b/c/d/e/f/g/h", "////////", "///////CPE.nbt", "CON/PRN/AUX/NUL/COM1/LPT1/CPE/CPE.nbt",
    };
    const du_ruleset_t *ruleset = load_sample();

    for (int i = 0; i < COUNT_OF(urls); i++) {
        du_rs_file_t file;
        const char *url = unit_exact(urls[i], strlen(urls[i]) + 1);

        ck_assert_msg(du_ruleset_file(ruleset, url, unit.pool, &file) == DU_E_NOT_FOUND, "%s", url);
    }
}
END_TEST

START_TEST(long_paths)
{
    const du_ruleset_t *ruleset = load_sample();
    char url[8193];
    du_rs_file_t file;

    memset(url, 'a', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    assert_rv(DU_E_NOT_FOUND, du_ruleset_file(ruleset, url, unit.pool, &file));
    memset(url, '/', sizeof(url) - 1);
    assert_rv(DU_E_NOT_FOUND, du_ruleset_file(ruleset, url, unit.pool, &file));
    for (int i = 0; i < 4096; i++) {
        memcpy(url + 2 * i, "a/", 2);
    }
    assert_rv(DU_E_NOT_FOUND, du_ruleset_file(ruleset, url, unit.pool, &file));
}
END_TEST

START_TEST(no_rules_at_all)
{
    const du_ruleset_t *ruleset = sample_ruleset(unit.ctx, apr_array_make(unit.pool, 1, sizeof(du_rule_t)),
                                                 unit_path("rules"), 1, unit.pool);
    du_rs_file_t file;
    const char *bytes;
    apr_size_t len;

    ck_assert_uint_eq(du_ruleset_count(ruleset), 0);
    ck_assert_ptr_null(find(ruleset, "POLYCOM", "CX600"));
    assert_rv(DU_E_NOT_FOUND, du_ruleset_file(ruleset, DIR "/CPE.nbt", unit.pool, &file));
    du_ruleset_reply(ruleset, NULL, 0, &bytes, &len);
    ck_assert_uint_gt(len, 0);
}
END_TEST

/* One rule less than, exactly and one more than powers of two: the hash table changes size there. */
START_TEST(every_number_of_rules)
{
    static const int numbers[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 64, 65};

    for (int n = 0; n < COUNT_OF(numbers); n++) {
        apr_array_header_t *rules = apr_array_make(unit.pool, numbers[n], sizeof(du_rule_t));
        const du_ruleset_t *ruleset;

        for (int i = 0; i < numbers[n]; i++) {
            sample_rule(rules, "POLYCOM", apr_psprintf(unit.pool, "CX%d", i), "", "1", "");
        }
        ruleset = sample_ruleset(unit.ctx, rules, unit_path("rules"), 1, unit.pool);
        for (int i = 0; i < numbers[n]; i++) {
            ck_assert_ptr_nonnull(find(ruleset, "polycom", apr_psprintf(unit.pool, "cx%d", i)));
        }
        ck_assert_ptr_null(find(ruleset, "POLYCOM", apr_psprintf(unit.pool, "CX%d", numbers[n])));
    }
}
END_TEST

START_TEST(ten_thousand_rules)
{
    enum { RULES = 10000, BYTES_PER_RULE = 1024 };
    apr_array_header_t *rules = apr_array_make(unit.pool, RULES, sizeof(du_rule_t));
    const du_ruleset_t *ruleset;

    for (int i = 0; i < RULES; i++) {
        sample_rule(rules, "POLYCOM", apr_psprintf(unit.pool, "CX%d", i), "4.0.7577.4512", apr_psprintf(unit.pool, "4.0.%d.1", i),
                    "4.0.7577.4387");
    }
    ruleset = sample_ruleset(unit.ctx, rules, unit_path("rules"), 1, unit.pool);
    unit_diag("%d rules with three versions each: %d bytes a rule", RULES, (int)(du_ruleset_size(ruleset) / RULES));
    ck_assert_uint_le(du_ruleset_size(ruleset), RULES * BYTES_PER_RULE);
    for (int i = 0; i < RULES; i++) {
        const du_rs_rule_t *rule = find(ruleset, "Polycom", apr_psprintf(unit.pool, "cx%d", i));

        ck_assert_ptr_nonnull(rule);
        ck_assert_str_eq(du_ruleset_version(ruleset, du_ruleset_image(ruleset, rule, DU_APPROVED)),
                         apr_psprintf(unit.pool, "4.0.%d.1", i));
    }
    ck_assert_ptr_null(find(ruleset, "POLYCOM", "CX10000"));
}
END_TEST

typedef struct hashed_t {
    apr_uint32_t hash;
    apr_uint32_t number; /* the model is "CX%08x" of it */
} hashed_t;

static const char *model_of(apr_uint32_t number)
{
    return apr_psprintf(unit.pool, "CX%08x", number);
}

static int by_hash(const void *a, const void *b)
{
    apr_uint32_t one = ((const hashed_t *)a)->hash, two = ((const hashed_t *)b)->hash;

    return one < two ? -1 : one > two;
}

/* Two models whose keys have the same hash; among so many there are several. */
static void find_collision(const char **one, const char **two)
{
    enum { MODELS = 400000 };
    hashed_t *hashed = apr_palloc(unit.pool, MODELS * sizeof(*hashed));
    apr_uint32_t state = 20080612;
    char model[16];
    du_key_t key = {"UCPhone", "POLYCOM", model, "A", "ENU"};

    for (int i = 0; i < MODELS; i++) {
        apr_snprintf(model, sizeof(model), "CX%08x", unit_random(&state));
        hashed[i] = (hashed_t){du_key_hash(&key), state};
    }
    qsort(hashed, MODELS, sizeof(*hashed), by_hash);
    for (int i = 1; i < MODELS; i++) {
        if (hashed[i].hash == hashed[i - 1].hash) {
            *one = model_of(hashed[i - 1].number);
            *two = model_of(hashed[i].number);
            return;
        }
    }
    ck_abort_msg("no two of %d keys have the same hash", MODELS);
}

START_TEST(same_hash_is_not_the_same_key)
{
    apr_array_header_t *rules = apr_array_make(unit.pool, 2, sizeof(du_rule_t));
    const du_ruleset_t *ruleset;
    const char *one, *two;

    find_collision(&one, &two);
    sample_rule(rules, "POLYCOM", one, "", "1", "");
    ruleset = sample_ruleset(unit.ctx, rules, unit_path("rules"), 1, unit.pool);
    ck_assert_ptr_nonnull(find(ruleset, "POLYCOM", one));
    ck_assert_ptr_null(find(ruleset, "POLYCOM", two));
    sample_rule(rules, "POLYCOM", two, "", "2", "");
    ruleset = sample_ruleset(unit.ctx, rules, unit_path("rules"), 2, unit.pool);
    ck_assert_str_eq(du_ruleset_version(ruleset, du_ruleset_image(ruleset, find(ruleset, "POLYCOM", one), DU_APPROVED)), "1");
    ck_assert_str_eq(du_ruleset_version(ruleset, du_ruleset_image(ruleset, find(ruleset, "POLYCOM", two), DU_APPROVED)), "2");
}
END_TEST

/* The kept file is one bit off, anywhere. */
START_TEST(damaged_anywhere)
{
    const char *path = unit_path("rules");
    const du_ruleset_t *ruleset = load_sample();
    apr_size_t len;
    char *bytes = unit_read(path, &len);

    (void)ruleset;
    for (apr_size_t i = 0; i < len; i++) {
        apr_pool_t *pool;
        apr_status_t rv;

        bytes[i] ^= (char)(1 << i % 8);
        unit_write(unit_path("damaged"), bytes, len);
        bytes[i] ^= (char)(1 << i % 8);
        apr_pool_create(&pool, unit.pool);
        rv = du_ruleset_load(unit.ctx, unit_path("damaged"), pool, &ruleset);
        ck_assert_msg(rv == DU_E_RULESET && !ruleset, "byte %d of %d", (int)i, (int)len);
        apr_pool_destroy(pool);
    }
    unit_write(unit_path("damaged"), bytes, len);
    assert_ok(du_ruleset_load(unit.ctx, unit_path("damaged"), unit.pool, &ruleset));
}
END_TEST

START_TEST(truncated_or_longer)
{
    const du_ruleset_t *ruleset = load_sample();
    apr_size_t len;
    char *bytes = unit_read(unit_path("rules"), &len);

    for (apr_size_t cut = 0; cut <= len + 1; cut++) {
        apr_pool_t *pool;
        apr_status_t rv;

        if (cut == len) {
            continue;
        }
        unit_write(unit_path("damaged"), bytes, cut); /* behind the end there is the NUL of unit_read() */
        apr_pool_create(&pool, unit.pool);
        rv = du_ruleset_load(unit.ctx, unit_path("damaged"), pool, &ruleset);
        ck_assert_msg(rv == DU_E_RULESET && !ruleset, "%d of %d bytes", (int)cut, (int)len);
        apr_pool_destroy(pool);
    }
}
END_TEST

START_TEST(not_a_rule_set)
{
    const du_ruleset_t *ruleset;
    char zeros[4096] = {0};

    assert_refused(DU_E_RULESET, du_ruleset_load(unit.ctx, unit_path("missing"), unit.pool, &ruleset));
    assert_refused(DU_E_RULESET, du_ruleset_load(unit.ctx, unit.dir, unit.pool, &ruleset));
    unit_write(unit_path("zeros"), zeros, sizeof(zeros));
    assert_refused(DU_E_RULESET, du_ruleset_load(unit.ctx, unit_path("zeros"), unit.pool, &ruleset));
    unit_write(unit_path("text"), "<Response/>", 11);
    assert_refused(DU_E_RULESET, du_ruleset_load(unit.ctx, unit_path("text"), unit.pool, &ruleset));
}
END_TEST

START_TEST(keeping_leaves_nothing_else)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    int files = 0;

    load_sample();
    load_sample();
    assert_ok(apr_dir_open(&dir, unit.dir, unit.pool));
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        files += entry.name[0] != '.';
    }
    apr_dir_close(dir);
    ck_assert_int_eq(files, 1);
}
END_TEST

START_TEST(keeping_where_that_is_impossible)
{
    const char *missing = unit_path("no/such/directory/rules");

    ck_assert_int_ne(du_ruleset_keep(unit.ctx, missing, "x", 1), APR_SUCCESS);
    ck_assert_ptr_nonnull(unit.ctx->failure.id);
}
END_TEST

/* A mapped rule set stays what it was while its file is replaced. */
START_TEST(replaced_under_a_reader)
{
    const du_ruleset_t *old = load_sample();
    apr_array_header_t *rules = apr_array_make(unit.pool, 1, sizeof(du_rule_t));
    const du_ruleset_t *new;

    sample_rule(rules, "HP", "4120", "", "1", "");
    new = sample_ruleset(unit.ctx, rules, unit_path("rules"), 8, unit.pool);
    ck_assert_int_eq(du_ruleset_generation(old), 7);
    ck_assert_ptr_nonnull(find(old, "POLYCOM", "CX600"));
    ck_assert_int_eq(du_ruleset_generation(new), 8);
    ck_assert_ptr_null(find(new, "POLYCOM", "CX600"));
}
END_TEST

START_TEST(same_rules_same_bytes)
{
    const void *block[2];
    apr_size_t len[2];

    unit.ctx->now = unit_clock;
    for (int i = 0; i < 2; i++) {
        assert_ok(du_ruleset_compile(unit.ctx, sample_snapshot(sample_rules(unit.pool), 1, unit.pool),
                                     sample_dialects(sample_reply(unit.ctx, unit.pool), unit.pool), unit.pool,
                                     &block[i], &len[i]));
    }
    ck_assert_uint_eq(len[0], len[1]);
    ck_assert_mem_eq(block[0], block[1], len[0]);
}
END_TEST

START_TEST(template_that_cannot_be_bound)
{
    static const char text[] = "<r xmlns:du='urn:devupdate:template' du:text='nobody'/>";
    du_reply_t reply = {0};
    du_template_t *tmpl;
    const void *block;
    apr_size_t len;

    assert_ok(du_template_parse(unit.ctx, text, sizeof(text) - 1, 1, unit.pool, &tmpl));
    reply.tmpl = tmpl;
    assert_refused(DU_E_TEMPLATE, du_ruleset_compile(unit.ctx, sample_snapshot(sample_rules(unit.pool), 1, unit.pool),
                                                     sample_dialects(&reply, unit.pool), unit.pool, &block, &len));
}
END_TEST

/*
 * Test devices
 */

#define MAC "00-04-F2-00-01-76"

/* where: the address of the phone; NULL = not known. */
static int is_test(const du_ruleset_t *ruleset, const char *mac, const char *serial, const char *where)
{
    du_address_t address;

    ck_assert(!where || du_address_parse(where, &address));
    return du_ruleset_is_test(ruleset, mac, serial, where ? &address : NULL);
}

static du_snapshot_t *empty_snapshot(void)
{
    return sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
}

static const du_ruleset_t *load(const du_snapshot_t *snapshot)
{
    return sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool);
}

START_TEST(nobody_is_a_test_device)
{
    const du_ruleset_t *ruleset = load_sample();

    ck_assert_int_eq(is_test(ruleset, MAC, "07823-a345", "10.1.2.3"), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(D4_global_test_devices)
{
    static const char *const places[] = {"10.1.2.3", "2001:db8::1", "::1", NULL};
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    sample_device(snapshot, "", DU_TEST_MAC, MAC);
    sample_device(snapshot, "", DU_TEST_SERIAL, "07823-a345");
    ruleset = load(snapshot);
    for (int i = 0; i < COUNT_OF(places); i++) {
        ck_assert_int_eq(is_test(ruleset, MAC, NULL, places[i]), 1);
        ck_assert_int_eq(is_test(ruleset, NULL, "07823-a345", places[i]), 1);
        ck_assert_int_eq(is_test(ruleset, MAC, "other", places[i]), 1);
        ck_assert_int_eq(is_test(ruleset, "00-04-F2-00-01-77", "07823-a345", places[i]), 1);
        ck_assert_int_eq(is_test(ruleset, "00-04-F2-00-01-77", "other", places[i]), 0);
        ck_assert_int_eq(is_test(ruleset, NULL, NULL, places[i]), 0);
    }
}
END_TEST

/* A serial number that looks like a MAC address is none, and the other way round. */
START_TEST(kinds_of_identifiers_are_apart)
{
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    sample_device(snapshot, "", DU_TEST_MAC, MAC);
    sample_device(snapshot, "", DU_TEST_SERIAL, "01-02-03-04-05-06");
    ruleset = load(snapshot);
    ck_assert_int_eq(is_test(ruleset, NULL, MAC, NULL), 0);
    ck_assert_int_eq(is_test(ruleset, "01-02-03-04-05-06", NULL, NULL), 0);
    ck_assert_int_eq(is_test(ruleset, "01-02-03-04-05-06", MAC, NULL), 0);
}
END_TEST

/* Found wherever in the order of the table, and as a whole only. */
START_TEST(many_test_devices)
{
    enum { DEVICES = 33 };
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    for (int i = 0; i < DEVICES; i++) {
        /* not in the order of the alphabet: 7 * i runs through all of them */
        sample_device(snapshot, "", DU_TEST_SERIAL, apr_psprintf(unit.pool, "serial-%02d", 7 * i % DEVICES));
    }
    ruleset = load(snapshot);
    for (int i = 0; i < DEVICES; i++) {
        ck_assert_int_eq(is_test(ruleset, NULL, apr_psprintf(unit.pool, "serial-%02d", i), NULL), 1);
        ck_assert_int_eq(is_test(ruleset, NULL, apr_psprintf(unit.pool, "serial-%02dx", i), NULL), 0);
    }
    ck_assert_int_eq(is_test(ruleset, NULL, "serial-33", NULL), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, "serial-", NULL), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, "a", NULL), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, "z", NULL), 0);
}
END_TEST

/* The longest identifiers that can be canonical are compared to their ends. */
START_TEST(long_identifiers)
{
    du_snapshot_t *snapshot = empty_snapshot();
    char digits[65], serial[DU_KEY_PART_MAX + 1];
    const char *mac, *other;
    const du_ruleset_t *ruleset;

    memset(digits, 'A', sizeof(digits) - 1);
    memset(serial, 's', sizeof(serial) - 1);
    digits[sizeof(digits) - 1] = serial[sizeof(serial) - 1] = '\0';
    mac = du_mac_canonical(unit.pool, digits);
    digits[sizeof(digits) - 2] = 'B';
    other = du_mac_canonical(unit.pool, digits);
    ck_assert(mac && other && du_serial_canonical(unit.pool, serial));
    sample_device(snapshot, "", DU_TEST_MAC, mac);
    sample_device(snapshot, "", DU_TEST_SERIAL, serial);
    ruleset = load(snapshot);
    ck_assert_int_eq(is_test(ruleset, mac, NULL, NULL), 1);
    ck_assert_int_eq(is_test(ruleset, other, NULL, NULL), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, apr_pstrdup(unit.pool, serial), NULL), 1);
    serial[sizeof(serial) - 2] = 't';
    ck_assert_int_eq(is_test(ruleset, NULL, serial, NULL), 0);
}
END_TEST

/* A phone, where it is, and at which of the sites it is a test device. Names of sites compare without case. */
START_TEST(D4_test_devices_at_sites)
{
    static const struct { const char *where; int at_berlin, at_lab, at_rest, at_v6; } cases[] = {
        {"10.1.2.3", 1, 0, 0, 0}, {"10.1.7.1", 0, 1, 0, 0}, {"10.1.8.0", 1, 0, 0, 0}, {"10.1.6.255", 1, 0, 0, 0},
        {"192.168.5.9", 1, 0, 0, 0}, {"192.168.6.1", 0, 0, 1, 0}, {"203.0.113.9", 0, 0, 1, 0}, {"10.1.2.77", 0, 1, 0, 0},
        {"::ffff:10.1.2.3", 1, 0, 0, 0}, {"::ffff:10.1.7.1", 0, 1, 0, 0}, {"2001:db8::7", 0, 0, 0, 1},
        {"2001:db8:0:1::7", 1, 0, 0, 0}, {"2001:db9::7", 0, 0, 0, 0}, {"::10.1.2.3", 0, 0, 0, 0}, {NULL, 0, 0, 0, 0},
    };
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    sample_site(snapshot, "Rest", "0.0.0.0/0");
    sample_site(snapshot, "Berlin", "10.1.0.0/16 192.168.5.0/24 2001:db8:0:1::/64");
    sample_site(snapshot, "Lab", "10.1.7.0/24 10.1.2.77");
    sample_site(snapshot, "V6", "2001:db8::/32");
    sample_device(snapshot, "berlin", DU_TEST_SERIAL, "b");
    sample_device(snapshot, "LAB", DU_TEST_SERIAL, "l");
    sample_device(snapshot, "Rest", DU_TEST_SERIAL, "r");
    sample_device(snapshot, "V6", DU_TEST_SERIAL, "v");
    ruleset = load(snapshot);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *where = cases[i].where;

        ck_assert_msg(is_test(ruleset, NULL, "b", where) == cases[i].at_berlin &&
                          is_test(ruleset, NULL, "l", where) == cases[i].at_lab &&
                          is_test(ruleset, NULL, "r", where) == cases[i].at_rest &&
                          is_test(ruleset, NULL, "v", where) == cases[i].at_v6,
                      "case %d: %s", i, where ? where : "no address");
    }
}
END_TEST

/* Listed several times, it is a test device wherever one of them says so. */
START_TEST(listed_in_several_scopes)
{
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    sample_site(snapshot, "a", "10.1.0.0/16");
    sample_site(snapshot, "b", "10.2.0.0/16");
    sample_site(snapshot, "c", "10.3.0.0/16");
    sample_device(snapshot, "c", DU_TEST_MAC, MAC);
    sample_device(snapshot, "a", DU_TEST_MAC, MAC);
    ruleset = load(snapshot);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, "10.1.0.1"), 1);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, "10.2.0.1"), 0);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, "10.3.0.1"), 1);
    sample_device(snapshot, "", DU_TEST_MAC, MAC);
    ruleset = load(snapshot);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, "10.2.0.1"), 1);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, NULL), 1);
}
END_TEST

/* The snapshot is not read in one transaction, so a site may be missing. */
START_TEST(site_that_is_not_there)
{
    du_snapshot_t *snapshot = empty_snapshot();
    const du_ruleset_t *ruleset;

    sample_site(snapshot, "Berlin", "10.1.0.0/16");
    sample_device(snapshot, "Paris", DU_TEST_MAC, MAC);
    sample_device(snapshot, "Berlin", DU_TEST_SERIAL, "b");
    ruleset = load(snapshot);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, "10.1.0.1"), 0);
    ck_assert_int_eq(is_test(ruleset, MAC, NULL, NULL), 0);
    ck_assert_int_eq(is_test(ruleset, NULL, "b", "10.1.0.1"), 1);
}
END_TEST

/* A pending version has a reply as soon as somebody may be offered it. */
START_TEST(pending_versions_have_replies)
{
    du_snapshot_t *snapshot = empty_snapshot();
    const du_rule_t *rule = &APR_ARRAY_IDX(snapshot->rules, 0, du_rule_t);
    const du_ruleset_t *ruleset;
    const char *bytes, *expected;
    apr_size_t len, expected_len;

    sample_device(snapshot, "", DU_TEST_MAC, MAC);
    ruleset = load(snapshot);
    assert_ok(du_reply_offer(unit.ctx, sample_reply(unit.ctx, unit.pool), rule, rule->image[DU_PENDING], unit.pool, &expected,
                             &expected_len));
    du_ruleset_reply(ruleset, du_ruleset_image(ruleset, find(ruleset, "POLYCOM", "CX600"), DU_PENDING), 0, &bytes,
                     &len);
    ck_assert_uint_eq(len, expected_len);
    ck_assert_mem_eq(bytes, expected, len);
}
END_TEST

/*
 * Dialects
 */

/* A dialect whose replies are <NAME/> with the version that is offered. */
static du_dialect_t dialect(const char *name, const char *type, const char *vendor, const char *user_agent)
{
    const char *text = apr_psprintf(unit.pool, "<%s xmlns:du='urn:devupdate:template' du:attr='v=version'/>", name);
    du_dialect_t made = {.type = type, .vendor = vendor, .user_agent = user_agent};
    du_template_t *tmpl;

    assert_ok(du_template_parse(unit.ctx, text, strlen(text), 1, unit.pool, &tmpl));
    made.reply.tmpl = tmpl;
    return made;
}

static const du_ruleset_t *load_dialects(const du_dialect_t *list, int n, apr_size_t *size)
{
    const du_dialects_t dialects = {n, list};
    const du_ruleset_t *ruleset;
    const void *block;

    assert_ok(du_ruleset_compile(unit.ctx, sample_snapshot(sample_rules(unit.pool), 1, unit.pool), &dialects, unit.pool, &block,
                                 size));
    assert_ok(du_ruleset_keep(unit.ctx, unit_path("dialects"), block, *size));
    assert_ok(du_ruleset_load(unit.ctx, unit_path("dialects"), unit.pool, &ruleset));
    return ruleset;
}

/* Name and version of the reply that such a phone gets: "vvx 1.0". */
static const char *reply_to(const du_ruleset_t *ruleset, const char *type, const char *vendor, const char *model,
                            const char *user_agent)
{
    du_key_t key = {type, vendor, model, "A", "ENU"};
    const du_rs_rule_t *rule = du_ruleset_find(ruleset, &key);
    const char *bytes;
    apr_size_t len;
    char name[20] = "", version[40] = "";

    du_ruleset_reply(ruleset, rule ? du_ruleset_image(ruleset, rule, DU_APPROVED) : NULL,
                     du_ruleset_dialect(ruleset, type, vendor, user_agent), &bytes, &len);
    bytes = apr_pstrmemdup(unit.pool, bytes, len);
    sscanf(bytes, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%19[a-z] v=\"%39[^\"]", name, version);
    return apr_pstrcat(unit.pool, name, *version ? " " : "", version, NULL);
}

START_TEST(first_dialect_that_fits)
{
    static const struct { const char *type, *vendor, *model, *user_agent, *expected; } cases[] = {
        {"UCPhone", "POLYCOM", "CX600", "OCPhone/4.0", "agent 4.0.7577.4463"},
        {"UCPhone", "polycom", "cx600", "x ocphone y", "agent 4.0.7577.4463"},
        {"UCPhone", "POLYCOM", "CX600", "other", "vendor 4.0.7577.4463"},
        {"UCPhone", "POLYCOM", "CX600", NULL, "vendor 4.0.7577.4463"},
        {"UCPhone", "Yealink", "T48 G", "OCPhone", "last X.8.1.52"},
        {"UCPhone", "Yealink", "T48 G", "VVX/5", "any X.8.1.52"},
        {"3PIP", "Yealink", "T48 G", "none", "type"},
        {"3PIP", NULL, NULL, NULL, "type"},
        {NULL, NULL, NULL, NULL, "last"},
        {"UCPhone", "POLYCOM", "unknown", "OCPhone", "agent"},
    };
    du_dialect_t list[] = {
        dialect("agent", "UCPhone", "POLYCOM", "OCPhone"), dialect("vendor", NULL, "Polycom", NULL),
        dialect("type", "3PIP", NULL, NULL), dialect("any", NULL, NULL, "vvx"), dialect("last", NULL, NULL, NULL),
    };
    apr_size_t size;
    const du_ruleset_t *ruleset = load_dialects(list, COUNT_OF(list), &size);

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(reply_to(ruleset, cases[i].type, cases[i].vendor, cases[i].model, cases[i].user_agent),
                         cases[i].expected);
    }
}
END_TEST

/* Replies that nobody can be given are not kept: another vendor's template costs no more than its "no update". */
START_TEST(only_replies_that_can_be_asked_for)
{
    du_dialect_t other[] = {dialect("other", NULL, "Snom", "x"), dialect("last", NULL, NULL, NULL)};
    du_dialect_t agent[] = {dialect("agent", NULL, NULL, "x"), dialect("last", NULL, NULL, NULL)};
    du_dialect_t hidden[] = {dialect("first", NULL, "POLYCOM", NULL), dialect("hides", NULL, NULL, NULL)};
    apr_size_t alone, with_other, with_agent, with_hidden;

    load_dialects(&other[1], 1, &alone);
    load_dialects(other, 2, &with_other);
    load_dialects(agent, 2, &with_agent);
    load_dialects(hidden, 2, &with_hidden);
    ck_assert_uint_lt(with_other - alone, 150);
    ck_assert_uint_gt(with_agent, with_other + 100); /* two more replies */
    ck_assert_uint_lt(with_hidden - alone, 150);
}
END_TEST

START_TEST(media_type_says_the_charset)
{
    static const char text[] = "<?xml version='1.0' encoding='ISO-8859-1'?><r/>";
    du_dialect_t list[] = {dialect("x", NULL, "Snom", NULL), dialect("last", NULL, NULL, NULL)};
    const du_ruleset_t *ruleset;
    du_template_t *tmpl;
    apr_size_t size;

    assert_ok(du_template_parse(unit.ctx, text, sizeof(text) - 1, 1, unit.pool, &tmpl));
    list[0].reply.tmpl = tmpl;
    ruleset = load_dialects(list, COUNT_OF(list), &size);
    ck_assert_str_eq(du_ruleset_media_type(ruleset, 0), "text/xml; charset=iso-8859-1");
    ck_assert_str_eq(du_ruleset_media_type(ruleset, 1), "text/xml; charset=utf-8");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("ruleset");

    tcase_add_test(tests, what_it_says_of_itself);
    tcase_add_test(tests, rules_are_found_by_exactly_their_key);
    tcase_add_test(tests, images_of_a_rule);
    tcase_add_test(tests, files_of_an_image);
    tcase_add_test(tests, replies_are_those_of_the_template);
    tcase_add_test(tests, files_by_url);
    tcase_add_test(tests, nothing_else_is_found);
    tcase_add_test(tests, long_paths);
    tcase_add_test(tests, no_rules_at_all);
    tcase_add_test(tests, every_number_of_rules);
    tcase_add_test(tests, ten_thousand_rules);
    tcase_add_test(tests, same_hash_is_not_the_same_key);
    tcase_add_test(tests, damaged_anywhere);
    tcase_add_test(tests, truncated_or_longer);
    tcase_add_test(tests, not_a_rule_set);
    tcase_add_test(tests, keeping_leaves_nothing_else);
    tcase_add_test(tests, keeping_where_that_is_impossible);
    tcase_add_test(tests, replaced_under_a_reader);
    tcase_add_test(tests, same_rules_same_bytes);
    tcase_add_test(tests, template_that_cannot_be_bound);
    tcase_add_test(tests, nobody_is_a_test_device);
    tcase_add_test(tests, D4_global_test_devices);
    tcase_add_test(tests, kinds_of_identifiers_are_apart);
    tcase_add_test(tests, many_test_devices);
    tcase_add_test(tests, long_identifiers);
    tcase_add_test(tests, D4_test_devices_at_sites);
    tcase_add_test(tests, listed_in_several_scopes);
    tcase_add_test(tests, site_that_is_not_there);
    tcase_add_test(tests, pending_versions_have_replies);
    tcase_add_test(tests, first_dialect_that_fits);
    tcase_add_test(tests, only_replies_that_can_be_asked_for);
    tcase_add_test(tests, media_type_says_the_charset);
    return unit_run(tests);
}
