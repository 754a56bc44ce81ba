/*
 * What our reader says of a cabinet, against cabextract (libmspack) and gcab, which share no code with libarchive: of good ones,
 * of each cut off at many lengths, and of each with bits changed (the same ones in every run).
 *
 * What ours accepts the others accept, and find the same bytes in it. Where ours refuses and another accepts, ours is the
 * stricter one for one of the reasons in `stricter`.
 */
#include "package.h"

#include "du_cab.h"
#include "cab_halves.h"

#define SMALL " --size 900 --file CPE --file EBOOT"

static const char *const packings[] = {"" SMALL, "--stored" SMALL, "--lzx" SMALL, "--reserved" SMALL};

typedef enum { CABEXTRACT, GCAB, OTHERS } other_e;

static const char *const names[OTHERS] = {"cabextract", "gcab"};

/* Unpacks path into directory; it fails if anything is wrong. The shell keeps what they say out of the log. */
static const char *const commands[OTHERS] = {
    "cabextract -q -d '$1' '$2' > /dev/null 2>&1",
    "cd '$1' && gcab -x '$2' > /dev/null 2>&1",
};

/* Why ours alone refuses. */
static const struct {
    const char *id, *why;
} stricter[] = {
    {"DU0601", "the header says that the cabinet is longer, or a table leads out of it; the others look for what they need only"},
    {"DU0603", "it says that it is one of several volumes; the others take what is there"},
    {"DU0605", "libarchive looks at what the others do not need: reserved fields, where the tables end, impossible windows of LZX"},
    {"DU0606", "a name that is not possible on every system; the others write what they can"},
    {"DU0610", "members are shorter than the data that is there for them; the others do not add up"},
};

static void assert_explained(const du_ctx_t *ctx, const char *what)
{
    for (int i = 0; i < COUNT_OF(stricter); i++) {
        if (strcmp(ctx->failure.id, stricter[i].id) == 0) {
            return;
        }
    }
    ck_abort_msg("%s: refused by us alone, without a reason: %s %s", what, ctx->failure.id, ctx->failure.message);
}

typedef struct tally_t {
    int both, theirs, neither; /* how often who accepted */
} tally_t;

static const char *fresh(const char *name)
{
    const char *path = unit_path(name);

    package_run(apr_psprintf(unit.pool, "rm -rf '%s' && mkdir '%s'", path, path));
    return path;
}

static int same_content(const du_member_t *member, const char *path)
{
    apr_size_t a_len, b_len;
    const char *a = unit_read(member->staged, &a_len), *b = unit_read(path, &b_len);

    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* Every member that ours found is there in the other's directory with the same bytes. The other may have written it under a
 * changed name, so it is found by its content where its name is not there. */
static int has_members(const char *directory, const du_cab_t *cab)
{
    for (int i = 0; i < cab->members->nelts; i++) {
        const du_member_t *member = &APR_ARRAY_IDX(cab->members, i, du_member_t);
        const char *path = apr_pstrcat(unit.pool, directory, "/", member->name, NULL);

        if (package_is_there(path)) {
            if (!same_content(member, path)) {
                return 0;
            }
        } else if (system(apr_psprintf(unit.pool, "find '%s' -type f -exec cmp -s '{}' '%s' ';' -print | grep -q .", directory,
                                       member->staged)) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Compares what they say of one file. */
static void compare(const char *path, const char *what, tally_t tally[OTHERS])
{
    const du_import_limits_t limits = du_import_limits(NULL);
    const char *staging = fresh("staging");
    du_ctx_t *ctx = du_ctx_make(unit.pool);
    du_cab_t cab;
    int accepts = cab_halves_unpack(ctx, path, staging, &limits, &cab) == APR_SUCCESS;

    for (int i = 0; i < OTHERS; i++) {
        const char *directory = fresh("other");
        int accepted = system(unit_filled(commands[i], directory, path)) == 0;

        tally[i].both += accepts && accepted;
        tally[i].theirs += !accepts && accepted;
        tally[i].neither += !accepts && !accepted;
        ck_assert_msg(!accepts || accepted, "%s: accepted by us, refused by %s", what, names[i]);
        ck_assert_msg(!accepts || has_members(directory, &cab), "%s: other bytes than %s", what, names[i]);
        if (accepted && !accepts) {
            unit_diag("%s: %s alone accepts: %s %s", what, names[i], ctx->failure.id, ctx->failure.message);
            assert_explained(ctx, what);
        }
    }
}

static void show(const tally_t tally[OTHERS])
{
    for (int i = 0; i < OTHERS; i++) {
        unit_diag("%s: both accept %d, the other alone %d, neither %d", names[i], tally[i].both, tally[i].theirs,
                  tally[i].neither);
    }
}

START_TEST(good_cabinets)
{
    tally_t tally[OTHERS] = {{0}};

    compare(package_make("p.cab", packings[_i]), "good", tally);
    ck_assert_int_eq(tally[CABEXTRACT].both, 1);
    ck_assert_int_eq(tally[GCAB].both, 1);
}
END_TEST

START_TEST(cut_cabinets)
{
    const char *path = package_make("p.cab", packings[_i]), *cut = unit_path("cut.cab");
    tally_t tally[OTHERS] = {{0}};
    apr_size_t len;
    const char *bytes = unit_read(path, &len);

    for (apr_size_t part = 0; part < 60; part++) {
        unit_write(cut, bytes, len * part / 60);
        compare(cut, apr_psprintf(unit.pool, "cut to %lu", (unsigned long)(len * part / 60)), tally);
    }
    show(tally);
    ck_assert_int_eq(tally[CABEXTRACT].both, 0);
}
END_TEST

START_TEST(changed_cabinets)
{
    const char *path = package_make("p.cab", packings[_i]), *changed = unit_path("changed.cab");
    tally_t tally[OTHERS] = {{0}};
    apr_uint32_t state = 4711;
    apr_size_t len;
    const char *bytes = unit_read(path, &len);

    for (int round = 0; round < 120; round++) {
        char *copy = apr_pmemdup(unit.pool, bytes, len);
        apr_size_t at = round % 2 ? unit_random(&state) % 300 : unit_random(&state) % len;

        copy[at] ^= (char)(1 << unit_random(&state) % 8);
        unit_write(changed, copy, len);
        compare(changed, apr_psprintf(unit.pool, "round %d: byte %lu changed", round, (unsigned long)at), tally);
    }
    show(tally);
    ck_assert_int_gt(tally[CABEXTRACT].both, 0);
    ck_assert_int_gt(tally[CABEXTRACT].neither, 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("cab_others");

    tcase_add_loop_test(tests, good_cabinets, 0, COUNT_OF(packings));
    tcase_add_loop_test(tests, cut_cabinets, 0, COUNT_OF(packings));
    tcase_add_loop_test(tests, changed_cabinets, 0, COUNT_OF(packings));
    return unit_run(tests);
}
