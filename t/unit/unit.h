/*
 * What the unit tests share: a pool, a context and a directory per test, and TAP on standard output.
 *
 * libcheck runs each test in a process of its own. A program is a list of tests:
 *
 *     int main(void)
 *     {
 *         TCase *tests = unit_tests("text");
 *
 *         tcase_add_test(tests, names_compare_without_case);
 *         return unit_run(tests);
 *     }
 */
#ifndef UNIT_H
#define UNIT_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <check.h>

#include "du_ctx.h"

#define UNIT_SECONDS 120 /* of one test; sanitizers and valgrind are slow */

/* AddressSanitizer keeps freed memory for a while, so how much a program takes says nothing. */
#ifdef __SANITIZE_ADDRESS__
#define UNIT_KEEPS_FREED_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIT_KEEPS_FREED_MEMORY 1
#endif
#endif

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct {
    const char *name;                 /* of the program's tests */
    char root[sizeof("/tmp/devupdate-unit-XXXXXX")]; /* removed at the end */
    apr_pool_t *pool;                 /* of this test */
    du_ctx_t *ctx;                    /* in that pool, without a log */
    const char *dir;                  /* empty, for this test alone */
    apr_time_t now;                   /* what unit_clock() says */
} unit = {.root = "/tmp/devupdate-unit-XXXXXX"};

/* A clock for unit.ctx->now that says unit.now. */
static inline apr_time_t unit_clock(void *baton)
{
    (void)baton;
    return unit.now;
}

static inline void unit_setup(void)
{
    char *dir;

    apr_pool_create(&unit.pool, NULL);
    unit.ctx = du_ctx_make(unit.pool);
    dir = apr_pstrcat(unit.pool, unit.root, "/XXXXXX", NULL);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    unit.dir = dir;
}

static inline void unit_teardown(void)
{
    apr_pool_destroy(unit.pool);
}

static inline TCase *unit_tests(const char *name)
{
    TCase *tests = tcase_create(name);

    unit.name = name;
    tcase_add_checked_fixture(tests, unit_setup, unit_teardown);
    tcase_set_timeout(tests, UNIT_SECONDS);
    return tests;
}

static inline int unit_remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static inline int unit_run(TCase *tests)
{
    Suite *suite = suite_create(unit.name);
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tests);
    apr_initialize();
    if (!mkdtemp(unit.root)) {
        perror(unit.root);
        return EXIT_FAILURE;
    }
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    nftw(unit.root, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    apr_terminate();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A line for the reader of the log that is no result. Tests print it themselves, so it must go out before they end. */
#define unit_diag(...) (printf("# " __VA_ARGS__), putchar('\n'), fflush(stdout))

/* What a status means, with the failure that was recorded for it. */
static inline const char *unit_said(apr_status_t status)
{
    char buf[200];
    const du_failure_t *failure = &unit.ctx->failure;

    return apr_psprintf(unit.pool, "status %d (%s), %s: %s", status, du_error_text(status, buf, sizeof(buf)),
                        failure->id ? failure->id : "no id", failure->message ? failure->message : "no message");
}

/* The call answers exactly this status. */
#define assert_rv(expected, call)                                              \
    do {                                                                       \
        apr_status_t rv_ = (call);                                             \
        ck_assert_msg(rv_ == (expected), "%s: %s", #call, unit_said(rv_));     \
    } while (0)

#define assert_ok(call) assert_rv(APR_SUCCESS, call)

/* The call fails with this status and has recorded an id and a sentence for it. Forgets the failure afterwards. */
#define assert_refused(expected, call)                                                                  \
    do {                                                                                                \
        apr_status_t rv_ = (call);                                                                      \
        ck_assert_msg(rv_ == (expected) && unit.ctx->failure.status == rv_ && unit.ctx->failure.id &&   \
                          unit.ctx->failure.message && *unit.ctx->failure.message,                      \
                      "%s: %s", #call, unit_said(rv_));                                                 \
        memset(&unit.ctx->failure, 0, sizeof(unit.ctx->failure));                                       \
    } while (0)

static inline apr_status_t unit_free(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

/* A copy that ends where its memory ends, so that reading one byte too many is seen by sanitizers and valgrind. */
static inline char *unit_exact(const void *bytes, apr_size_t len)
{
    char *copy = malloc(len ? len : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    apr_pool_cleanup_register(unit.pool, copy, unit_free, apr_pool_cleanup_null);
    return copy;
}

/* "<directory of this test>/name" */
static inline const char *unit_path(const char *name)
{
    return apr_pstrcat(unit.pool, unit.dir, "/", name, NULL);
}

static inline void unit_write(const char *path, const void *bytes, apr_size_t len)
{
    FILE *file = fopen(path, "wb");

    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

/* The content of a file with a NUL behind it; *len may be NULL. */
static inline char *unit_read(const char *path, apr_size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long size;

    ck_assert_msg(file != NULL, "%s cannot be read", path);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    bytes = apr_pcalloc(unit.pool, (apr_size_t)size + 1);
    ck_assert_uint_eq(fread(bytes, 1, (apr_size_t)size, file), (apr_size_t)size);
    fclose(file);
    if (len) {
        *len = (apr_size_t)size;
    }
    return bytes;
}

/* A form with $1 and $2 replaced by two texts; $2 may be NULL if it does not occur. */
static inline const char *unit_filled(const char *form, const char *first, const char *second)
{
    char *text = apr_palloc(unit.pool, strlen(form) * (1 + strlen(first) + (second ? strlen(second) : 0)) + 1), *to = text;

    for (const char *c = form; *c; c++) {
        const char *value = c[0] != '$' ? NULL : c[1] == '1' ? first : c[1] == '2' ? second : NULL;

        if (value) {
            to = apr_cpystrn(to, value, strlen(value) + 1);
            c++;
        } else {
            *to++ = *c;
        }
    }
    *to = '\0';
    return text;
}

/* A small generator whose sequence is the same everywhere, for mutations that can be repeated. */
static inline apr_uint32_t unit_random(apr_uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
