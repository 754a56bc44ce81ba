#include "unit.h"

#include <sys/stat.h>

#include "du_capture.h"

static const char body[] = "<?xml version='1.0'?>\n\n<r>\0\xFF\n</r>";

static du_captured_t sample(void)
{
    apr_table_t *headers = apr_table_make(unit.pool, 8);
    du_captured_t request = {.time = apr_time_from_sec(1283186688),
                             .address = "10.1.2.3",
                             .http = 400,
                             .method = "POST",
                             .target = "/RequestHandler/ucdevice.upx?a=b",
                             .headers = headers,
                             .body = body,
                             .len = sizeof(body) - 1};

    apr_table_addn(headers, "Host", "10.0.0.1");
    apr_table_addn(headers, "Content-Type", "text/xml");
    apr_table_addn(headers, "authorization", "Basic c2VjcmV0");
    apr_table_addn(headers, "Proxy-Authorization", "c2VjcmV0");
    apr_table_addn(headers, "COOKIE", "c2VjcmV0");
    apr_table_addn(headers, "X-Odd", "a: b");
    return request;
}

static const char *numbered(int number)
{
    return unit_path(apr_psprintf(unit.pool, "%04d.request", number));
}

static int exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

START_TEST(the_form_of_a_file)
{
    du_capture_t *capture = du_capture_make(unit.dir, 1, 4096, unit.pool);
    du_captured_t request = sample();
    static const char head[] = "# captured 2010-08-30 16:44:48 from 10.1.2.3, answered 400\n"
                               "POST /RequestHandler/ucdevice.upx?a=b\n"
                               "Host: 10.0.0.1\nContent-Type: text/xml\nX-Odd: a: b\n\n";
    apr_size_t len;
    char *text;
    struct stat info;

    assert_ok(du_capture_write(unit.ctx, capture, &request));
    text = unit_read(numbered(1), &len);
    ck_assert_uint_eq(len, sizeof(head) - 1 + sizeof(body) - 1);
    ck_assert_mem_eq(text, head, sizeof(head) - 1);
    ck_assert_mem_eq(text + sizeof(head) - 1, body, sizeof(body) - 1);
    ck_assert_int_eq(stat(numbered(1), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(what_is_written_can_be_read)
{
    du_capture_t *capture = du_capture_make(unit.dir, 1, 4096, unit.pool);
    du_captured_t request = sample(), back;
    apr_size_t len;
    char *text;

    assert_ok(du_capture_write(unit.ctx, capture, &request));
    text = unit_read(numbered(1), &len);
    assert_ok(du_capture_read(unit.ctx, unit_exact(text, len), len, &back));
    ck_assert_str_eq(back.method, request.method);
    ck_assert_str_eq(back.target, request.target);
    ck_assert_str_eq(apr_table_get(back.headers, "X-Odd"), "a: b");
    ck_assert_ptr_null(apr_table_get(back.headers, "Authorization"));
    ck_assert_uint_eq(back.len, request.len);
    ck_assert_mem_eq(back.body, request.body, back.len);
}
END_TEST

/* Each number is taken once, whoever asks; what lies there stays. */
START_TEST(no_more_than_count)
{
    du_capture_t *one = du_capture_make(unit.dir, 3, 30000, unit.pool),
                 *other = du_capture_make(unit.dir, 3, 30000, unit.pool);
    du_captured_t request = sample();

    unit_write(numbered(2), "kept", 4);
    assert_ok(du_capture_write(unit.ctx, one, &request));
    ck_assert_uint_eq(du_capture_room(other), 10000);
    assert_ok(du_capture_write(unit.ctx, other, &request));
    ck_assert_uint_eq(du_capture_room(other), 0);
    ck_assert_uint_eq(du_capture_room(one), 10000); /* it does not know yet */
    assert_rv(DU_E_NOTHING, du_capture_write(unit.ctx, one, &request));
    ck_assert_uint_eq(du_capture_room(one), 0);
    ck_assert(exists(numbered(1)) && exists(numbered(3)) && !exists(numbered(4)));
    ck_assert_str_eq(unit_read(numbered(2), NULL), "kept");
}
END_TEST

START_TEST(no_larger_than_its_share)
{
    enum { SHARE = 1024 };
    du_capture_t *capture = du_capture_make(unit.dir, 3, 3 * SHARE, unit.pool);
    du_captured_t request = sample(), back;
    char *large = apr_palloc(unit.pool, 5000);
    apr_size_t len;
    char *text;

    memset(large, 'x', 5000);
    request.body = large;
    request.len = 5000;
    assert_ok(du_capture_write(unit.ctx, capture, &request));
    text = unit_read(numbered(1), &len);
    ck_assert_uint_eq(len, SHARE);
    ck_assert_ptr_nonnull(strstr(text, "\n# cut off: "));
    assert_ok(du_capture_read(unit.ctx, text, len, &back));
    ck_assert_str_eq(back.method, "POST");

    request.len = 10;
    assert_ok(du_capture_write(unit.ctx, capture, &request));
    ck_assert_ptr_null(strstr(unit_read(numbered(2), NULL), "# cut off"));
    request.lost = 1;
    assert_ok(du_capture_write(unit.ctx, capture, &request));
    ck_assert_ptr_nonnull(strstr(unit_read(numbered(3), NULL), "# cut off"));
}
END_TEST

static void count_notices(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    (void)status, (void)message;
    *(int *)baton += level == DU_LOG_NOTICE && strcmp(id, "DU0225") == 0;
}

START_TEST(the_last_one_is_said_once)
{
    du_capture_t *one = du_capture_make(unit.dir, 2, 30000, unit.pool), *other = du_capture_make(unit.dir, 2, 30000, unit.pool);
    du_captured_t request = sample();
    int said = 0;

    unit.ctx->log = count_notices;
    unit.ctx->baton = &said;
    assert_ok(du_capture_write(unit.ctx, one, &request));
    ck_assert_int_eq(said, 0);
    assert_ok(du_capture_write(unit.ctx, other, &request));
    ck_assert_int_eq(said, 1);
    assert_rv(DU_E_NOTHING, du_capture_write(unit.ctx, one, &request));
    ck_assert_int_eq(said, 1);
}
END_TEST

START_TEST(failure_leaves_nothing)
{
    du_capture_t *capture = du_capture_make(unit_path("none"), 3, 30000, unit.pool);
    du_captured_t request = sample();

    assert_refused(APR_ENOENT, du_capture_write(unit.ctx, capture, &request));
    ck_assert_uint_eq(du_capture_room(capture), 10000);
    ck_assert_int_eq(mkdir(unit_path("none"), 0700), 0); /* later it is there */
    assert_ok(du_capture_write(unit.ctx, capture, &request));
    ck_assert(exists(unit_path("none/0001.request")));
}
END_TEST

static apr_status_t reading(const char *text, apr_size_t len, du_captured_t *request)
{
    return du_capture_read(unit.ctx, unit_exact(text, len), len, request);
}

START_TEST(files_written_by_hand)
{
    static const char text[] = "# a note\n# encoding: UTF-16LE\nGET /x\r\nA:b\r\nEmpty:\r\n\r\n\xC3\xA4";
    du_captured_t request;

    assert_ok(reading(text, sizeof(text) - 1, &request));
    ck_assert_str_eq(request.method, "GET");
    ck_assert_str_eq(request.target, "/x");
    ck_assert_str_eq(apr_table_get(request.headers, "A"), "b");
    ck_assert_str_eq(apr_table_get(request.headers, "Empty"), "");
    ck_assert_uint_eq(request.len, 2);
    ck_assert_mem_eq(request.body, "\xE4\x00", 2);
}
END_TEST

START_TEST(not_a_request)
{
    static const char *const cases[] = {
        "",
        "\n",
        "POST",
        "POST\n\n",
        "POST /x",
        "POST /x\n",
        "POST /x\nA: b\n",
        "POST /x\nno header\n\n",
        "POST /x\n: b\n\n",
        " /x\n\n",
        "<xml/>\n\n",
        "POST x\n\n",
        "# only\n",
        "# encoding: none-such\nPOST /x\n\nbody",
        "# encoding: UTF-16\nPOST /x\n\n\xFF",
    };
    du_captured_t request;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(DU_E_MALFORMED, reading(cases[i], strlen(cases[i]), &request));
    }
}
END_TEST

START_TEST(truncated_anywhere)
{
    static const char text[] = "# encoding: UTF-16\nPOST /x\nA: b\nC: d\n\nbody";
    du_captured_t request;

    for (apr_size_t len = 0; len < sizeof(text); len++) {
        apr_status_t rv = reading(text, len, &request);

        ck_assert(rv == APR_SUCCESS || rv == DU_E_MALFORMED);
        ck_assert_msg((rv == APR_SUCCESS) == (len >= strlen(text) - strlen("body")), "%d bytes", (int)len);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("capture");

    tcase_add_test(tests, the_form_of_a_file);
    tcase_add_test(tests, what_is_written_can_be_read);
    tcase_add_test(tests, no_more_than_count);
    tcase_add_test(tests, no_larger_than_its_share);
    tcase_add_test(tests, the_last_one_is_said_once);
    tcase_add_test(tests, failure_leaves_nothing);
    tcase_add_test(tests, files_written_by_hand);
    tcase_add_test(tests, not_a_request);
    tcase_add_test(tests, truncated_anywhere);
    return unit_run(tests);
}
