#include "unit.h"

#include "du_subnet.h"

static const char *text_of(const char *text)
{
    du_subnet_t subnet;

    return du_subnet_parse(unit.pool, text, &subnet) ? du_subnet_text(unit.pool, &subnet) : NULL;
}

/* What is typed, and the one spelling of the subnet it means; NULL if it means none. */
static const struct {
    const char *typed, *subnet;
} spellings[] = {
    {"10.1.0.0/16", "10.1.0.0/16"}, {"0.0.0.0/0", "0.0.0.0/0"}, {"127.0.1.0/24", "127.0.1.0/24"},
    {"192.168.7.90", "192.168.7.90/32"}, {"192.168.7.90/32", "192.168.7.90/32"}, {"255.255.255.255", "255.255.255.255/32"},
    {"2001:db8::/32", "2001:db8::/32"}, {"2001:DB8:0:0::/32", "2001:db8::/32"}, {"::/0", "::/0"}, {"fe80::1", "fe80::1/128"},
    /* host bits */
    {"10.1.2.3/16", "10.1.0.0/16"}, {"10.255.255.255/9", "10.128.0.0/9"}, {"10.1.2.3/0", "0.0.0.0/0"},
    {"10.1.2.131/31", "10.1.2.130/31"}, {"2001:db8:ffff::1/33", "2001:db8:8000::/33"}, {"2001:db8::ffff/127", "2001:db8::fffe/127"},
    {"ffff:ffff::/1", "8000::/1"},
    /* IPv4-mapped addresses are IPv4 */
    {"::ffff:10.1.2.3", "10.1.2.3/32"}, {"::ffff:10.1.2.3/112", "10.1.0.0/16"}, {"::ffff:a01:203/120", "10.1.2.0/24"},
    {"::ffff:0:0/96", "0.0.0.0/0"}, {"::ffff:0:0/95", "::fffe:0:0/95"},
    /* none */
    {"", NULL}, {"/", NULL}, {"/8", NULL}, {"10.1.0.0/", NULL}, {"10.1.0.0/33", NULL}, {"10.1.0.0/-1", NULL},
    {"10.1.0.0/+8", NULL}, {"10.1.0.0/ 8", NULL}, {"10.1.0.0/8 ", NULL}, {" 10.1.0.0/8", NULL}, {"10.1.0.0/8/8", NULL},
    {"10.1.0.0/255.255.0.0", NULL}, {"10.1.0.0/4294967304", NULL}, {"10.1/16", NULL}, {"10.1.0.0.0/16", NULL},
    {"010.1.0.0/16", NULL}, {"10.1.0.256", NULL}, {"10.1.0.0/0x8", NULL}, {"2001:db8::/129", NULL}, {"2001:db8/32", NULL},
    {"2001:db8:::/32", NULL}, {"fe80::1%eth0", NULL}, {"[2001:db8::]/32", NULL}, {"localhost", NULL}, {"10.1.0.0-10.1.0.9", NULL},
};

START_TEST(spelling)
{
    for (int i = 0; i < COUNT_OF(spellings); i++) {
        const char *typed = unit_exact(spellings[i].typed, strlen(spellings[i].typed) + 1), *subnet = text_of(typed);

        ck_assert_msg((!subnet && !spellings[i].subnet) ||
                          (subnet && spellings[i].subnet && strcmp(subnet, spellings[i].subnet) == 0),
                      "%s: %s", typed, subnet ? subnet : "none");
        if (subnet) {
            ck_assert_str_eq(text_of(subnet), subnet);
        }
    }
}
END_TEST

