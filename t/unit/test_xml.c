#include "xml_text.h"

#include "du_xml.h"

/* A record with two fields, and records inside with records inside. */
enum { COLOUR, SIZE, FIELDS };

static const du_name_t names[] = {{"Colour", COLOUR}, {"Size", SIZE}, {"Color", COLOUR}, {NULL, 0}};
static const char *const leg_elements[] = {"Leg", NULL};
static const du_shape_t leg_shape = {.elements = leg_elements, .names = names, .nfields = FIELDS, .max_records = 4};
static const char *const table_elements[] = {"Table", "Desk", NULL};
static const du_shape_t table_shape = {
    .elements = table_elements, .names = names, .nfields = FIELDS, .max_records = 3, .child = &leg_shape};
static const du_shape_t room_shape = {.names = names, .nfields = FIELDS, .child = &table_shape};

static apr_status_t read_bytes(const char *bytes, apr_size_t len, du_record_t **record)
{
    return du_xml_read(unit.ctx, unit_exact(bytes, len), len, &room_shape, record);
}

static du_record_t *read_text(const char *text)
{
    du_record_t *record = NULL;

    assert_ok(read_bytes(text, strlen(text), &record));
    ck_assert_ptr_nonnull(record);
    return record;
}

static const du_record_t *child(const du_record_t *record, int i)
{
    ck_assert_ptr_nonnull(record->children);
    ck_assert_int_lt(i, record->children->nelts);
    return APR_ARRAY_IDX(record->children, i, du_record_t *);
}

