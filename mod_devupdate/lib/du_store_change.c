#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_schema.h"
#include "du_text.h"

/* One change on its way through its transaction. */
typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    apr_pool_t *pool;
    du_package_t *package;        /* of an import */
    apr_array_header_t *arrivals; /* likewise */
    int is_known;                 /* the package came in before */
} change_t;

static change_t make_change(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .pool = ctx->pool};

    return change;
}

apr_status_t du_store_raise_by(du_ctx_t *ctx, du_store_t *store, const char *name, int by, apr_int64_t *value)
{
    const char *args[] = {apr_itoa(ctx->pool, by), name, NULL};
    apr_status_t rv = du_db_execute(ctx, store->db, DU_SQL_COUNTER_RAISE, args, NULL);

    return rv == APR_SUCCESS ? du_schema_counter(ctx, store->db, name, value) : rv;
}

apr_status_t du_store_raise(du_ctx_t *ctx, du_store_t *store, const char *name, apr_int64_t *value)
{
    return du_store_raise_by(ctx, store, name, 1, value);
}

static apr_status_t raise_counter(du_ctx_t *ctx, const change_t *change, const char *name, apr_int64_t *value)
{
    return du_store_raise(ctx, change->store, name, value);
}

/* Every change begins with this: the row that nodes poll is also the lock on which writers wait for each other. */
static apr_status_t raise_generation(du_ctx_t *ctx, const change_t *change)
{
    apr_int64_t generation;

    return raise_counter(ctx, change, "generation", &generation);
}

static apr_status_t record_activity(du_ctx_t *ctx, const change_t *change, const char *action, const char *object,
                                    const char *before, const char *after)
{
    return du_store_record(ctx, change->store, change->actor, action, object, before, after);
}

/*
 * An import
 */

static apr_status_t write_package(du_ctx_t *ctx, const change_t *change, du_sql_e statement)
{
    const du_package_t *p = change->package;
    const char *args[] = {p->filename,
                          du_text_number(change->pool, p->size),
                          du_text_number(change->pool, p->imported),
                          p->actor,
                          p->note,
                          p->trust,
                          du_text_or_empty(p->signer),
                          p->digest,
                          du_text_number(change->pool, p->id),
                          NULL};

    return du_db_execute(ctx, change->store->db, statement, args, NULL);
}

/* A package that came in before keeps its number; its row tells of the last time. */
static apr_status_t record_package(du_ctx_t *ctx, change_t *change)
{
    du_package_t *p = change->package, *known;
    apr_status_t rv = du_store_package_by_digest(ctx, change->store, p->digest, change->pool, &known);

    change->is_known = rv == APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        p->id = known->id;
        return write_package(ctx, change, DU_SQL_PACKAGE_UPDATE);
    }
    if (rv == DU_E_NOT_FOUND) {
        rv = raise_counter(ctx, change, "package", &p->id);
    }
    return rv == APR_SUCCESS ? write_package(ctx, change, DU_SQL_PACKAGE_INSERT) : rv;
}

/* A new rule has no versions yet. */
static apr_status_t insert_rule(du_ctx_t *ctx, const change_t *change, du_arrival_t *arrival, du_rule_t **rule)
{
    const du_key_t *key = &arrival->key;
    du_rule_t *made = apr_pcalloc(change->pool, sizeof(*made));
    apr_status_t rv = raise_counter(ctx, change, "rule", &made->id);
    const char *args[] = {du_text_number(change->pool, made->id),
                          du_text_fold(change->pool, du_key_path(change->pool, key)),
                          key->type,
                          key->brand,
                          key->model,
                          key->revision,
                          key->locale,
                          arrival->update_type,
                          "",
                          "",
                          "",
                          NULL};

    made->key = *key;
    made->update_type = arrival->update_type;
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        made->versions.slot[slot] = "";
    }
    *rule = made;
    arrival->is_new_rule = 1;
    return rv == APR_SUCCESS ? du_db_execute(ctx, change->store->db, DU_SQL_RULE_INSERT, args, NULL) : rv;
}

static apr_status_t find_or_insert_rule(du_ctx_t *ctx, const change_t *change, du_arrival_t *arrival,
                                        du_rule_t **rule)
{
    apr_status_t rv = du_store_rule_by_key(ctx, change->store, &arrival->key, change->pool, rule);

    arrival->is_new_rule = 0;
    return rv == DU_E_NOT_FOUND ? insert_rule(ctx, change, arrival, rule) : rv;
}

static apr_status_t insert_file(du_ctx_t *ctx, const change_t *change, apr_int64_t image_id, int position,
                                const du_file_t *file)
{
    const char *args[] = {du_text_number(change->pool, image_id),
                          du_text_number(change->pool, position),
                          file->name,
                          du_text_number(change->pool, file->size),
                          du_text_hex(change->pool, file->digest, DU_DIGEST_SIZE),
                          file->signature,
                          du_text_number(change->pool, file->signature_size),
                          du_text_hex(change->pool, file->signature_digest, DU_DIGEST_SIZE),
                          file->timestamp,
                          NULL};

    return du_db_execute(ctx, change->store->db, DU_SQL_IMAGE_FILE_INSERT, args, NULL);
}

