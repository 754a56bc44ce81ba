#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_schema.h"
#include "du_text.h"

/* Where rows are collected. Every row function takes one of these. */
typedef struct rows_t {
    du_ctx_t *ctx;
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

static rows_t make_rows(du_ctx_t *ctx, apr_pool_t *pool, size_t size)
{
    rows_t rows = {ctx, pool, apr_array_make(pool, 16, (int)size)};

    return rows;
}

apr_status_t du_store_open(du_ctx_t *ctx, const char *spec, apr_pool_t *pool, du_store_t **store)
{
    du_store_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = du_db_open(ctx, spec, 0, pool, &made->db);

    *store = NULL;
    if (rv == APR_SUCCESS) {
        rv = du_schema_check(ctx, made->db);
        if (rv != APR_SUCCESS) {
            du_db_close(made->db);
            return rv;
        }
        *store = made;
    }
    return rv;
}

apr_status_t du_store_check_spec(du_ctx_t *ctx, const char *spec, apr_pool_t *pool)
{
    return du_db_check_spec(ctx, spec, pool);
}

void du_store_close(du_store_t *store)
{
    du_db_close(store->db);
}

int du_store_is_replaced(du_ctx_t *ctx, const du_store_t *store)
{
    return du_db_is_replaced(ctx, store->db);
}

apr_status_t du_store_init(du_ctx_t *ctx, const char *spec, apr_pool_t *pool)
{
    du_db_t *db;
    apr_status_t rv = du_db_open(ctx, spec, DU_DB_CREATE, pool, &db);

    if (rv == APR_SUCCESS) {
        rv = du_schema_create(ctx, db);
        du_db_close(db);
    }
    return rv;
}

apr_status_t du_store_generation(du_ctx_t *ctx, du_store_t *store, apr_int64_t *generation)
{
    return du_schema_counter(ctx, store->db, "generation", generation);
}

/*
 * Rules
 */

static void read_key(apr_pool_t *pool, const char *const *columns, du_key_t *key)
{
#define READ_PART(part) key->part = apr_pstrdup(pool, *columns++);
    DU_KEY_PARTS(READ_PART)
#undef READ_PART
}

/* id, the five parts of the key, update type, pending, approved, restore */
static apr_status_t take_rule(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_rule_t *rule = apr_array_push(rows->array);

    (void)row_pool;
    memset(rule, 0, sizeof(*rule));
    rule->id = apr_atoi64(columns[0]);
    read_key(rows->pool, columns + 1, &rule->key);
    rule->update_type = apr_pstrdup(rows->pool, columns[6]);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        rule->versions.slot[slot] = apr_pstrdup(rows->pool, columns[7 + slot]);
    }
    return APR_SUCCESS;
}

apr_status_t du_store_rules(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **rules)
{
    rows_t rows = make_rows(ctx, pool, sizeof(du_rule_t));

    *rules = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_RULES, NULL, take_rule, &rows);
}

/* The only row of a statement, or DU_E_NOT_FOUND without a word: whether that is a failure, the caller knows. */
static apr_status_t select_one(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char *arg,
                               du_db_row_fn *take, size_t size, apr_pool_t *pool, void **one)
{
    const char *args[] = {arg, NULL};
    rows_t rows = make_rows(ctx, pool, size);
    apr_status_t rv = du_db_select(ctx, store->db, statement, args, take, &rows);

    *one = rows.array->elts;
    return rv == APR_SUCCESS && rows.array->nelts == 0 ? DU_E_NOT_FOUND : rv;
}

apr_status_t du_store_rule(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, apr_pool_t *pool, du_rule_t **rule)
{
    apr_status_t rv =
        select_one(ctx, store, DU_SQL_RULE, du_text_number(pool, id), take_rule, sizeof(**rule), pool, (void **)rule);

    if (rv == DU_E_NOT_FOUND) {
        return du_fail(ctx, rv, DUNO(0540), "there is no rule %" APR_INT64_T_FMT, id);
    }
    return rv;
}

apr_status_t du_store_rule_by_key(du_ctx_t *ctx, du_store_t *store, const du_key_t *key, apr_pool_t *pool,
                                  du_rule_t **rule)
{
    return select_one(ctx, store, DU_SQL_RULE_BY_KEY, du_text_fold(pool, du_key_path(pool, key)), take_rule,
                      sizeof(**rule), pool, (void **)rule);
}

/*
 * Images
 */

/* name, size, digest, signature, its size, its digest, timestamp */
static apr_status_t read_file(du_ctx_t *ctx, apr_pool_t *pool, const char *const *columns, du_file_t *file)
{
    file->name = apr_pstrdup(pool, columns[0]);
    file->size = apr_atoi64(columns[1]);
    file->signature = apr_pstrdup(pool, columns[3]);
    file->signature_size = apr_atoi64(columns[4]);
    file->timestamp = apr_pstrdup(pool, columns[6]);
    if (!du_text_unhex(columns[2], file->digest, DU_DIGEST_SIZE) ||
        !du_text_unhex(columns[5], file->signature_digest, DU_DIGEST_SIZE)) {
        return du_fail(ctx, DU_E_STORE, DUNO(0541), "the store has no valid digest of %s",
                       du_text_for_log(ctx->pool, file->name));
    }
    return APR_SUCCESS;
}

