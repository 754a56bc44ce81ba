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
    du_ruleset_reply(ruleset, du_ruleset_image(ruleset, find(ruleset, "POLYCOM", "CX600"), DU_APPROVED), &bytes, &len);
    ck_assert_uint_eq(len, expected_len);
    ck_assert_mem_eq(bytes, expected, len);
    assert_ok(du_reply_nothing(unit.ctx, sample_reply(unit.ctx, unit.pool), unit.pool, &expected, &expected_len));
    du_ruleset_reply(ruleset, NULL, &bytes, &len);
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
    du_ruleset_reply(ruleset, NULL, &bytes, &len);
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
    const void *first, *second;
    apr_size_t first_len, second_len;

    unit.ctx->now = unit_clock;
    assert_ok(du_ruleset_compile(unit.ctx, sample_rules(unit.pool), sample_reply(unit.ctx, unit.pool), 1, unit.pool, &first,
                                 &first_len));
    assert_ok(du_ruleset_compile(unit.ctx, sample_rules(unit.pool), sample_reply(unit.ctx, unit.pool), 1, unit.pool, &second,
                                 &second_len));
    ck_assert_uint_eq(first_len, second_len);
    ck_assert_mem_eq(first, second, first_len);
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
    assert_refused(DU_E_TEMPLATE, du_ruleset_compile(unit.ctx, sample_rules(unit.pool), &reply, 1, unit.pool, &block, &len));
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
    return unit_run(tests);
}