/* Every length of prefix, both families: the text means the very same subnet. */
START_TEST(text_and_back)
{
    static const struct {
        const char *address;
        int most;
    } families[] = {{"255.254.253.252", 32}, {"ffff:fffe:fffd:fffc:fffb:fffa:fff9:fff8", 128}, {"::ffff:ffff", 128}};

    for (int i = 0; i < COUNT_OF(families); i++) {
        for (int bits = 0; bits <= families[i].most; bits++) {
            du_subnet_t subnet, again;

            ck_assert(du_subnet_parse(unit.pool, apr_psprintf(unit.pool, "%s/%d", families[i].address, bits), &subnet));
            ck_assert_int_eq(subnet.bits, bits + 128 - families[i].most);
            ck_assert(du_subnet_parse(unit.pool, du_subnet_text(unit.pool, &subnet), &again));
            ck_assert_int_eq(again.bits, subnet.bits);
            ck_assert_mem_eq(&again.address, &subnet.address, sizeof(again.address));
        }
    }
}
END_TEST

START_TEST(membership)
{
    static const struct {
        const char *subnet, *address;
        int contains;
    } cases[] = {
        {"10.1.0.0/16", "10.1.0.0", 1}, {"10.1.0.0/16", "10.1.255.255", 1}, {"10.1.0.0/16", "10.2.0.0", 0},
        {"10.1.0.0/16", "10.0.255.255", 0}, {"10.1.0.0/17", "10.1.127.255", 1}, {"10.1.0.0/17", "10.1.128.0", 0},
        {"10.1.2.3", "10.1.2.3", 1}, {"10.1.2.3", "10.1.2.2", 0}, {"0.0.0.0/0", "203.0.113.9", 1},
        {"10.1.0.0/16", "::ffff:10.1.2.3", 1}, {"::ffff:10.1.0.0/112", "10.1.2.3", 1},
        /* the same last four bytes in the other family */
        {"10.1.0.0/16", "::10.1.2.3", 0}, {"0.0.0.0/0", "2001:db8::1", 0}, {"0.0.0.0/0", "::1", 0},
        {"::/0", "10.1.2.3", 1}, {"::/0", "2001:db8::1", 1}, {"2001:db8::/32", "2001:db8:ffff::1", 1},
        {"2001:db8::/32", "2001:db9::", 0}, {"2001:db8::/33", "2001:db8:8000::", 0}, {"fe80::1", "fe80::1", 1},
        {"fe80::1", "fe80::2", 0},
        {"fe80::/10", "fe80::1%eth0", 1}, {"fe80::1", "fe80::1%2", 1}, {"fe80::1", "fe80::2%eth0", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_subnet_t subnet;
        du_address_t address;

        ck_assert(du_subnet_parse(unit.pool, cases[i].subnet, &subnet));
        ck_assert(du_address_parse(cases[i].address, &address));
        ck_assert_msg(du_subnet_contains(&subnet, &address) == cases[i].contains, "%s in %s", cases[i].address,
                      cases[i].subnet);
    }
}
END_TEST

START_TEST(address)
{
    static const char *const none[] = {"", "10.1.2", "10.1.2.3.4", "10.1.2.3/32", "10.1.2.3:80", "unix", "::g",
                                       "fe80::1%", "%eth0", "%", "10.1.2.3%eth0", "fe80::g%eth0",
                                       "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000%eth0"};
    du_address_t four, mapped, link, zoned;

    ck_assert_int_eq(du_address_parse(NULL, &four), 0);
    for (int i = 0; i < COUNT_OF(none); i++) {
        ck_assert_msg(!du_address_parse(none[i], &four), "%s", none[i]);
    }
    ck_assert(du_address_parse("10.1.2.3", &four) && du_address_parse("::ffff:10.1.2.3", &mapped));
    ck_assert_mem_eq(&four, &mapped, sizeof(four));
    ck_assert(du_address_parse("fe80::1", &link) && du_address_parse("fe80::1%eth0", &zoned));
    ck_assert_mem_eq(&link, &zoned, sizeof(link));
    ck_assert(du_address_parse("fe80::1%an-interface-with-a-name-longer-than-any-address-has-characters", &zoned));
    ck_assert_mem_eq(&link, &zoned, sizeof(link));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("subnet");

    tcase_add_test(tests, spelling);
    tcase_add_test(tests, text_and_back);
    tcase_add_test(tests, membership);
    tcase_add_test(tests, address);
    return unit_run(tests);
}