static apr_status_t take_file(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;

    (void)row_pool;
    return read_file(rows->ctx, rows->pool, columns, apr_array_push(rows->array));
}

/* An image without its files. */
typedef struct image_row_t {
    const char *id, *version, *trust, *signer;
} image_row_t;

/* id, version, trust, signer */
static apr_status_t take_image(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    image_row_t *row = apr_array_push(rows->array);

    (void)row_pool;
    row->id = apr_pstrdup(rows->pool, columns[0]);
    row->version = apr_pstrdup(rows->pool, columns[1]);
    row->trust = apr_pstrdup(rows->pool, columns[2]);
    row->signer = apr_pstrdup(rows->pool, columns[3]);
    return APR_SUCCESS;
}

static apr_status_t read_image(du_ctx_t *ctx, du_store_t *store, const image_row_t *row, apr_pool_t *pool,
                               du_image_t **image)
{
    const char *args[] = {row->id, NULL};
    rows_t rows = make_rows(ctx, pool, sizeof(du_file_t));
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_IMAGE_FILES, args, take_file, &rows);

    *image = apr_palloc(pool, sizeof(**image));
    (*image)->version = row->version;
    (*image)->trust = row->trust;
    (*image)->signer = row->signer;
    (*image)->nfiles = rows.array->nelts;
    (*image)->files = (du_file_t *)rows.array->elts;
    return rv;
}

static apr_status_t take_text(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    apr_array_header_t *texts = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(texts, const char *) = apr_pstrdup(texts->pool, columns[0]);
    return APR_SUCCESS;
}

apr_status_t du_store_texts(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char *const *args,
                            apr_pool_t *pool, apr_array_header_t **texts)
{
    *texts = apr_array_make(pool, 4, sizeof(const char *));
    return du_db_select(ctx, store->db, statement, args, take_text, *texts);
}

apr_status_t du_store_image(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, const char *version,
                            apr_pool_t *pool, du_image_t **image)
{
    const char *args[] = {du_text_number(pool, rule_id), version, NULL};
    rows_t rows = make_rows(ctx, pool, sizeof(image_row_t));
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_IMAGE, args, take_image, &rows);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rows.array->nelts == 0) {
        return DU_E_NOT_FOUND;
    }
    return read_image(ctx, store, &APR_ARRAY_IDX(rows.array, 0, image_row_t), pool, image);
}

/*
 * The rule set: two queries in the order of rule ids, joined here
 */

typedef struct joining_t {
    rows_t rules;
    int rule;          /* index of the rule whose files come now */
    du_image_t *image; /* the image whose files come now; its files are in `files` */
    apr_array_header_t *files;
} joining_t;

/* The files collected so far belong to joining->image. */
static void finish_image(joining_t *joining)
{
    if (joining->image) {
        joining->image->nfiles = joining->files->nelts;
        joining->image->files = (du_file_t *)joining->files->elts;
        joining->image = NULL;
    }
}

static void begin_image(joining_t *joining, du_rule_t *rule, const char *version)
{
    apr_pool_t *pool = joining->rules.pool;

    joining->image = apr_pcalloc(pool, sizeof(*joining->image));
    joining->image->version = apr_pstrdup(pool, version);
    joining->files = apr_array_make(pool, 1, sizeof(du_file_t));
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (du_text_equal(rule->versions.slot[slot], version)) {
            rule->image[slot] = joining->image;
        }
    }
}

/* rule id, version, and the columns of read_file() */
static apr_status_t join_file(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    joining_t *joining = baton;
    apr_array_header_t *rules = joining->rules.array;
    apr_int64_t id = apr_atoi64(columns[0]);

    (void)row_pool;
    while (joining->rule < rules->nelts && APR_ARRAY_IDX(rules, joining->rule, du_rule_t).id < id) {
        finish_image(joining);
        joining->rule++;
    }
    if (joining->rule == rules->nelts || APR_ARRAY_IDX(rules, joining->rule, du_rule_t).id != id) {
        return APR_SUCCESS; /* a rule that came after the first query; the generation will tell */
    }
    if (!joining->image || !du_text_equal(joining->image->version, columns[1])) {
        finish_image(joining);
        begin_image(joining, &APR_ARRAY_IDX(rules, joining->rule, du_rule_t), columns[1]);
    }
    return read_file(joining->rules.ctx, joining->rules.pool, columns + 2, apr_array_push(joining->files));
}

static apr_status_t read_ruleset(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **rules)
{
    joining_t joining = {.rules = make_rows(ctx, pool, sizeof(du_rule_t))};
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_RULES, NULL, take_rule, &joining.rules);

    *rules = joining.rules.array;
    if (rv == APR_SUCCESS) {
        rv = du_db_select(ctx, store->db, DU_SQL_RULESET_FILES, NULL, join_file, &joining);
        finish_image(&joining);
    }
    return rv;
}