static apr_status_t insert_image(du_ctx_t *ctx, const change_t *change, const du_arrival_t *arrival)
{
    apr_int64_t id;
    apr_status_t rv = raise_counter(ctx, change, "image", &id);

    if (rv == APR_SUCCESS) {
        const char *trust = arrival->image.trust;
        const char *args[] = {du_text_number(change->pool, id),
                              du_text_number(change->pool, arrival->rule_id),
                              arrival->image.version,
                              du_text_number(change->pool, change->package->id),
                              trust ? trust : DU_TRUST_UNVERIFIED,
                              du_text_or_empty(arrival->image.signer),
                              NULL};

        rv = du_db_execute(ctx, change->store->db, DU_SQL_IMAGE_INSERT, args, NULL);
    }
    for (int i = 0; i < arrival->image.nfiles && rv == APR_SUCCESS; i++) {
        rv = insert_file(ctx, change, id, i, &arrival->image.files[i]);
    }
    return rv;
}

static int same_file(const du_file_t *a, const du_file_t *b)
{
    return du_text_equal(a->name, b->name) && du_text_equal(a->signature, b->signature) &&
           memcmp(a->digest, b->digest, DU_DIGEST_SIZE) == 0 &&
           memcmp(a->signature_digest, b->signature_digest, DU_DIGEST_SIZE) == 0;
}

int du_image_same(const du_image_t *a, const du_image_t *b)
{
    int same = a->nfiles == b->nfiles;

    for (int i = 0; i < a->nfiles && same; i++) {
        same = same_file(&a->files[i], &b->files[i]);
    }
    return same;
}

/* Inserts the image unless the very same one is there. */
static apr_status_t record_image(du_ctx_t *ctx, const change_t *change, du_arrival_t *arrival)
{
    du_image_t *known;
    apr_status_t rv =
        du_store_image(ctx, change->store, arrival->rule_id, arrival->image.version, change->pool, &known);

    arrival->already = rv == APR_SUCCESS;
    if (rv == DU_E_NOT_FOUND) {
        return insert_image(ctx, change, arrival);
    }
    if (rv == APR_SUCCESS && !du_image_same(known, &arrival->image)) {
        return du_fail(ctx, DU_E_CONFLICT, DUNO(0691), "version %s for %s is there already, with other files",
                       du_text_for_log(ctx->pool, arrival->image.version),
                       du_text_for_log(ctx->pool, du_key_path(ctx->pool, &arrival->key)));
    }
    return rv;
}

static apr_status_t record_arrival(du_ctx_t *ctx, const change_t *change, du_arrival_t *arrival)
{
    apr_array_header_t *entries = apr_array_make(change->pool, 1, sizeof(du_entry_t));
    du_rule_t *rule;
    apr_status_t rv = find_or_insert_rule(ctx, change, arrival, &rule);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    arrival->rule_id = rule->id;
    rv = record_image(ctx, change, arrival);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = du_lifecycle_apply(DU_ACTION_IMPORT, &rule->versions, arrival->image.version, &arrival->versions);
    if (rv == DU_E_NOTHING) {
        return APR_SUCCESS;
    }
    rv = du_store_change_rules(ctx, change->store, DU_ACTION_IMPORT, &(du_change_t){rule, arrival->versions}, 1,
                               entries);
    return rv == APR_SUCCESS ? du_store_record_all(ctx, change->store, change->actor, entries) : rv;
}

static apr_status_t import(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    int brings = 0;
    apr_status_t rv = raise_generation(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = record_package(ctx, change);
    }
    for (int i = 0; i < change->arrivals->nelts && rv == APR_SUCCESS; i++) {
        du_arrival_t *arrival = &APR_ARRAY_IDX(change->arrivals, i, du_arrival_t);

        rv = record_arrival(ctx, change, arrival);
        brings += !arrival->already;
    }
    if (rv == APR_SUCCESS && change->is_known && brings == 0) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0690),
                       "this package was already imported, as package %" APR_INT64_T_FMT, change->package->id);
    }
    if (rv == APR_SUCCESS) {
        rv = record_activity(
            ctx, change, "import",
            apr_pstrcat(change->pool, "package ", du_text_number(change->pool, change->package->id), NULL), "",
            apr_pstrcat(change->pool, change->package->filename, " trust=", change->package->trust, NULL));
    }
    return rv;
}

apr_status_t du_store_import(du_ctx_t *ctx, du_store_t *store, du_package_t *package, apr_array_header_t *arrivals,
                             const du_actor_t *actor)
{
    change_t change = make_change(ctx, store, actor);

    change.package = package;
    change.arrivals = arrivals;
    return du_db_transaction(ctx, store->db, import, &change);
}
