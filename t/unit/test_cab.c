#include "package.h"

#include <stddef.h>

#include <openssl/sha.h>

#include "cab_halves.h"
#include "du_cab.h"

/* Ways to pack one and the same content. cabextract, which shares no code with libarchive, must agree about each. */
static const char *const packings[] = {"", "--stored", "--lzx", "--reserved"};

static const char *new_staging(void)
{
    const char *path = unit_path("staging");

    package_run(apr_psprintf(unit.pool, "rm -rf '%s' && mkdir '%s'", path, path));
    return path;
}

static apr_status_t unpack_within(const du_import_limits_t *limits, const char *path, du_cab_t **cab)
{
    return du_cab_unpack(unit.ctx, path, new_staging(), limits, NULL, NULL, cab);
}

static apr_status_t unpack(const char *path, du_cab_t **cab)
{
    const du_import_limits_t limits = du_import_limits(NULL);

    return unpack_within(&limits, path, cab);
}

static const du_member_t *member_at(const du_cab_t *cab, int i)
{
    return &APR_ARRAY_IDX(cab->members, i, du_member_t);
}

static void assert_digest(const char *path, apr_off_t size, const unsigned char *digest)
{
    unsigned char expected[SHA256_DIGEST_LENGTH];
    apr_size_t len;
    const char *bytes = unit_read(path, &len);

    SHA256((const unsigned char *)bytes, len, expected);
    ck_assert_int_eq((int)size, (int)len);
    ck_assert_mem_eq(digest, expected, sizeof(expected));
}

START_TEST(members_are_those_that_cabextract_sees)
{
    const char *path = package_make("p.cab", packings[_i]), *other = unit_path("other"), *list = unit_path("list");
    char *rest, *line;
    du_cab_t *cab;
    int i = 0;

    package_run(apr_psprintf(unit.pool, "cabextract -q -d '%s' '%s'", other, path));
    package_run(apr_psprintf(unit.pool, "cabextract -q -l '%s' | sed -n 's/^ *[0-9]* |.*| //p' > '%s'", path, list));
    assert_ok(unpack(path, &cab));
    assert_digest(path, cab->size, cab->digest);
    for (line = apr_strtok(unit_read(list, NULL), "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest), i++) {
        const du_member_t *member = member_at(cab, i);

        ck_assert_str_eq(member->name, line);
        assert_digest(member->staged, member->size, member->digest);
        assert_digest(apr_pstrcat(unit.pool, other, "/", line, NULL), member->size, member->digest);
    }
    ck_assert_int_eq(i, 3);
    ck_assert_int_eq(cab->members->nelts, i);
}
END_TEST

/* What is appended to a cabinet, such as its signature, is no part of it but of the file's digest. */
START_TEST(what_follows_the_cabinet_is_hashed)
{
    const char *path = package_make("p.cab", "");
    du_cab_t *cab;

    package_run(apr_psprintf(unit.pool, "head -c 700000 /dev/zero >> '%s'", path));
    assert_ok(unpack(path, &cab));
    assert_digest(path, cab->size, cab->digest);
}
END_TEST

typedef struct progress_t {
    apr_off_t done, total;
    int calls;
} progress_t;

static apr_status_t on_progress(void *baton, const char *stage, apr_off_t done, apr_off_t total)
{
    progress_t *progress = baton;

    ck_assert_str_eq(stage, "read");
    ck_assert(done >= progress->done && done <= total);
    progress->done = done;
    progress->total = total;
    progress->calls++;
    return APR_SUCCESS;
}

START_TEST(progress_ends_at_the_size_of_the_file)
{
    const char *path = package_make("p.cab", "--stored --size 1000000");
    const du_import_limits_t limits = du_import_limits(NULL);
    progress_t progress = {0};
    du_cab_t *cab;

    assert_ok(du_cab_unpack(unit.ctx, path, new_staging(), &limits, on_progress, &progress, &cab));
    ck_assert_int_eq((int)progress.done, (int)cab->size);
    ck_assert_int_eq((int)progress.total, (int)cab->size);
    ck_assert_int_ge(progress.calls, 4);
}
END_TEST

/* The process runs in the C locale here, so a name would be lost if it were converted to that. */
START_TEST(names_are_utf8_in_any_locale)
{
    const char *path = unit_path("p.cab");
    du_cab_t *cab;

    package_run(apr_psprintf(unit.pool, "cd '%s' && echo x > 'Ger\xC3\xA4t.nbt' && gcab -c p.cab 'Ger\xC3\xA4t.nbt'",
                             unit.dir));
    assert_ok(unpack(path, &cab));
    ck_assert_str_eq(member_at(cab, 0)->name, "Ger\xC3\xA4t.nbt");
}
END_TEST

/* Kinds of make_package.py that this layer refuses, and what the sentence says. */
static const struct {
    const char *kind, *says;
} refused[] = {
    {"not-a-cabinet", "not a cabinet"},
    {"empty-file", "not a cabinet"},
    {"truncated", "truncated"},
    {"truncated-header", "not a cabinet"},
    {"bit-flipped", "damaged at member image1/CPE.nbt"},
    {"shortened-member", "do not add up"},
    {"several-volumes", "several volumes"},
    {"parent-directory", "member ../x leads out"},
    {"parent-directory-backslash", "member ../x leads out"},
    {"parent-directory-inside", "member image1/../../x leads out"},
    {"absolute", "member /etc/x is an absolute path"},
    {"absolute-backslash", "member /etc/x is an absolute path"},
    {"drive-letter", "member C:x has a drive letter"},
    {"control-character", "member image1/a\\x1b[31mb is not possible"},
    {"not-utf-8", "member image1/\\xff\\xfe.nbt is not valid UTF-8"},
    {"long-name", "is too long"},
    {"duplicate", "member image1/CPE.nbt is in the package twice"},
    {"duplicate-case", "member IMAGE1/cpe.NBT is in the package twice"},
    {"many-members", "1027 members"},
};

START_TEST(bad_cabinet_is_refused)
{
    const char *path = package_make("p.cab", apr_pstrcat(unit.pool, "--bad ", refused[_i].kind, NULL));
    du_cab_t *cab;
    apr_status_t rv = unpack(path, &cab);

    ck_assert_msg(rv == DU_E_PACKAGE, "%s: %s", refused[_i].kind, unit_said(rv));
    ck_assert_msg(strstr(unit.ctx->failure.message, refused[_i].says), "%s: %s", refused[_i].kind, unit_said(rv));
}
END_TEST

static void put(unsigned char *at, apr_uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> 8 * i);
    }
}

