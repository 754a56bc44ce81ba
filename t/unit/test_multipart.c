#include "unit.h"

#include "du_multipart.h"

#define TYPE "multipart/form-data; boundary=----7d9"

/* What the reader calls, as text: "[name|filename|media type:data]" for each part, "-" for what is not given. */
typedef struct heard_t {
    char text[65536];
    apr_size_t len;
    int calls;   /* of data */
    int fail_at; /* the call of data that fails; 0 = none */
} heard_t;

static void hear(heard_t *heard, const char *bytes, apr_size_t len)
{
    ck_assert_uint_lt(heard->len + len, sizeof(heard->text));
    memcpy(heard->text + heard->len, bytes, len);
    heard->len += len;
    heard->text[heard->len] = '\0';
}

static void hear_text(heard_t *heard, const char *text)
{
    hear(heard, text ? text : "-", text ? strlen(text) : 1);
}

static apr_status_t on_begin(void *baton, const du_part_t *part)
{
    hear_text(baton, "[");
    hear_text(baton, part->name);
    hear_text(baton, "|");
    hear_text(baton, part->filename);
    hear_text(baton, "|");
    hear_text(baton, part->media_type);
    hear_text(baton, ":");
    return APR_SUCCESS;
}

static apr_status_t on_data(void *baton, const char *bytes, apr_size_t len)
{
    heard_t *heard = baton;

    ck_assert_uint_gt(len, 0);
    hear(heard, bytes, len);
    return ++heard->calls == heard->fail_at ? APR_ENOSPC : APR_SUCCESS;
}

static apr_status_t on_end(void *baton)
{
    hear_text(baton, "]");
    return APR_SUCCESS;
}

/* Feeds a body in pieces of `piece` bytes, each in memory of its own. */
static apr_status_t read_in_pieces(const char *type, const char *body, apr_size_t len, apr_size_t piece,
                                   heard_t *heard)
{
    du_multipart_sink_t sink = {on_begin, on_data, on_end, heard};
    du_multipart_t *reader;
    apr_status_t rv = du_multipart_make(unit.ctx, type, &sink, &reader);

    for (apr_size_t at = 0; rv == APR_SUCCESS && at < len; at += piece) {
        apr_size_t part = len - at < piece ? len - at : piece;

        rv = du_multipart_feed(reader, unit_exact(body + at, part), part);
    }
    return rv == APR_SUCCESS ? du_multipart_finish(reader) : rv;
}

static heard_t *read_body(const char *body)
{
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

    assert_ok(read_in_pieces(TYPE, body, strlen(body), strlen(body), heard));
    return heard;
}

/* A body of one part with these headers (each with its line end) and the data "x". */
static const char *with_headers(const char *headers)
{
    return apr_pstrcat(unit.pool, "------7d9\r\n", headers, "\r\nx\r\n------7d9--\r\n", NULL);
}

static const char sample[] = "a preamble\r\n--\r\n----7d9\r\n"
                             "------7d9\r\n"
                             "Content-Disposition: form-data; name=\"device\"\r\n"
                             "Content-Type: text/xml; charset=utf-8\r\n"
                             "\r\n"
                             "<Device/>\r\n"
                             "------7d9 \t \r\n"
                             "content-disposition:form-data;name=log;filename=\"a \\\"b\\\" c.clg\"\r\n"
                             "X-Else: whatever\r\n"
                             "\r\n"
                             "\r\n--\r\n\r\n------7d8\r\n------7d\r\r\n-----\r\r\n------7d\r\n\n"
                             "\r\n------7d9\r\n"
                             "\r\n"
                             "\r\n------7d9--an epilogue\r\n------7d9\r\n\r\nignored";

static const char sample_heard[] =
    "[device|-|text/xml; charset=utf-8:<Device/>]"
    "[log|a \"b\" c.clg|-:\r\n--\r\n\r\n------7d8\r\n------7d\r\r\n-----\r\r\n------7d\r\n\n]"
    "[-|-|-:]";

