/* A cabinet: both halves of reading it in one process, unpacked to a directory of our own, in which nothing may appear that was
 * not reported. */
#include "fuzz.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../unit/cab_halves.h"
#include "du_text.h"

static char place[sizeof("/tmp/devupdate-fuzz-XXXXXX")];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void remove_place(void)
{
    nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Everything of a run is below `place`: the cabinet, and the directory it is unpacked to. */
static const char *make_place(apr_pool_t *pool)
{
    if (!*place) {
        strncpy(place, "/tmp/devupdate-fuzz-XXXXXX", sizeof(place));
        FUZZ_HOLDS(mkdtemp(place));
        atexit(remove_place);
    }
    return apr_pstrcat(pool, place, "/staging", NULL);
}

static void check_members(const du_ctx_t *ctx, const du_cab_t *cab, const du_import_limits_t *limits, const char *staging)
{
    FUZZ_HOLDS(cab->members->nelts <= limits->members);
    for (int i = 0; i < cab->members->nelts; i++) {
        const du_member_t *member = &APR_ARRAY_IDX(cab->members, i, du_member_t);
        struct stat info;

        FUZZ_HOLDS(member->name[0] && member->name[0] != '/' && strlen(member->name) <= (size_t)limits->name);
        FUZZ_HOLDS(du_text_is_utf8(member->name, strlen(member->name)));
        FUZZ_HOLDS(!strstr(apr_pstrcat(ctx->pool, "/", member->name, "/", NULL), "/../"));
        FUZZ_HOLDS(strncmp(member->staged, staging, strlen(staging)) == 0);
        FUZZ_HOLDS(lstat(member->staged, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == member->size);
        for (int other = 0; other < i; other++) {
            FUZZ_HOLDS(!du_text_same(member->name, APR_ARRAY_IDX(cab->members, other, du_member_t).name));
        }
    }
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    const char *staging = make_place(ctx->pool), *path = apr_pstrcat(ctx->pool, place, "/x.cab", NULL);
    const du_import_limits_t limits = du_import_limits(NULL);
    FILE *file = fopen(path, "wb");
    du_cab_t cab;
    apr_status_t rv;

    FUZZ_HOLDS(file && fwrite(data, 1, size, file) == size);
    fclose(file);
    FUZZ_HOLDS(mkdir(staging, 0700) == 0);
    rv = cab_halves_unpack(ctx, path, staging, &limits, &cab);
    if (rv == APR_SUCCESS) {
        check_members(ctx, &cab, &limits, staging);
    } else {
        FUZZ_HOLDS(rv == DU_E_PACKAGE && ctx->failure.status == rv);
    }
    nftw(staging, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return rv == APR_SUCCESS;
}