/* Two folders of 65535 blocks that claim 65535 bytes each. */
START_TEST(too_much_content_is_refused_before_anything_is_unpacked)
{
    enum { FOLDERS = 2, BLOCKS = 65535, BLOCK = 9, DATA = 36 + FOLDERS * 8 };
    apr_size_t len = DATA + (apr_size_t)FOLDERS * BLOCKS * BLOCK;
    unsigned char *bytes = apr_pcalloc(unit.pool, len);
    const char *path = unit_path("p.cab");
    du_cab_t *cab;

    memcpy(bytes, "MSCF", 4);
    put(bytes + 8, (apr_uint32_t)len, 4);
    put(bytes + 26, FOLDERS, 2);
    put(bytes + 28, 1, 2);
    for (int i = 0; i < FOLDERS; i++) {
        put(bytes + 36 + i * 8, (apr_uint32_t)(DATA + i * BLOCKS * BLOCK), 4);
        put(bytes + 40 + i * 8, BLOCKS, 2);
    }
    for (int i = 0; i < FOLDERS * BLOCKS; i++) {
        put(bytes + DATA + i * BLOCK + 4, 1, 2);
        put(bytes + DATA + i * BLOCK + 6, 65535, 2);
    }
    unit_write(path, bytes, len);
    ck_assert_int_eq(unpack(path, &cab), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0612");
    put(bytes + 44, DATA, 4); /* the second folder has the blocks of the first */
    unit_write(path, bytes, len);
    ck_assert_int_eq(unpack(path, &cab), DU_E_PACKAGE);
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "overlap"));
}
END_TEST

