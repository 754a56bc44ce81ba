#include <string.h>

#include <apr_strings.h>

#include "du_batch.h"
#include "du_fleet_rows.h"

/*
 * Which phone is of which kind
 */

static const char *kind_name(const du_fleet_t *fleet, const char *device_key, const char *version,
                             const char *site_key, const char *state)
{
    return apr_pstrcat(fleet->pool, device_key, "\n", version, "\n", site_key, "\n", state, NULL);
}

/* The kind that a phone is of now, of the store or a new one. */
static apr_status_t find_kind(du_fleet_t *fleet, const du_fleet_phone_t *phone, du_kind_t **kind)
{
    const char *state = du_phone_state_word(phone->is.state);
    const char *args[] = {phone->device_key, phone->is.version, phone->is.site, state, NULL};
    const char *name = kind_name(fleet, args[0], args[1], args[2], args[3]);
    apr_int64_t id = 0;
    apr_status_t rv = APR_SUCCESS;

    *kind = apr_hash_get(fleet->kinds, name, APR_HASH_KEY_STRING);
    if (*kind) {
        return APR_SUCCESS;
    }
    rv = du_db_number(fleet->ctx, fleet->store->db, DU_SQL_FLEET_KIND, args, &id);
    *kind = id ? apr_hash_get(fleet->kinds_by_id, &id, sizeof(id)) : NULL;
    if (!*kind) {
        *kind = apr_pcalloc(fleet->pool, sizeof(**kind));
        **kind = (du_kind_t){id, phone->device_key, phone->is.key, args[1], args[2], state, 0, id == 0};
    }
    apr_hash_set(fleet->kinds, name, APR_HASH_KEY_STRING, *kind);
    return rv;
}

static int is_kind(const du_kind_t *kind, const du_fleet_phone_t *phone)
{
    return strcmp(kind->version, phone->is.version) == 0 &&
           strcmp(kind->state, du_phone_state_word(phone->is.state)) == 0 &&
           strcmp(kind->site_key, phone->is.site) == 0 && strcmp(kind->device_key, phone->device_key) == 0;
}

/* Moves a phone from the kind it was of to the one it is of. */
static apr_status_t move_phone(du_fleet_t *fleet, du_fleet_phone_t *phone)
{
    du_kind_t *kind;
    apr_status_t rv;

    if (phone->is_gone) {
        if (phone->kind) {
            phone->kind->phones--;
        }
        return APR_SUCCESS;
    }
    if (!phone->changed || (phone->kind && is_kind(phone->kind, phone))) {
        return APR_SUCCESS;
    }
    rv = find_kind(fleet, phone, &kind);
    if (rv == APR_SUCCESS && kind != phone->kind) {
        if (phone->kind) {
            phone->kind->phones--;
        }
        kind->phones++;
        phone->kind = kind;
        phone->changed |= DU_CHANGED_PHONE;
    }
    return rv;
}

apr_status_t du_fleet_move_phones(du_fleet_t *fleet)
{
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->kinds_by_id); at; at = apr_hash_next(at)) {
        void *value;
        du_kind_t *kind;

        apr_hash_this(at, NULL, NULL, &value);
        kind = value;
        apr_hash_set(fleet->kinds, kind_name(fleet, kind->device_key, kind->version, kind->site_key, kind->state),
                     APR_HASH_KEY_STRING, kind);
    }
    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        rv = move_phone(fleet, APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *));
    }
    return rv;
}

/*
 * How many phones there are of each
 */

static apr_status_t insert_kind(du_fleet_t *fleet, du_kind_t *kind)
{
    const char *args[] = {NULL,
                          kind->device_key,
                          kind->key.type,
                          kind->key.brand,
                          kind->key.model,
                          kind->key.revision,
                          kind->key.locale,
                          kind->version,
                          kind->site_key,
                          kind->state,
                          du_fleet_number(fleet, kind->phones),
                          NULL};
    apr_status_t rv = du_store_raise(fleet->ctx, fleet->store, "device_count", &kind->id);

    args[0] = du_fleet_number(fleet, kind->id);
    return rv == APR_SUCCESS ? du_fleet_execute(fleet, DU_SQL_FLEET_KIND_INSERT, args) : rv;
}

/* What is counted by kind and version alone (device_version). */
typedef struct version_t {
    const du_kind_t *kind; /* one of them */
    apr_int64_t phones;    /* how many more */
} version_t;

static void count_version(const du_fleet_t *fleet, apr_hash_t *versions, const du_kind_t *kind)
{
    const char *name = apr_pstrcat(fleet->pool, kind->device_key, "\n", kind->version, NULL);
    version_t *version = apr_hash_get(versions, name, APR_HASH_KEY_STRING);

    if (!version) {
        version = apr_pcalloc(fleet->pool, sizeof(*version));
        version->kind = kind;
        apr_hash_set(versions, name, APR_HASH_KEY_STRING, version);
    }
    version->phones += kind->phones;
}

static apr_status_t save_versions(du_fleet_t *fleet, apr_hash_t *versions)
{
    const du_batch_t rows = du_batch_make(fleet->pool, DU_SQL_FLEET_VERSION_COUNT, 8);

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, versions); at; at = apr_hash_next(at)) {
        const version_t *version;
        void *value;

        apr_hash_this(at, NULL, NULL, &value);
        version = value;
        if (version->phones != 0) {
            const du_kind_t *kind = version->kind;
            const char *row[] = {kind->device_key, kind->version,
#define PART(part) kind->key.part,
                                 DU_KEY_PARTS(PART)
#undef PART
                                     du_fleet_number(fleet, version->phones)};

            du_batch_put(&rows, row, 8);
        }
    }
    return du_batch_write(fleet->ctx, fleet->store->db, &rows, NULL);
}

apr_status_t du_fleet_save_kinds(du_fleet_t *fleet)
{
    apr_hash_t *versions = apr_hash_make(fleet->pool);
    const du_batch_t counts = du_batch_make(fleet->pool, DU_SQL_FLEET_KIND_COUNT, 2);
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->kinds); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        void *value;
        du_kind_t *kind;

        apr_hash_this(at, NULL, NULL, &value);
        kind = value;
        count_version(fleet, versions, kind);
        if (kind->is_new) {
            rv = insert_kind(fleet, kind);
        } else if (kind->phones != 0) {
            const char *row[] = {du_fleet_number(fleet, kind->id), du_fleet_number(fleet, kind->phones)};

            du_batch_put(&counts, row, 2);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = du_batch_write(fleet->ctx, fleet->store->db, &counts, NULL);
    }
    return rv == APR_SUCCESS ? save_versions(fleet, versions) : rv;
}
