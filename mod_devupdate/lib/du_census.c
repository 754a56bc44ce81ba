#include "du_census.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "du_csv.h"
#include "du_daylog.h"
#include "du_journal.h"
#include "du_text.h"

typedef struct phone_t phone_t;

struct phone_t {
    char time[DU_DAYLOG_TIME_SIZE]; /* of the record that the rest is from */
    const char *kind;               /* the key of its rule, folded; one copy for all */
    const char *version;            /* likewise */
    phone_t *next;                  /* of the same kind; set when all are read */
};

struct du_census_t {
    apr_pool_t *pool;
    apr_hash_t *phones; /* by identity */
    apr_hash_t *kinds;  /* key of a rule, folded -> first phone_t of it */
    apr_hash_t *texts;  /* one copy of each text that many phones share */
    apr_int64_t bad_lines, dropped;
};

static const char *shared(du_census_t *census, const char *text)
{
    const char *copy = apr_hash_get(census->texts, text, APR_HASH_KEY_STRING);

    if (!copy) {
        copy = apr_pstrdup(census->pool, text);
        apr_hash_set(census->texts, copy, APR_HASH_KEY_STRING, copy);
    }
    return copy;
}

/* NULL if there is nothing to know the phone by. The letter keeps a serial number from being taken for an address. */
static const char *identity(const char *const *cells, apr_pool_t *scratch)
{
    const char *mac = du_mac_canonical(scratch, cells[DU_CHECK_MAC]);
    const char *serial = mac ? NULL : du_serial_canonical(scratch, cells[DU_CHECK_SERIAL]);

    if (mac || serial) {
        return apr_pstrcat(scratch, mac ? "m" : "s", mac ? mac : serial, NULL);
    }
    return *cells[DU_CHECK_ADDRESS] ? apr_pstrcat(scratch, "a", cells[DU_CHECK_ADDRESS], NULL) : NULL;
}

/* The second field of the first module: "CPE.nbt;4.0.7577.4463;...#..." */
static const char *version_of(const char *modules, apr_pool_t *scratch)
{
    apr_size_t module = strcspn(modules, "#"), name = strcspn(modules, ";#");

    if (name == module) {
        return "";
    }
    return apr_pstrmemdup(scratch, modules + name + 1, strcspn(modules + name + 1, ";#"));
}

static phone_t *find_or_add(du_census_t *census, const char *id)
{
    phone_t *phone = apr_hash_get(census->phones, id, APR_HASH_KEY_STRING);

    if (!phone && apr_hash_count(census->phones) < DU_CENSUS_PHONES_MAX) {
        phone = apr_pcalloc(census->pool, sizeof(*phone));
        apr_hash_set(census->phones, apr_pstrdup(census->pool, id), APR_HASH_KEY_STRING, phone);
    }
    return phone;
}

/* Several nodes' records are not in order; of two of the same second the one read later counts. */
static void take_record(du_census_t *census, const char *const *cells, apr_pool_t *scratch)
{
    const du_key_t key = {cells[DU_CHECK_TYPE], cells[DU_CHECK_VENDOR], cells[DU_CHECK_MODEL],
                          cells[DU_CHECK_REVISION], cells[DU_CHECK_LOCALE]};
    const char *id = identity(cells, scratch);
    phone_t *phone;

    if (!id || !du_key_is_complete(&key)) {
        return;
    }
    phone = find_or_add(census, id);
    if (!phone) {
        census->dropped++;
    } else if (strcmp(cells[DU_CHECK_TIME], phone->time) >= 0) {
        apr_cpystrn(phone->time, cells[DU_CHECK_TIME], sizeof(phone->time));
        phone->kind = shared(census, du_text_fold(scratch, du_key_path(scratch, &key)));
        phone->version = shared(census, version_of(cells[DU_CHECK_REQUEST], scratch));
    }
}