/* Wherever a value may stand, and what stays of it. */
START_TEST(a_value)
{
    static const struct { const char *xml, *colour; } cases[] = {
        {"<r colour='red'/>", "red"}, {"<r><colour>red</colour></r>", "red"}, {"<R COLOUR=\"red\"></R>", "red"},
        {"<r><a><b><CoLoUr>red</CoLoUr></b></a></r>", "red"}, {"<r><a><b colour='red'/></a></r>", "red"},
        {"<colour>red</colour>", "red"}, {"<r><color>red</color></r>", "red"},
        {"<r xmlns='urn:x'><colour>red</colour></r>", "red"},
        {"<x:r xmlns:x='urn:x'><x:colour>red</x:colour></x:r>", "red"},
        {"<x:r xmlns:x='urn:x' x:colour='red'/>", "red"},
        {"<x:r><y:colour>red</y:colour></x:r>", "red"}, {"<r y:colour='red'/>", "red"},
        {"<r><colour> \t\n red \r\n</colour></r>", "red"}, {"<r colour='  red '/>", "red"},
        {"<r><colour>dark  red</colour></r>", "dark  red"},
        {"<r><colour><![CDATA[red]]></colour></r>", "red"}, {"<r><colour>r<![CDATA[e]]>d</colour></r>", "red"},
        {"<r><colour>r<!-- e -->d</colour></r>", "rd"}, {"<r><colour>r<?e e?>ed</colour></r>", "red"},
        {"<r><colour>&#114;&#x65;d</colour></r>", "red"}, {"<r colour='&#114;&#x65;d'/>", "red"},
        {"<r><colour>&lt;&gt;&amp;&quot;&apos;</colour></r>", "<>&\"'"},
        {"<r colour='&lt;&gt;&amp;&quot;&apos;'/>", "<>&\"'"},
        {"<r colour='a&#38;b'/>", "a&b"}, {"<r><colour>a&#38;b</colour></r>", "a&b"},
        {"<r colour='&amp;lt;'/>", "&lt;"}, {"<r><colour>&amp;lt;</colour></r>", "&lt;"},
        {"<r><colour>\xC3\xA4\xF0\x9F\x93\x9E</colour></r>", "\xC3\xA4\xF0\x9F\x93\x9E"},
        {"<r/>", NULL}, {"<r colour=''/>", NULL}, {"<r colour='  '/>", NULL}, {"<r><colour/></r>", NULL},
        {"<r><colour> </colour></r>", NULL}, {"<r>red</r>", NULL}, {"<r><colours>red</colours></r>", NULL},
        {"<r><colo>red</colo></r>", NULL}, {"<!-- <colour>red</colour> --><r/>", NULL}, {"<r xmlns:colour='red'/>", NULL},
        {"<r/><!-- behind -->\n", NULL}, {"<?xml version='1.0' standalone='yes'?><r colour='red'/>", "red"},
        {"\xEF\xBB\xBF<r colour='red'/>", "red"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *colour = read_text(cases[i].xml)->field[COLOUR];

        ck_assert_msg(colour ? cases[i].colour && strcmp(colour, cases[i].colour) == 0 : !cases[i].colour, "%s gives %s",
                      cases[i].xml, colour ? colour : "nothing");
    }
}
END_TEST

/* Of two names the one that stands first in the table wins, of one name its first place in the document. */
START_TEST(which_name_wins)
{
    static const struct { const char *xml, *colour; } cases[] = {
        {"<r><Colour>1</Colour><Color>2</Color></r>", "1"}, {"<r><Color>2</Color><Colour>1</Colour></r>", "1"},
        {"<r color='2'><a><b><c colour='1'/></b></a></r>", "1"}, {"<r color='2' colour='1'/>", "1"},
        {"<r><Color>2</Color><Color>3</Color></r>", "2"}, {"<r color='2'><Color>3</Color></r>", "2"},
        {"<r><Colour/><Color>2</Color></r>", "2"}, {"<r colour=' ' ><Colour>1</Colour></r>", "1"},
        {"<r><Color>2</Color><Colour> </Colour></r>", "2"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(read_text(cases[i].xml)->field[COLOUR], cases[i].colour);
    }
}
END_TEST

START_TEST(records_inside)
{
    const du_record_t *room = read_text("<Room Size='9'><Furniture><Table colour='oak'><Leg size='1'/><legs><Leg><size>2"
                                        "</size></Leg></legs><Size>3</Size></Table></Furniture><x:DESK colour='ash'/>"
                                        "<Colour>white</Colour></Room>");

    ck_assert_str_eq(room->field[SIZE], "9");
    ck_assert_str_eq(room->field[COLOUR], "white");
    ck_assert_int_eq(room->children->nelts, 2);
    ck_assert_str_eq(child(room, 0)->field[COLOUR], "oak");
    ck_assert_str_eq(child(room, 0)->field[SIZE], "3");
    ck_assert_int_eq(child(room, 0)->children->nelts, 2);
    ck_assert_str_eq(child(child(room, 0), 0)->field[SIZE], "1");
    ck_assert_str_eq(child(child(room, 0), 1)->field[SIZE], "2");
    ck_assert_ptr_null(child(child(room, 0), 1)->field[COLOUR]);
    ck_assert_ptr_null(child(child(room, 0), 1)->children);
    ck_assert_str_eq(child(room, 1)->field[COLOUR], "ash");
    ck_assert_ptr_null(child(room, 1)->field[SIZE]);
    ck_assert_int_eq(child(room, 1)->children->nelts, 0);
}
END_TEST

START_TEST(record_outside_its_parent_is_none)
{
    const du_record_t *room = read_text("<Room><Leg size='1'/></Room>");

    ck_assert_int_eq(room->children->nelts, 0);
    ck_assert_str_eq(room->field[SIZE], "1");
}
END_TEST

START_TEST(as_many_records_as_allowed)
{
    du_record_t *room;

    ck_assert_int_eq(read_text("<r><Table/><Desk/><a><Table/></a></r>")->children->nelts, 3);
    assert_refused(DU_E_MALFORMED, read_bytes("<r><Table/><Desk/><a><Table/></a><Table/></r>", 45, &room));
    ck_assert_ptr_null(room);
    read_text("<r><Table><Leg/><Leg/><Leg/><Leg/></Table><Table><Leg/><Leg/><Leg/><Leg/></Table></r>");
}
END_TEST

static const char *nested(int depth)
{
    char *text = "x";

    for (int i = 0; i < depth; i++) {
        text = apr_pstrcat(unit.pool, "<a>", text, "</a>", NULL);
    }
    return text;
}

START_TEST(depth)
{
    du_record_t *record;
    const char *deep = nested(DU_XML_MAX_DEPTH + 1), *endless = nested(1000);

    read_text(nested(DU_XML_MAX_DEPTH));
    assert_refused(DU_E_MALFORMED, read_bytes(deep, strlen(deep), &record));
    assert_refused(DU_E_MALFORMED, read_bytes(endless, strlen(endless), &record));
}
END_TEST

START_TEST(length_of_a_value)
{
    char value[DU_XML_MAX_TEXT + 2];
    du_record_t *record;
    static const char *const forms[] = {"<r><colour>$1</colour></r>", "<r colour='$1'/>",
                                        "<r><colour><![CDATA[$1]]></colour></r>"};

    memset(value, 'x', sizeof(value));
    for (int i = 0; i < COUNT_OF(forms); i++) {
        const char *text;

        value[DU_XML_MAX_TEXT] = '\0';
        ck_assert_str_eq(read_text(unit_filled(forms[i], value, NULL))->field[COLOUR], value);
        value[DU_XML_MAX_TEXT] = 'x';
        value[DU_XML_MAX_TEXT + 1] = '\0';
        text = unit_filled(forms[i], value, NULL);
        assert_refused(DU_E_MALFORMED, read_bytes(text, strlen(text), &record));
    }
}
END_TEST

START_TEST(encodings)
{
    static const char xml[] = "<r><colour>\xC3\xA4\xF0\x9F\x93\x9E</colour></r>";
    static const struct { const char *charset, *mark; int mark_len; const char *declaration; } cases[] = {
        {"UTF-8", "", 0, ""}, {"UTF-8", "\xEF\xBB\xBF", 3, ""},
        {"UTF-8", "", 0, "<?xml version='1.0'?>"}, {"UTF-8", "", 0, "<?xml version='1.0' encoding='utf-8'?>"},
        {"UTF-8", "\xEF\xBB\xBF", 3, "<?xml version='1.0' encoding='UTF-8'?>"},
        {"UTF-16LE", "\xFF\xFE", 2, ""}, {"UTF-16BE", "\xFE\xFF", 2, ""},
        {"UTF-16LE", "\xFF\xFE", 2, "<?xml version=\"1.0\"?>"},
        {"UTF-16LE", "\xFF\xFE", 2, "<?xml version=\"1.0\" encoding=\"utf-16\"?>"},
        {"UTF-16BE", "\xFE\xFF", 2, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"},
        {"UTF-16LE", "", 0, "<?xml version=\"1.0\" encoding=\"UTF-16LE\"?>"},
        {"UTF-16BE", "", 0, "<?xml version=\"1.0\" encoding=\"UTF-16BE\"?>"},
        {"UTF-16LE", "", 0, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"},
        {"UTF-16BE", "", 0, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        apr_size_t len;
        const char *text = apr_pstrcat(unit.pool, cases[i].declaration, xml, NULL);
        const char *bytes = in_charset(cases[i].charset, cases[i].mark, (apr_size_t)cases[i].mark_len, text, &len);
        du_record_t *record;
        apr_status_t rv = du_xml_read(unit.ctx, bytes, len, &room_shape, &record);

        ck_assert_msg(rv == APR_SUCCESS, "case %d: %s", i, unit_said(rv));
        ck_assert_str_eq(record->field[COLOUR], "\xC3\xA4\xF0\x9F\x93\x9E");
    }
}
END_TEST

START_TEST(other_encodings_are_refused)
{
    static const struct { const char *charset, *declaration; } cases[] = {
        {"ISO-8859-1", "<?xml version='1.0' encoding='ISO-8859-1'?>"},
        {"ISO-8859-1", "<?xml version='1.0' encoding='windows-1252'?>"},
        {"ISO-8859-1", "<?xml version='1.0' encoding='UTF-8'?>"}, {"ISO-8859-1", ""},
        {"UTF-8", "<?xml version='1.0' encoding='ISO-8859-1'?>"},
        {"UTF-8", "<?xml version='1.0' encoding='Shift_JIS'?>"},
        {"UTF-8", "<?xml version='1.0' encoding='no-such-thing'?>"},
        {"UTF-8", "<?xml version='1.0' encoding='UTF-16'?>"},
        {"UTF-8", "<?xml version='1.0' encoding='UTF-7'?>"},
        {"UTF-32LE", "<?xml version='1.0'?>"}, {"UTF-32BE", "<?xml version='1.0'?>"},
        {"UTF-32LE", ""}, {"UTF-32BE", "<?xml version='1.0' encoding='UTF-32'?>"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *text = apr_pstrcat(unit.pool, cases[i].declaration, "<r colour='\xC3\xA4'/>", NULL);
        apr_size_t len;
        const char *bytes = in_charset(cases[i].charset, "", 0, text, &len);
        du_record_t *record;
        apr_status_t rv = du_xml_read(unit.ctx, bytes, len, &room_shape, &record);

        ck_assert_msg(rv == DU_E_MALFORMED, "case %d: %s", i, unit_said(rv));
        ck_assert_ptr_nonnull(unit.ctx->failure.message);
    }
}
END_TEST

/* <?xml version='1.0'?><r colour='red'/> in EBCDIC (code page 037), which XML 1.0 appendix F would recognise. */
START_TEST(ebcdic_is_refused)
{
    static const unsigned char bytes[] = {0x4C, 0x6F, 0xA7, 0x94, 0x93, 0x40, 0xA5, 0x85, 0x99, 0xA2, 0x89, 0x96, 0x95,
                                          0x7E, 0x7D, 0xF1, 0x4B, 0xF0, 0x7D, 0x6F, 0x6E, 0x4C, 0x99, 0x40, 0x83, 0x96,
                                          0x93, 0x96, 0xA4, 0x99, 0x7E, 0x7D, 0x99, 0x85, 0x84, 0x7D, 0x61, 0x6E};
    du_record_t *record;

    assert_refused(DU_E_MALFORMED, read_bytes((const char *)bytes, sizeof(bytes), &record));
}
END_TEST

START_TEST(refusals)
{
    static const char *const cases[] = {
        "", " ", "x", "<", "<r", "<r>", "<r></s>", "<r/><r/>", "<r/>x", "<r a='1' a='2'/>", "<r a=1/>", "<r a/>", "<r>&</r>",
        "<r>&x;</r>", "<r a='&x;'/>", "<r>&#0;</r>", "<r>&#1;</r>", "<r>&#xFFFFFF;</r>", "<r>\x01</r>", "<r>\x0B</r>",
        "<r a='<'/>", "<r><!-- -- --></r>", "<r><![CDATA[</r>", "\xEF\xBB\xBF", "<r>\xFF</r>", "<r>\xC3</r>",
        "<r>\xED\xA0\x80</r>", "<r>]]></r>", "{\"colour\":\"red\"}", "colour=red",
        "<!DOCTYPE r><r/>", "<!DOCTYPE r []><r/>", "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>",
        "<!DOCTYPE r PUBLIC '-//x' 'http://192.0.2.1/x.dtd'><r/>",
        "<!DOCTYPE r [<!ENTITY x 'y'>]><r>&x;</r>",
        "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>",
        "<!DOCTYPE r [<!ENTITY % x SYSTEM 'http://192.0.2.1/x.dtd'> %x;]><r/>",
        "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>]>"
        "<r><colour>&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;</colour></r>",
        "<!DOCTYPE r [<!ATTLIST r colour CDATA 'red'>]><r/>",
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_record_t *record = (du_record_t *)&unit;
        apr_status_t rv = read_bytes(cases[i], strlen(cases[i]), &record);

        ck_assert_msg(rv == DU_E_MALFORMED && unit.ctx->failure.id, "%s: %s", cases[i], unit_said(rv));
        ck_assert_ptr_null(record);
        unit.ctx->failure.id = NULL;
    }
}
END_TEST

/* libxml2 takes U+0000 for the end; nothing may hide behind it. */
START_TEST(nul_is_refused)
{
    static const struct { const char *bytes; apr_size_t len; } cases[] = {
        {"\0", 1}, {"<r/>\0", 5}, {"<r/>\0<x>", 8}, {"<r>\0</r>", 8}, {"<r colour='\0'/>", 15}, {"\0<r/>", 5},
        {"<\0r/>", 5}, {"\xFF\xFE<\0r\0/\0>\0\0\0", 12}, {"\xFE\xFF\0<\0r\0/\0>\0\0", 12},
        {"\xFF\xFE<\0r\0>\0\0\0<\0/\0r\0>\0", 18}, {"<r/>\0\0", 6},
    };
    du_record_t *record;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        apr_status_t rv = read_bytes(cases[i].bytes, cases[i].len, &record);

        ck_assert_msg(rv == DU_E_MALFORMED, "case %d: %s", i, unit_said(rv));
    }
}
END_TEST

static const char sample[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?><x:r xmlns:x='urn:x' size='1'><!-- c --><colour>"
                             "\xC3\xA4&lt;&#65;<![CDATA[<b>]]></colour><Table colour='a&amp;b'><Leg><size>2</size></Leg>"
                             "</Table><?pi x?></x:r>";

START_TEST(truncated_anywhere)
{
    static const struct { const char *charset, *mark; apr_size_t mark_len; } forms[] = {
        {"UTF-8", "", 0}, {"UTF-8", "\xEF\xBB\xBF", 3}, {"UTF-16LE", "\xFF\xFE", 2}, {"UTF-16BE", "\xFE\xFF", 2},
    };

    for (int f = 0; f < COUNT_OF(forms); f++) {
        apr_size_t all;
        const char *text = f < 2 ? sample : strchr(sample, '>') + 1;
        const char *bytes = in_charset(forms[f].charset, forms[f].mark, forms[f].mark_len, text, &all);
        du_record_t *record;

        assert_ok(read_bytes(bytes, all, &record));
        for (apr_size_t len = 0; len < all; len++) {
            apr_status_t rv = read_bytes(bytes, len, &record);

            ck_assert_msg(rv == DU_E_MALFORMED, "form %d cut to %d bytes: %s", f, (int)len, unit_said(rv));
        }
    }
}
END_TEST

/* One and two flipped bits: whatever comes of it, no crash, and either a record or a reason. */
START_TEST(mutated)
{
    apr_uint32_t state = 20080612;
    apr_size_t len = strlen(sample);
    int accepted = 0, refused = 0;
    du_ctx_t *outer = unit.ctx;
    apr_pool_t *pool;

    apr_pool_create(&pool, unit.pool);
    for (int i = 0; i < 20000; i++) {
        char *bytes = malloc(len);
        du_record_t *record;
        apr_status_t rv;

        memcpy(bytes, sample, len);
        for (int flips = 1 + i % 2; flips; flips--) {
            bytes[unit_random(&state) % len] ^= (char)(1 << unit_random(&state) % 8);
        }
        unit.ctx = du_ctx_make(pool);
        rv = du_xml_read(unit.ctx, bytes, len, &room_shape, &record);
        free(bytes);
        ck_assert(rv == APR_SUCCESS ? record != NULL : rv == DU_E_MALFORMED && unit.ctx->failure.message && !record);
        rv == APR_SUCCESS ? accepted++ : refused++;
        apr_pool_clear(pool);
    }
    unit.ctx = outer;
    ck_assert_int_gt(accepted, 0);
    ck_assert_int_gt(refused, 0);
}
END_TEST

START_TEST(one_context_reads_many)
{
    du_record_t *first = read_text("<r colour='red'/>"), *second;

    assert_refused(DU_E_MALFORMED, read_bytes("<r>", 3, &second));
    second = read_text("<r colour='blue'/>");
    ck_assert_str_eq(first->field[COLOUR], "red");
    ck_assert_str_eq(second->field[COLOUR], "blue");
}
END_TEST

/* What a stranger sent stands escaped in the sentence. */
START_TEST(refusal_is_fit_for_a_log)
{
    static const char *const cases[] = {"<r><\x1B[31m></r>", "<\xC3\xA4\n></b>", "<?xml version='1.0' encoding='x\x1Bx'?><r/>"};
    du_record_t *record;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(read_bytes(cases[i], strlen(cases[i]), &record), DU_E_MALFORMED);
        for (const char *c = unit.ctx->failure.message; *c; c++) {
            ck_assert_msg(*c >= ' ' && *c <= '~', "case %d: %s", i, unit.ctx->failure.message);
        }
    }
}
END_TEST

START_TEST(names_of_elements)
{
    static const char *const good[] = {"Model", "m", "_x", "hw-rev.2", "Ger\xC3\xA4t"};
    static const char *const bad[] = {"", "2nd", "a b", "x:y", "-x", "a<", "\xE4", "a\n", "<a>"};

    for (int i = 0; i < COUNT_OF(good); i++) {
        ck_assert_msg(du_xml_is_name(good[i]), "%s is refused", good[i]);
    }
    for (int i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_msg(!du_xml_is_name(bad[i]), "%s is accepted", bad[i]);
    }
}
END_TEST

static void setup(void)
{
    du_xml_setup();
}

int main(void)
{
    TCase *tests = unit_tests("xml");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, a_value);
    tcase_add_test(tests, which_name_wins);
    tcase_add_test(tests, records_inside);
    tcase_add_test(tests, record_outside_its_parent_is_none);
    tcase_add_test(tests, as_many_records_as_allowed);
    tcase_add_test(tests, depth);
    tcase_add_test(tests, length_of_a_value);
    tcase_add_test(tests, encodings);
    tcase_add_test(tests, other_encodings_are_refused);
    tcase_add_test(tests, ebcdic_is_refused);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, nul_is_refused);
    tcase_add_test(tests, truncated_anywhere);
    tcase_add_test(tests, mutated);
    tcase_add_test(tests, one_context_reads_many);
    tcase_add_test(tests, refusal_is_fit_for_a_log);
    tcase_add_test(tests, names_of_elements);
    return unit_run(tests);
}