START_TEST(a_body_in_pieces_of_every_size)
{
    apr_size_t len = strlen(sample);

    for (apr_size_t piece = 1; piece <= len; piece++) {
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

        assert_ok(read_in_pieces(TYPE, sample, len, piece, heard));
        ck_assert_str_eq(heard->text, sample_heard);
    }
}
END_TEST

START_TEST(a_body_in_two_pieces_at_every_place)
{
    apr_size_t len = strlen(sample);

    for (apr_size_t at = 0; at <= len; at++) {
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));
        du_multipart_sink_t sink = {on_begin, on_data, on_end, heard};
        du_multipart_t *reader;

        assert_ok(du_multipart_make(unit.ctx, TYPE, &sink, &reader));
        assert_ok(du_multipart_feed(reader, unit_exact(sample, at), at));
        assert_ok(du_multipart_feed(reader, unit_exact(sample + at, len - at), len - at));
        assert_ok(du_multipart_finish(reader));
        ck_assert_str_eq(heard->text, sample_heard);
    }
}
END_TEST

/* Whatever is cut off before the last delimiter is missed; afterwards nothing is. */
START_TEST(a_body_that_is_cut_off)
{
    apr_size_t end = (apr_size_t)(strstr(sample, "--an epilogue") - sample) + 2;

    for (apr_size_t len = 0; len <= end + 5; len++) {
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

        if (len < end) {
            assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, sample, len, 7, heard));
        } else {
            assert_ok(read_in_pieces(TYPE, sample, len, 7, heard));
        }
    }
}
END_TEST

/* Every byte value comes through. */
START_TEST(binary_data)
{
    const char *head = "------7d9\r\n\r\n", *tail = "\r\n------7d9--";
    apr_size_t head_len = strlen(head), len = head_len + 512 + strlen(tail);
    char *body = apr_palloc(unit.pool, len);
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

    memcpy(body, head, head_len);
    for (int i = 0; i < 512; i++) {
        body[head_len + (apr_size_t)i] = (char)i;
    }
    memcpy(body + head_len + 512, tail, strlen(tail));
    assert_ok(read_in_pieces(TYPE, body, len, 3, heard));
    ck_assert_uint_eq(heard->len, strlen("[-|-|-:") + 512 + 1);
    ck_assert_mem_eq(heard->text + strlen("[-|-|-:"), body + head_len, 512);
}
END_TEST

START_TEST(headers_that_are_accepted)
{
    static const struct {
        const char *headers, *heard;
    } cases[] = {
        {"", "[-|-|-:x]"},
        {"Content-Disposition: form-data\r\n", "[-|-|-:x]"},
        {"Content-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n", "[a|b|-:x]"},
        {"CONTENT-DISPOSITION: FORM-DATA; NAME=\"a\"; FILENAME=\"b\"\r\n", "[a|b|-:x]"},
        {"Content-Disposition: attachment;filename=b;name=a\r\n", "[a|b|-:x]"},
        {"Content-Disposition: form-data ; name=a ; ; filename=b ;\r\n", "[a|b|-:x]"},
        {"Content-Disposition: form-data; name=\"\"; filename=\"\"\r\n", "[||-:x]"},
        {"Content-Disposition: form-data; filename=\"C:\\logs\\a.clg\"\r\n", "[-|C:\\logs\\a.clg|-:x]"},
        {"Content-Disposition: form-data; filename=\"a\\\\b\\\"c;d=e\"\r\n", "[-|a\\b\"c;d=e|-:x]"},
        {"Content-Disposition: form-data; filename=\"../../etc/passwd\"\r\n", "[-|../../etc/passwd|-:x]"},
        {"Content-Disposition: form-data; filename*=UTF-8''x; filename=b\r\n", "[-|b|-:x]"},
        {"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n", "[-|-|text/plain:x]"},
        {"Content-Transfer-Encoding: 8BIT\r\nContent-Type:\ttext/plain \r\n", "[-|-|text/plain:x]"},
        {"X: a; b=\"\r\n", "[-|-|-:x]"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(read_body(with_headers(cases[i].headers))->text, cases[i].heard);
    }
}
END_TEST

START_TEST(headers_that_are_refused)
{
    static const char *const cases[] = {
        "no colon\r\n",
        ": no name\r\n",
        "A: b\r\n folded\r\n",
        "\tA: b\r\n",
        "A: b\rc\r\n",
        "A: b\nC: d\r\n",
        "Content-Disposition: form-data; name=\"open\r\n",
        "Content-Disposition: form-data; name\r\n",
        "Content-Disposition: form-data; name=a b\r\n",
        "Content-Disposition: form-data; name=\"a\"filename=\"b\"\r\n",
        "Content-Disposition: form-data; name=a; name=b\r\n",
        "Content-Disposition: form-data; filename=a; FileName=b\r\n",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; filename=b\r\n",
        "Content-Type: a/b\r\nContent-Type: a/b\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *body = with_headers(cases[i]);
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

        assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, body, strlen(body), 5, heard));
        ck_assert_msg(heard->len == 0, "%s", cases[i]);
    }
}
END_TEST

