#include "du_store_check.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_files.h"
#include "du_identity.h"
#include "du_image.h"
#include "du_image_check.h"
#include "du_store_activity.h"
#include "du_store_rows.h"
#include "du_text.h"

#define SEGMENT_MAX 255 /* bytes of a name on disk */

static const struct {
    const char *name;
    int is_wrong;
} kinds[] = {
#define KIND(id, name, is_wrong) {name, is_wrong},
    DU_FINDING_LIST(KIND)
#undef KIND
};

/* A check on its way. */
typedef struct check_t {
    du_ctx_t *ctx;
    du_store_t *store;
    const char *root; /* of the images */
    int digests;
    apr_pool_t *pool; /* of the findings */
    apr_array_header_t *findings;
    apr_hash_t *seen;         /* paths of files that were looked at: several images files may share a catalogue */
    const char *const *words; /* around the columns of a reference */
    du_finding_e kind;
} check_t;

const char *du_finding_name(du_finding_e kind)
{
    return kinds[kind].name;
}

int du_finding_is_wrong(du_finding_e kind)
{
    return kinds[kind].is_wrong;
}

static void add(check_t *check, du_finding_e kind, const char *text)
{
    APR_ARRAY_PUSH(check->findings, du_finding_t) = (du_finding_t){kind, apr_pstrdup(check->pool, text)};
}

static const char *shown(const check_t *check, const char *text)
{
    return du_text_for_log(check->pool, text);
}

/*
 * Rows
 */

static apr_status_t take_damage(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    check_t *check = baton;

    add(check, DU_FINDING_DATABASE, apr_pstrcat(row_pool, "the database says: ", shown(check, columns[0]), NULL));
    return APR_SUCCESS;
}

/* Words and columns take turns; the last word ends the sentence. */
static apr_status_t take_reference(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    check_t *check = baton;
    const char *text = check->words[0];

    for (int i = 1; check->words[i]; i++) {
        text = apr_pstrcat(row_pool, text, shown(check, columns[i - 1]), check->words[i], NULL);
    }
    add(check, check->kind, text);
    return APR_SUCCESS;
}

static apr_status_t check_references(du_ctx_t *ctx, check_t *check)
{
    static const struct {
        du_sql_e statement;
        du_finding_e kind;
        const char *words[6]; /* before, between and behind the columns */
    } steps[] = {
        {DU_SQL_CHECK_VERSIONS, DU_FINDING_REFERENCE, {"rule ", " names version ", ", which is not stored"}},
        {DU_SQL_CHECK_RULES_OF_IMAGES,
         DU_FINDING_REFERENCE,
         {"image ", " (version ", ") is of rule ", ", which is not there"}},
        {DU_SQL_CHECK_PACKAGES_OF_IMAGES,
         DU_FINDING_REFERENCE,
         {"image ", " (version ", ") came with package ", ", which is not there"}},
        {DU_SQL_CHECK_FILES_OF_IMAGES, DU_FINDING_REFERENCE, {"rule ", " has version ", " without files"}},
        {DU_SQL_CHECK_IMAGES_OF_FILES, DU_FINDING_REFERENCE, {"file ", " is of image ", ", which is not there"}},
        {DU_SQL_CHECK_SITES_OF_SUBNETS, DU_FINDING_REFERENCE, {"subnet ", " is of site ", ", which is not there"}},
        {DU_SQL_CHECK_SITES_OF_TEST_DEVICES,
         DU_FINDING_REFERENCE,
         {"test device ", " is of site ", ", which is not there"}},
        {DU_SQL_CHECK_SITES_OF_SETTINGS, DU_FINDING_REFERENCE, {"setting ", " is of site ", ", which is not there"}},
        {DU_SQL_CHECK_SITES_OF_ROLES,
         DU_FINDING_REFERENCE,
         {"the role of account ", " is of site ", ", which is not there"}},
        {DU_SQL_CHECK_COUNTS, DU_FINDING_INVENTORY, {"count ", " says ", " phones, but ", " are counted there"}},
        {DU_SQL_CHECK_VERSIONS_OF_PHONES,
         DU_FINDING_INVENTORY,
         {"of ", " with version ", " there are ", " phones, but ", " are counted"}},
        {DU_SQL_CHECK_COUNTS_OF_PHONES,
         DU_FINDING_INVENTORY,
         {"phone ", " is counted at ", ", which is not there or another state's"}},
        {DU_SQL_CHECK_NAMES_OF_PHONES, DU_FINDING_INVENTORY, {"phone ", " has no names"}},
        {DU_SQL_CHECK_PHONES_OF_NAMES, DU_FINDING_INVENTORY, {"there are names of phone ", ", which is not there"}},
        {DU_SQL_CHECK_PHONES_OF_EVENTS, DU_FINDING_INVENTORY, {"", " events are of phone ", ", which is not there"}},
        {DU_SQL_CHECK_COUNTERS, DU_FINDING_COUNTER, {"counter ", " is at ", ", but ", " was given out already"}},
    };
    apr_status_t rv = APR_SUCCESS;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rv == APR_SUCCESS; i++) {
        check->words = steps[i].words;
        check->kind = steps[i].kind;
        rv = du_db_select(ctx, check->store->db, steps[i].statement, NULL, take_reference, check);
    }
    return rv;
}