static int is_header(const char *const *cells)
{
    static const char *const names[] = {
#define COLUMN_NAME(id, name) name,
        DU_CHECK_COLUMNS(COLUMN_NAME)
#undef COLUMN_NAME
    };

    return du_text_equal(cells[DU_CHECK_TIME], names[DU_CHECK_TIME]);
}

/* "yyyy-mm-dd hh:mm:ss" */
static int is_time(const char *text)
{
    static const char form[] = "dddd-dd-dd dd:dd:dd";

    for (apr_size_t i = 0; i < sizeof(form); i++) {
        if (form[i] == 'd' ? !(text[i] >= '0' && text[i] <= '9') : text[i] != form[i]) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t read_file(du_census_t *census, const char *path, apr_pool_t *pool)
{
    const char *const *cells;
    apr_pool_t *scratch;
    du_csv_t *csv;
    int count;
    apr_status_t rv = du_csv_open(path, pool, &csv);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&scratch, pool);
    while ((rv = du_csv_next(csv, &cells, &count)) == APR_SUCCESS || rv == DU_E_MALFORMED) {
        if (rv == DU_E_MALFORMED || count != DU_CHECK_COLUMN_COUNT ||
            (!is_header(cells) && !is_time(cells[DU_CHECK_TIME]))) {
            census->bad_lines++;
        } else if (!is_header(cells)) {
            take_record(census, cells, scratch);
        }
        apr_pool_clear(scratch);
    }
    du_csv_close(csv);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* A file that vanishes in between was cleaned up. */
static apr_status_t read_directory(du_census_t *census, const char *path, apr_pool_t *pool)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    apr_pool_t *each;
    apr_status_t rv = apr_dir_open(&dir, path, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&each, pool);
    while (rv == APR_SUCCESS && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (du_text_begins(entry.name, DU_JOURNAL_CHECKS)) {
            rv = read_file(census, apr_pstrcat(each, path, "/", entry.name, NULL), each);
        }
        if (APR_STATUS_IS_ENOENT(rv)) {
            rv = APR_SUCCESS;
        }
        apr_pool_clear(each);
    }
    apr_dir_close(dir);
    return rv;
}

static void group(du_census_t *census)
{
    for (apr_hash_index_t *at = apr_hash_first(census->pool, census->phones); at; at = apr_hash_next(at)) {
        void *value;
        phone_t *phone;

        apr_hash_this(at, NULL, NULL, &value);
        phone = value;
        phone->next = apr_hash_get(census->kinds, phone->kind, APR_HASH_KEY_STRING);
        apr_hash_set(census->kinds, phone->kind, APR_HASH_KEY_STRING, phone);
    }
}

apr_status_t du_census_take(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_census_t **census)
{
    const char *path = apr_pstrcat(pool, files, "/" DU_JOURNAL_DIR, NULL);
    du_census_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->pool = pool;
    made->phones = apr_hash_make(pool);
    made->kinds = apr_hash_make(pool);
    made->texts = apr_hash_make(pool);
    rv = read_directory(made, path, ctx->pool);
    if (rv == APR_SUCCESS) {
        group(made);
        *census = made;
    } else if (!APR_STATUS_IS_ENOENT(rv)) {
        du_fail(ctx, rv, DUNO(0707), "the audit files in %s cannot be read: %pm", path, (void *)&rv);
    }
    return rv;
}

void du_census_count(const du_census_t *census, const du_key_t *key, const char *version, int *known, int *others)
{
    const char *kind = du_text_fold(census->pool, du_key_path(census->pool, key));

    *known = *others = 0;
    for (const phone_t *p = apr_hash_get(census->kinds, kind, APR_HASH_KEY_STRING); p; p = p->next) {
        ++*known;
        *others += !du_text_equal(p->version, version);
    }
}

int du_census_phones(const du_census_t *census)
{
    return (int)apr_hash_count(census->phones);
}

apr_int64_t du_census_bad_lines(const du_census_t *census)
{
    return census->bad_lines;
}

apr_int64_t du_census_dropped(const du_census_t *census)
{
    return census->dropped;
}