/* mac, serial, held */
static apr_status_t take_held(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    apr_array_header_t *held = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(held, du_held_t) =
        (du_held_t){apr_pstrdup(held->pool, columns[0]), apr_pstrdup(held->pool, columns[1]),
                    apr_pstrdup(held->pool, columns[2])};
    return APR_SUCCESS;
}

/* The generation is read first: if something changes while the rest is read, the next poll sees a newer one. */
apr_status_t du_store_snapshot(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_snapshot_t *snapshot)
{
    apr_status_t rv = du_store_generation(ctx, store, &snapshot->generation);

    snapshot->settings = (du_settings_t){{NULL}};
    snapshot->held = apr_array_make(pool, 4, sizeof(du_held_t));
    if (rv == APR_SUCCESS) {
        rv = read_ruleset(ctx, store, pool, &snapshot->rules);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_sites(ctx, store, pool, &snapshot->sites);
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_select(ctx, store->db, DU_SQL_HELD, NULL, take_held, snapshot->held);
    }
    return rv == APR_SUCCESS ? du_store_test_devices(ctx, store, pool, &snapshot->test_devices) : rv;
}

/*
 * Packages
 */

/* id, filename, size, digest, imported, actor, note, trust, signer */
static apr_status_t take_package(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_package_t *package = apr_array_push(rows->array);

    (void)row_pool;
    package->id = apr_atoi64(columns[0]);
    package->filename = apr_pstrdup(rows->pool, columns[1]);
    package->size = apr_atoi64(columns[2]);
    package->digest = apr_pstrdup(rows->pool, columns[3]);
    package->imported = apr_atoi64(columns[4]);
    package->actor = apr_pstrdup(rows->pool, columns[5]);
    package->note = apr_pstrdup(rows->pool, columns[6]);
    package->trust = apr_pstrdup(rows->pool, columns[7]);
    package->signer = apr_pstrdup(rows->pool, columns[8]);
    return APR_SUCCESS;
}

apr_status_t du_store_packages(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **packages)
{
    rows_t rows = make_rows(ctx, pool, sizeof(du_package_t));

    *packages = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_PACKAGES, NULL, take_package, &rows);
}

apr_status_t du_store_package(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, apr_pool_t *pool,
                              du_package_t **package)
{
    apr_status_t rv = select_one(ctx, store, DU_SQL_PACKAGE, du_text_number(pool, id), take_package,
                                 sizeof(**package), pool, (void **)package);

    if (rv == DU_E_NOT_FOUND) {
        return du_fail(ctx, rv, DUNO(0542), "there is no package %" APR_INT64_T_FMT, id);
    }
    return rv;
}

apr_status_t du_store_package_by_digest(du_ctx_t *ctx, du_store_t *store, const char *digest, apr_pool_t *pool,
                                        du_package_t **package)
{
    return select_one(ctx, store, DU_SQL_PACKAGE_BY_DIGEST, digest, take_package, sizeof(**package), pool,
                      (void **)package);
}

/* An image of a package: its row is kept for the second query. */
typedef struct packaged_t {
    image_row_t image;
    du_rule_t rule;
} packaged_t;

/* image id, rule id, the five parts of the key, update type, version, trust, signer */
static apr_status_t take_packaged(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    packaged_t *packaged = apr_array_push(rows->array);
    du_rule_t *rule = &packaged->rule;

    (void)row_pool;
    memset(packaged, 0, sizeof(*packaged));
    packaged->image.id = apr_pstrdup(rows->pool, columns[0]);
    packaged->image.version = apr_pstrdup(rows->pool, columns[8]);
    packaged->image.trust = apr_pstrdup(rows->pool, columns[9]);
    packaged->image.signer = apr_pstrdup(rows->pool, columns[10]);
    rule->id = apr_atoi64(columns[1]);
    read_key(rows->pool, columns + 2, &rule->key);
    rule->update_type = apr_pstrdup(rows->pool, columns[7]);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        rule->versions.slot[slot] = slot == DU_PENDING ? packaged->image.version : "";
    }
    return APR_SUCCESS;
}

apr_status_t du_store_package_images(du_ctx_t *ctx, du_store_t *store, apr_int64_t package_id, apr_pool_t *pool,
                                     apr_array_header_t **rules)
{
    const char *args[] = {du_text_number(pool, package_id), NULL};
    rows_t rows = make_rows(ctx, pool, sizeof(packaged_t));
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_PACKAGE_IMAGES, args, take_packaged, &rows);

    *rules = apr_array_make(pool, rows.array->nelts, sizeof(du_rule_t));
    for (int i = 0; i < rows.array->nelts && rv == APR_SUCCESS; i++) {
        packaged_t *packaged = &APR_ARRAY_IDX(rows.array, i, packaged_t);
        du_image_t *image;

        rv = read_image(ctx, store, &packaged->image, pool, &image);
        packaged->rule.image[DU_PENDING] = image;
        APR_ARRAY_PUSH(*rules, du_rule_t) = packaged->rule;
    }
    return rv;
}