/* scope, name, value. A name that this program does not know may be a later version's. */
static apr_status_t take_setting(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    check_t *check = baton;

    for (int i = 0; i < DU_SETTINGS; i++) {
        du_setting_e setting = (du_setting_e)i;

        if (du_text_same(du_setting_name(setting), columns[1]) &&
            (!du_setting_canonical(row_pool, setting, columns[2]) ||
             (*columns[0] && du_setting_is_global(setting)))) {
            add(check, DU_FINDING_SETTING,
                apr_pstrcat(row_pool, "setting ", columns[1], " of scope ",
                            *columns[0] ? shown(check, columns[0]) : "global",
                            " cannot be what it is: ", shown(check, columns[2]), NULL));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_activity(du_ctx_t *ctx, check_t *check)
{
    du_proof_t chain;
    apr_status_t rv = du_store_verify_within(ctx, check->store, check->pool, &chain);

    if (rv == APR_SUCCESS && chain.what != DU_PROOF_WHOLE) {
        add(check, DU_FINDING_ACTIVITY,
            apr_psprintf(check->pool, "row %" APR_INT64_T_FMT " of the record of changes %s", chain.bad,
                         du_proof_text(chain.what)));
    }
    return rv;
}

/*
 * Files
 */

static void look_at_file(check_t *check, const char *path, const char *size, const char *hex)
{
    static const char *const words[] = {[DU_IMAGE_FILE_MISSING] = "is missing",
                                        [DU_IMAGE_FILE_SIZE] = "has another size than it was imported with",
                                        [DU_IMAGE_FILE_DIGEST] = "has other content than it was imported with",
                                        [DU_IMAGE_FILE_UNREAD] = "cannot be read"};
    const char *full = apr_pstrcat(check->pool, check->root, "/", path, NULL);
    unsigned char digest[DU_DIGEST_SIZE];
    int has_digest = du_text_unhex(hex, digest, sizeof(digest));
    du_image_file_e what =
        du_image_check_file(check->ctx, full, apr_atoi64(size), check->digests && has_digest ? digest : NULL);

    if (!has_digest) {
        add(check, DU_FINDING_FILE, apr_pstrcat(check->pool, "the store has no valid digest of file ", path, NULL));
    }
    if (what != DU_IMAGE_FILE_RIGHT) {
        add(check, DU_FINDING_FILE, apr_pstrcat(check->pool, "file ", path, " ", words[what], NULL));
    }
}

/* A name with which the tree could be left is none that an import wrote. */
static int are_segments(const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (!du_text_is_segment(names[i], SEGMENT_MAX)) {
            return 0;
        }
    }
    return 1;
}

/* One file of an image directory: the columns are name, size and digest. */
static void take_file(check_t *check, const char *dir, const char *const *columns)
{
    const char *path = apr_pstrcat(check->pool, dir, "/", columns[0], NULL);

    if (!are_segments(columns, 1)) {
        add(check, DU_FINDING_FILE,
            apr_pstrcat(check->pool, "the store names a file that cannot be: ", shown(check, columns[0]), NULL));
    } else if (!apr_hash_get(check->seen, path, APR_HASH_KEY_STRING)) {
        apr_hash_set(check->seen, path, APR_HASH_KEY_STRING, path);
        look_at_file(check, path, columns[1], columns[2]);
    }
}

/* the five parts of the key, update type, version, and name, size, digest of the file and of its catalogue */
static apr_status_t take_stored(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    check_t *check = baton;
    du_key_t key;
    int column = 0;
    const char *dir;

    if (!are_segments(columns, 7)) {
        add(check, DU_FINDING_FILE,
            apr_pstrcat(row_pool, "the store names an image that cannot be: version ", shown(check, columns[6]),
                        NULL));
        return APR_SUCCESS;
    }
#define READ_PART(part) key.part = columns[column++];
    DU_KEY_PARTS(READ_PART)
#undef READ_PART
    dir = du_image_path(row_pool, &key, columns[6], columns[5]);
    take_file(check, dir, columns + 7);
    take_file(check, dir, columns + 10);
    return APR_SUCCESS;
}

static apr_status_t check_rows(du_ctx_t *ctx, void *baton)
{
    check_t *check = baton;
    apr_status_t rv = du_db_integrity(ctx, check->store->db, take_damage, check);

    if (rv == APR_SUCCESS) {
        rv = check_references(ctx, check);
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_select(ctx, check->store->db, DU_SQL_CHECK_SETTINGS, NULL, take_setting, check);
    }
    if (rv == APR_SUCCESS) {
        rv = check_activity(ctx, check);
    }
    return rv == APR_SUCCESS
               ? du_db_select(ctx, check->store->db, DU_SQL_CHECK_STORED_FILES, NULL, take_stored, check)
               : rv;
}

static void add_dir(check_t *check, du_finding_e kind, const du_image_dir_t *dir)
{
    add(check, kind,
        apr_psprintf(check->pool, "%s has %d files, %" APR_OFF_T_FMT " bytes; %s", dir->path, dir->files, dir->bytes,
                     kind == DU_FINDING_ORPHAN ? "file clear removes it" : "the next import removes it"));
}

/* In another store's tree everything looks like an orphan. */
static apr_status_t check_identity(du_ctx_t *ctx, check_t *check, const char *files)
{
    apr_status_t rv = du_identity_check(ctx, check->store, files);

    if (rv == DU_E_CONFLICT) {
        add(check, DU_FINDING_STORE, ctx->failure.message);
        ctx->failure = (du_failure_t){0};
        return APR_SUCCESS;
    }
    return rv;
}

/* What lies in the tree and belongs to nothing. */
static apr_status_t check_tree(du_ctx_t *ctx, check_t *check, const char *files)
{
    apr_array_header_t *entries;
    du_image_dir_t staged;
    apr_status_t rv = du_files_list(ctx, check->store, files, check->pool, &entries);

    for (int i = 0; rv == APR_SUCCESS && i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);

        if (!entry->stored) {
            add_dir(check, DU_FINDING_ORPHAN, &entry->dir);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = du_image_staged(ctx, files, check->pool, &staged);
    }
    if (rv == APR_SUCCESS && staged.files > 0) {
        add_dir(check, DU_FINDING_STAGING, &staged);
    }
    return rv;
}

apr_status_t du_store_check(du_ctx_t *ctx, du_store_t *store, const char *files, int digests, apr_pool_t *pool,
                            apr_array_header_t **findings)
{
    check_t check = {.ctx = ctx,
                     .store = store,
                     .root = apr_pstrcat(pool, files, "/" DU_IMAGE_ROOT, NULL),
                     .digests = digests,
                     .pool = pool,
                     .findings = apr_array_make(pool, 8, sizeof(du_finding_t)),
                     .seen = apr_hash_make(pool)};

    apr_status_t rv = du_db_snapshot(ctx, store->db, check_rows, &check);

    *findings = check.findings;
    if (rv == APR_SUCCESS) {
        rv = check_identity(ctx, &check, files);
    }
    return rv == APR_SUCCESS ? check_tree(ctx, &check, files) : rv;
}