START_TEST(a_nul_in_a_header)
{
    static const char body[] =
        "------7d9\r\nContent-Disposition: form-data; filename=\"a\0b\"\r\n\r\nx\r\n------7d9--";
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

    assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, body, sizeof(body) - 1, 9, heard));
    ck_assert_uint_eq(heard->len, 0);
}
END_TEST

/* The limit counts line ends and the empty line. */
START_TEST(size_of_headers)
{
    for (int more = 0; more < 2; more++) {
        apr_size_t len = DU_MULTIPART_MAX_HEADER - strlen("A:\r\n\r\n") + (apr_size_t)more;
        char *value = apr_pcalloc(unit.pool, len + 1);
        const char *body;
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

        memset(value, 'v', len);
        body = with_headers(apr_pstrcat(unit.pool, "A:", value, "\r\n", NULL));
        if (more) {
            assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, body, strlen(body), 100, heard));
        } else {
            assert_ok(read_in_pieces(TYPE, body, strlen(body), 100, heard));
        }
    }
}
END_TEST

static const char *with_parts(int n)
{
    const char *body = "";

    for (int i = 0; i < n; i++) {
        body = apr_pstrcat(unit.pool, body, "------7d9\r\n\r\nx\r\n", NULL);
    }
    return apr_pstrcat(unit.pool, body, "------7d9--", NULL);
}

START_TEST(number_of_parts)
{
    const char *more = with_parts(DU_MULTIPART_MAX_PARTS + 1);
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

    ck_assert_uint_eq(read_body(with_parts(DU_MULTIPART_MAX_PARTS))->len,
                      DU_MULTIPART_MAX_PARTS * strlen("[-|-|-:x]"));
    ck_assert_str_eq(read_body(with_parts(0))->text, "");
    assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, more, strlen(more), 11, heard));
}
END_TEST

START_TEST(delimiters)
{
    static const char *const refused[] = {"------7d9x\r\n\r\n------7d9--",
                                          "------7d9\n\nx\n------7d9--",
                                          "------7d9-\r\n",
                                          "------7d9 -x",
                                          "------7d9\rx",
                                          "\r\n------7d9\r\n\r\nx\r\n------7d9-x"};

    for (int i = 0; i < COUNT_OF(refused); i++) {
        heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

        assert_refused(DU_E_MALFORMED, read_in_pieces(TYPE, refused[i], strlen(refused[i]), 4, heard));
    }
    ck_assert_str_eq(read_body("x------7d9\r\n\r\n------7d9--")->text, ""); /* not at the beginning of a line */
}
END_TEST

