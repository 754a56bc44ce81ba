#include "unit.h"

#include "du_device.h"

static const du_key_t cx600 = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};

START_TEST(key_is_complete)
{
    ck_assert_int_eq(du_key_is_complete(&cx600), 1);
#define PART_IS_NEEDED(part)                          \
    {                                                 \
        du_key_t key = cx600;                         \
        key.part = NULL;                              \
        ck_assert_int_eq(du_key_is_complete(&key), 0); \
        key.part = "";                                \
        ck_assert_int_eq(du_key_is_complete(&key), 0); \
    }
    DU_KEY_PARTS(PART_IS_NEEDED)
#undef PART_IS_NEEDED
}
END_TEST

START_TEST(key_is_the_same_but_for_case)
{
    du_key_t odd = {"ucphone", "Polycom", "cX600", "a", "enu"};

    ck_assert_int_eq(du_key_same(&cx600, &odd), 1);
    ck_assert_uint_eq(du_key_hash(&cx600), du_key_hash(&odd));
#define PART_DIFFERS(part)                               \
    {                                                    \
        du_key_t key = cx600;                            \
        key.part = "*";                                  \
        ck_assert_int_eq(du_key_same(&cx600, &key), 0);  \
        ck_assert_int_eq(du_key_same(&key, &cx600), 0);  \
        key.part = NULL;                                 \
        ck_assert_int_eq(du_key_same(&cx600, &key), 0);  \
        ck_assert_int_eq(du_key_same(&key, &key), 0);    \
    }
    DU_KEY_PARTS(PART_DIFFERS)
#undef PART_DIFFERS
}
END_TEST

START_TEST(hash_tells_parts_apart)
{
    du_key_t a = {"ab", "c", "d", "e", "f"}, b = {"a", "bc", "d", "e", "f"}, c = {"ab", "c", "d", "e", "g"};

    ck_assert_uint_ne(du_key_hash(&a), du_key_hash(&b));
    ck_assert_uint_ne(du_key_hash(&a), du_key_hash(&c));
}
END_TEST

START_TEST(hash_spreads)
{
    enum { KEYS = 4096, BUCKETS = 4096, MOST = 16 };
    static unsigned char bucket[BUCKETS];

    for (int i = 0; i < KEYS; i++) {
        du_key_t key = cx600;

        key.model = apr_psprintf(unit.pool, "CX%d", i);
        ck_assert_int_lt(++bucket[du_key_hash(&key) % BUCKETS], MOST);
    }
}
END_TEST

START_TEST(key_path)
{
    ck_assert_str_eq(du_key_path(unit.pool, &cx600), "UCPhone/POLYCOM/CX600/A/ENU");
}
END_TEST

/* protocol.md 8.3 with its examples, and what lies at their borders. */
START_TEST(mac_address)
{
    static const struct { const char *text, *canonical; } cases[] = {
        {"010203040506", "01-02-03-04-05-06"}, {"01-02-03-04-05-06", "01-02-03-04-05-06"},
        {"01:02:03:04:05:06", "01-02-03-04-05-06"}, {"0004f2aBcDeF", "00-04-F2-AB-CD-EF"},
        {"00-04-f2-00-01-76", "00-04-F2-00-01-76"}, {"01020304050607", "01-02-03-04-05-06-07"},
        {"01:02:03:04:05:06:07:08", "01-02-03-04-05-06-07-08"},
        {"01-02-03-04-05", NULL}, {"0102030405", NULL}, {"01020304050", NULL}, {"010203040506a", NULL},
        {"01-02:03-04-05-06", NULL}, {"01-02-03-04-05-06-", NULL}, {"-01-02-03-04-05-06", NULL},
        {"01--02-03-04-05-06", NULL}, {"0-1-2-3-4-5", NULL}, {"0102-0304-0506", NULL}, {"01.02.03.04.05.06", NULL},
        {"0g0203040506", NULL}, {"01 02 03 04 05 06", NULL}, {"", NULL}, {"0", NULL}, {"01", NULL}, {"01-", NULL},
        {NULL, NULL}, {"CX600", NULL}, {"\xC3\xA4" "0203040506", NULL},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *text = cases[i].text ? unit_exact(cases[i].text, strlen(cases[i].text) + 1) : NULL;
        const char *canonical = du_mac_canonical(unit.pool, text);

        ck_assert_pstr_eq(canonical, cases[i].canonical);
    }
}
END_TEST

START_TEST(endless_mac_address)
{
    char text[4097];

    memset(text, 'A', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_ptr_null(du_mac_canonical(unit.pool, text));
}
END_TEST

/* protocol.md 8.3 with its examples; what the original's limit is, is not known. */
START_TEST(D2_serial_number)
{
    static const struct { const char *text, *canonical; } cases[] = {
        {"AB37_679e", "ab37_679e"}, {"07823-A345", "07823-a345"}, {"0", "0"}, {"-", "-"}, {"_", "_"}, {"ZZ", "zz"},
        {"", NULL}, {NULL, NULL}, {"07823 A345", NULL}, {" 07823", NULL}, {"07823\n", NULL}, {"07823.A345", NULL},
        {"07823/A345", NULL}, {"07823:A345", NULL}, {"07823+A345", NULL}, {"M\xC3\x9C" "1", NULL}, {"*", NULL},
    };
    char most[DU_KEY_PART_MAX + 2];

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *text = cases[i].text ? unit_exact(cases[i].text, strlen(cases[i].text) + 1) : NULL;

        ck_assert_pstr_eq(du_serial_canonical(unit.pool, text), cases[i].canonical);
    }
    memset(most, 'x', sizeof(most));
    most[DU_KEY_PART_MAX + 1] = '\0';
    ck_assert_ptr_null(du_serial_canonical(unit.pool, most));
    ck_assert_str_eq(du_serial_canonical(unit.pool, most + 1), most + 1);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("device");

    tcase_add_test(tests, key_is_complete);
    tcase_add_test(tests, key_is_the_same_but_for_case);
    tcase_add_test(tests, hash_tells_parts_apart);
    tcase_add_test(tests, hash_spreads);
    tcase_add_test(tests, key_path);
    tcase_add_test(tests, mac_address);
    tcase_add_test(tests, endless_mac_address);
    tcase_add_test(tests, D2_serial_number);
    return unit_run(tests);
}