/* A limit, what it is for the package below, and what is said when it is one less. */
static const struct {
    const char *says; /* $1 is the limit that passes, $2 the one that does not */
    apr_size_t member; /* of du_import_limits_t */
} limited[] = {
    {"the package has $1 members; the limit is $2 (setting import-max-members)", offsetof(du_import_limits_t, members)},
    {"the package unpacks to $1 bytes; the limit is $2 (setting import-max-size)", offsetof(du_import_limits_t, size)},
    {"member image1/CPE.nbt has $1 bytes; the limit is $2 (setting import-max-member-size)",
     offsetof(du_import_limits_t, member_size)},
    {"the name of member updateInfo.xml is too long: $1 bytes; the limit is $2 (setting import-max-name)",
     offsetof(du_import_limits_t, name)},
};

static apr_int64_t *limit_at(du_import_limits_t *limits, int i)
{
    return (apr_int64_t *)((char *)limits + limited[i].member);
}

/* The limits that the cabinet just meets, and nothing else. */
static void meet_limits(const du_cab_t *cab, du_import_limits_t *limits)
{
    limits->members = cab->members->nelts;
    limits->size = limits->member_size = limits->name = 0;
    for (int i = 0; i < cab->members->nelts; i++) {
        const du_member_t *member = member_at(cab, i);

        limits->size += member->size;
        limits->member_size = member->size > limits->member_size ? member->size : limits->member_size;
        limits->name = (apr_int64_t)strlen(member->name) > limits->name ? (apr_int64_t)strlen(member->name) : limits->name;
    }
}

START_TEST(limit_is_the_last_that_passes)
{
    const char *path = package_make("p.cab", "--size 100000");
    du_import_limits_t limits = du_import_limits(NULL);
    apr_int64_t *limit = limit_at(&limits, _i);
    du_cab_t *cab;
    int most;

    assert_ok(unpack(path, &cab));
    meet_limits(cab, &limits);
    assert_ok(unpack_within(&limits, path, &cab));
    most = (int)(*limit)--;
    ck_assert_int_eq(unpack_within(&limits, path, &cab), DU_E_PACKAGE);
    if (limited[_i].member == offsetof(du_import_limits_t, name)) { /* updateInfo.xml comes first and is longer */
        ck_assert_int_eq(most, (int)strlen("updateInfo.xml"));
    }
    ck_assert_str_eq(unit.ctx->failure.message, unit_filled(limited[_i].says, apr_itoa(unit.pool, most), apr_itoa(unit.pool, most - 1)));
}
END_TEST

/* A cabinet that unpacks to 300000 bytes and is, with what follows it, as long as we like. */
static apr_status_t unpack_ratio(apr_int64_t ratio, apr_off_t size)
{
    const char *path = unit_path("zeros.cab");
    du_import_limits_t limits = du_import_limits(NULL);
    du_cab_t *cab;

    package_run(apr_psprintf(unit.pool,
                             "cd '%s' && head -c 300000 /dev/zero > zeros && gcab -c -z zeros.cab zeros && "
                             "truncate -s %" APR_OFF_T_FMT " zeros.cab",
                             unit.dir, size));
    limits.ratio = ratio;
    return unpack_within(&limits, path, &cab);
}

START_TEST(ratio_is_limited)
{
    assert_ok(unpack_ratio(1, 300000));
    ck_assert_int_eq(unpack_ratio(1, 299999), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.message, "the package of 299999 bytes unpacks to 300000 bytes; the limit is 1 times "
                                                "as much (setting import-max-ratio)");
    assert_ok(unpack_ratio(100, 3000));
    ck_assert_int_eq(unpack_ratio(100, 2999), DU_E_PACKAGE);
    ck_assert_int_eq(unpack_ratio(0, 300000), DU_E_PACKAGE); /* nobody divides by it */
    assert_ok(unpack_ratio(APR_INT64_MAX, 300000));
}
END_TEST