START_TEST(content_types)
{
    static const struct {
        const char *type;
        int is_multipart, is_usable;
    } cases[] = {
        {"multipart/form-data; boundary=x", 1, 1},
        {"Multipart/Mixed;BOUNDARY=\"x\"", 1, 1},
        {"multipart/related; type=\"a/b\"; boundary=\"x\"; start=\"c\"", 1, 1},
        {"multipart/form-data; boundary=\"a b\"", 1, 1},
        {"multipart/form-data; boundary='()+_,-./:=?", 1, 1},
        {"multipart/form-data", 1, 0},
        {"multipart/form-data; boundary=", 1, 0},
        {"multipart/form-data; boundary=\"\"", 1, 0},
        {"multipart/form-data; boundary=\"x", 1, 0},
        {"multipart/form-data; boundary=\"x \"", 1, 0},
        {"multipart/form-data; boundary=a; boundary=b", 1, 0},
        {"multipart/form-data; boundary=\"a\\\"b\"", 1, 0},
        {"multipart/form-data; boundary=\"a\tb\"", 1, 0},
        {"multipart/form-data; boundary=a\303\244", 1, 0},
        {"text/xml", 0, 0},
        {"xmultipart/form-data; boundary=x", 0, 0},
        {"", 0, 0},
        {NULL, 0, 0},
    };
    du_multipart_sink_t sink = {on_begin, on_data, on_end, NULL};
    du_multipart_t *reader;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(du_multipart_is(cases[i].type), cases[i].is_multipart);
        if (cases[i].is_usable) {
            assert_ok(du_multipart_make(unit.ctx, cases[i].type, &sink, &reader));
        } else {
            assert_refused(DU_E_MALFORMED, du_multipart_make(unit.ctx, cases[i].type, &sink, &reader));
            ck_assert_ptr_null(reader);
        }
    }
}
END_TEST

START_TEST(length_of_the_boundary)
{
    char boundary[72];
    du_multipart_sink_t sink = {on_begin, on_data, on_end, NULL};
    du_multipart_t *reader;

    memset(boundary, 'b', sizeof(boundary));
    boundary[70] = '\0';
    assert_ok(du_multipart_make(unit.ctx, apr_pstrcat(unit.pool, "multipart/x; boundary=", boundary, NULL), &sink,
                                &reader));
    boundary[70] = 'b';
    boundary[71] = '\0';
    assert_refused(DU_E_MALFORMED,
                   du_multipart_make(unit.ctx, apr_pstrcat(unit.pool, "multipart/x; boundary=", boundary, NULL),
                                     &sink, &reader));
}
END_TEST

/* What the sink answers is what the reader answers, at once. */
START_TEST(a_sink_that_fails)
{
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));

    heard->fail_at = 2;
    assert_rv(APR_ENOSPC, read_in_pieces(TYPE, sample, strlen(sample), strlen(sample), heard));
    ck_assert_int_eq(heard->calls, 2);
}
END_TEST

/* Feeding much takes no memory of the pool. */
START_TEST(memory_does_not_depend_on_the_body)
{
    heard_t *heard = apr_pcalloc(unit.pool, sizeof(*heard));
    du_multipart_sink_t sink = {on_begin, on_data, on_end, heard};
    du_multipart_t *reader;
    static const char piece[] = "\r\n------7d8 and so on";
    char *before, *after;

    assert_ok(du_multipart_make(unit.ctx, TYPE, &sink, &reader));
    assert_ok(du_multipart_feed(reader, "------7d9\r\n\r\n", 13));
    before = apr_palloc(unit.pool, 8);
    for (int i = 0; i < 100000; i++) {
        heard->len = 0;
        assert_ok(du_multipart_feed(reader, piece, sizeof(piece) - 1));
    }
    after = apr_palloc(unit.pool, 8);
    ck_assert_int_eq(after - before, 8);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("multipart");

    tcase_add_test(tests, a_body_in_pieces_of_every_size);
    tcase_add_test(tests, a_body_in_two_pieces_at_every_place);
    tcase_add_test(tests, a_body_that_is_cut_off);
    tcase_add_test(tests, binary_data);
    tcase_add_test(tests, headers_that_are_accepted);
    tcase_add_test(tests, headers_that_are_refused);
    tcase_add_test(tests, a_nul_in_a_header);
    tcase_add_test(tests, size_of_headers);
    tcase_add_test(tests, number_of_parts);
    tcase_add_test(tests, delimiters);
    tcase_add_test(tests, content_types);
    tcase_add_test(tests, length_of_the_boundary);
    tcase_add_test(tests, a_sink_that_fails);
    tcase_add_test(tests, memory_does_not_depend_on_the_body);
    return unit_run(tests);
}