/* Bombs of zeros, correct to the last bit. Nothing of them is unpacked. MSZIP packs a block of 32 KiB into 56 bytes at best,
 * which is 585 times; the default of import-max-ratio (0 here) does not let that in, and import-max-size bounds what comes in if
 * it is raised. */
static const struct {
    const char *option;
    apr_int64_t ratio;
    const char *id;
} bombs[] = {
    {"--bomb 1", 0, "DU0643"},
    {"--bomb 3", 500, "DU0643"},
    {"--bomb 5", 1000, "DU0612"},
};

START_TEST(bomb_is_refused_before_anything_is_unpacked)
{
    const char *path = package_make("bomb.cab", bombs[_i].option);
    du_import_limits_t limits = du_import_limits(NULL);
    struct stat info;
    du_cab_t *cab;

    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_lt((int)info.st_size, 10000000);
    limits.ratio = bombs[_i].ratio ? bombs[_i].ratio : limits.ratio;
    ck_assert_int_eq(unpack_within(&limits, path, &cab), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.id, bombs[_i].id);
    ck_assert_int_eq(cab->members->nelts, 0);
}
END_TEST

/* Appends to the file, once. */
static apr_status_t grow(void *baton, const char *stage, apr_off_t done, apr_off_t total)
{
    const char **path = baton;

    (void)stage, (void)done, (void)total;
    if (*path) {
        package_run(apr_psprintf(unit.pool, "echo >> '%s'", *path));
        *path = NULL;
    }
    return APR_SUCCESS;
}

START_TEST(file_that_is_changed_meanwhile)
{
    const char *path = package_make("p.cab", "--size 1000000"), *baton = path;
    const du_import_limits_t limits = du_import_limits(NULL);
    du_cab_t *cab;

    ck_assert_int_eq(du_cab_unpack(unit.ctx, path, new_staging(), &limits, grow, &baton, &cab), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0659");
}
END_TEST

START_TEST(files_that_cannot_be_used)
{
    const du_import_limits_t limits = du_import_limits(NULL);
    const char *path = package_make("p.cab", "");
    du_cab_t *cab;

    assert_refused(APR_ENOENT, unpack(unit_path("missing"), &cab));
    assert_refused(DU_E_PACKAGE, unpack(unit.dir, &cab));
    assert_refused(APR_ENOENT, du_cab_unpack(unit.ctx, path, unit_path("nowhere"), &limits, NULL, NULL, &cab));
    assert_refused(APR_EEXIST, du_cab_unpack(unit.ctx, path, apr_pstrcat(unit.pool, unit.dir, "/staging", NULL), &limits,
                                             NULL, NULL, (unpack(path, &cab), &cab)));
}
END_TEST

/*
 * Mutations: refused, or every member as it was. Names are not protected by the format; who matches them with the
 * description notices.
 */

typedef struct original_t {
    const char *path; /* where its mutations go */
    char *bytes;
    apr_size_t len;
    apr_size_t tables; /* bytes of header and tables; data blocks follow */
    du_cab_t *cab;
} original_t;

static original_t make_original(const char *packing)
{
    original_t original = {.path = unit_path("mutated.cab")};
    const char *path = package_make("p.cab", apr_pstrcat(unit.pool, packing, " --size 900", NULL));

    original.bytes = unit_read(path, &original.len);
    original.tables = (unsigned char)original.bytes[original.bytes[30] & 4 ? 60 : 36]; /* the first block's offset */
    ck_assert_uint_gt(original.tables, 100);
    assert_ok(unpack(path, &original.cab));
    return original;
}

static int has_same_content(const du_cab_t *a, const du_cab_t *b)
{
    int same = a->members->nelts == b->members->nelts;

    for (int i = 0; same && i < a->members->nelts; i++) {
        same = memcmp(member_at(a, i)->digest, member_at(b, i)->digest, DU_DIGEST_SIZE) == 0;
    }
    return same;
}

/* Unpacks the first len bytes; 1 if that was refused. */
static int refuses(const original_t *original, apr_size_t len, const char *staging, const char *what,
                   apr_size_t where)
{
    const du_import_limits_t limits = du_import_limits(NULL);
    du_ctx_t *ctx;
    du_cab_t cab;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, unit.pool);
    ctx = du_ctx_make(pool);
    unit_write(original->path, original->bytes, len);
    rv = cab_halves_unpack(ctx, original->path, staging, &limits, &cab);
    for (int i = 0; i < cab.members->nelts; i++) {
        unlink(member_at(&cab, i)->staged);
    }
    ck_assert_msg(rv == DU_E_PACKAGE || (rv == APR_SUCCESS && has_same_content(&cab, original->cab)),
                  "%s at %lu: status %d, wrong content", what, (unsigned long)where, rv);
    apr_pool_destroy(pool);
    return rv != APR_SUCCESS;
}

START_TEST(truncated_anywhere)
{
    original_t original = make_original(packings[_i]);
    const char *staging = new_staging();

    for (apr_size_t len = 0; len < original.len; len++) {
        ck_assert_msg(refuses(&original, len, staging, "truncated", len), "truncated to %lu: accepted",
                      (unsigned long)len);
    }
    ck_assert(!refuses(&original, original.len, staging, "whole", 0));
}
END_TEST

/* Every bit of the tables, and of each byte behind them one. */
START_TEST(any_bit_flipped)
{
    original_t original = make_original(packings[_i]);
    const char *staging = new_staging();
    apr_size_t data = original.len - original.tables, nrefused = 0;

    for (apr_size_t bit = 0; bit < original.tables * 8; bit++) {
        original.bytes[bit / 8] ^= (char)(1 << bit % 8);
        refuses(&original, original.len, staging, "flipped bit", bit);
        original.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (apr_size_t at = original.tables; at < original.len; at++) {
        original.bytes[at] ^= (char)(1 << at % 8);
        nrefused += (apr_size_t)refuses(&original, original.len, staging, "flipped bit in byte", at);
        original.bytes[at] ^= (char)(1 << at % 8);
    }
    ck_assert_uint_eq(nrefused, data);
}
END_TEST

/* Several bytes of the tables and one of the data: two of the latter could cancel out in a checksum, which is only
 * the exclusive or of four-byte words. */
START_TEST(any_bytes_overwritten)
{
    original_t original = make_original(packings[_i]);
    const char *staging = new_staging();
    char *good = apr_pmemdup(unit.pool, original.bytes, original.len);
    apr_uint32_t state = 1;

    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 3; i++) {
            original.bytes[unit_random(&state) % original.tables] = (char)unit_random(&state);
        }
        if (round % 2) {
            apr_size_t at = original.tables + 4 + unit_random(&state) % (original.len - original.tables - 4);

            original.bytes[at] = (char)unit_random(&state);
        }
        refuses(&original, original.len, staging, "round", (apr_size_t)round);
        memcpy(original.bytes, good, original.len);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("cab");

    tcase_add_loop_test(tests, members_are_those_that_cabextract_sees, 0, COUNT_OF(packings));
    tcase_add_test(tests, what_follows_the_cabinet_is_hashed);
    tcase_add_test(tests, progress_ends_at_the_size_of_the_file);
    tcase_add_test(tests, names_are_utf8_in_any_locale);
    tcase_add_loop_test(tests, bad_cabinet_is_refused, 0, COUNT_OF(refused));
    tcase_add_test(tests, too_much_content_is_refused_before_anything_is_unpacked);
    tcase_add_loop_test(tests, limit_is_the_last_that_passes, 0, COUNT_OF(limited));
    tcase_add_test(tests, ratio_is_limited);
    tcase_add_loop_test(tests, bomb_is_refused_before_anything_is_unpacked, 0, COUNT_OF(bombs));
    tcase_add_test(tests, file_that_is_changed_meanwhile);
    tcase_add_test(tests, files_that_cannot_be_used);
    tcase_add_loop_test(tests, truncated_anywhere, 0, COUNT_OF(packings));
    tcase_add_loop_test(tests, any_bit_flipped, 0, COUNT_OF(packings));
    tcase_add_loop_test(tests, any_bytes_overwritten, 0, COUNT_OF(packings));
    return unit_run(tests);
}
