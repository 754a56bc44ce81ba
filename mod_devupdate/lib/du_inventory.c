#include "du_inventory.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_inventory_rows.h"
#include "du_text.h"

#define ANY_SITE "*" /* cannot be the name of one */
#define LAST                                                                                                         \
    "\xf4\x8f\xbf\xbf" /* the last character there is: behind everything that begins with what is before it */
#define ARGS_MAX 48

static const char *const sorts[] = {
#define SORT(id, word) word,
    DU_INVENTORY_SORT_LIST(SORT)
#undef SORT
};

const char *du_sort_word(du_sort_e sort)
{
    return sorts[sort];
}

int du_sort_parse(const char *word, du_sort_e *sort)
{
    for (int i = 0; i < DU_SORTS; i++) {
        if (du_text_same(sorts[i], word)) {
            *sort = (du_sort_e)i;
            return 1;
        }
    }
    return 0;
}

apr_status_t du_inventory_view(du_ctx_t *ctx, du_store_t *store, du_inventory_view_t *view)
{
    du_settings_t settings;
    apr_status_t rv = du_store_settings(ctx, store, "", ctx->pool, &settings);

    view->gone_before = du_now(ctx) - apr_time_from_sec(du_setting_seconds(&settings, DU_SET_GONE_AFTER));
    return rv;
}

/*
 * Filters as parameters
 */

static int wants_state(const du_inventory_filter_t *filter, du_phone_state_e *state)
{
    *state = DU_PHONE_STATES; /* for a word that is none: matches no row */
    if (filter->state) {
        du_phone_state_parse(filter->state, state);
    }
    return filter->state != NULL;
}

static const char *wanted_state(const du_inventory_filter_t *filter)
{
    du_phone_state_e state;

    if (!wants_state(filter, &state) || state == DU_PHONE_GONE) {
        return "";
    }
    return state == DU_PHONE_STATES ? "?" : du_phone_state_word(state);
}

void du_inventory_kind_args(apr_pool_t *pool, const du_inventory_filter_t *filter, const char **args)
{
    const char *wanted[] = {
        du_text_fold(pool, du_text_or_empty(filter->type)),
        du_text_fold(pool, du_text_or_empty(filter->brand)),
        du_text_fold(pool, du_text_or_empty(filter->model)),
        du_text_fold(pool, du_text_or_empty(filter->revision)),
        du_text_fold(pool, du_text_or_empty(filter->locale)),
        du_text_or_empty(filter->version),
        filter->site ? du_text_fold(pool, filter->site) : ANY_SITE,
        wanted_state(filter),
    };

    for (int i = 0; i < DU_INVENTORY_KIND_ARGS / 2; i++) {
        args[2 * i] = args[2 * i + 1] = wanted[i];
    }
}

int du_inventory_has_kinds(const du_inventory_filter_t *filter)
{
    return filter->type || filter->brand || filter->model || filter->revision || filter->locale || filter->version ||
           filter->site || *wanted_state(filter);
}

int du_inventory_has_versions(const du_inventory_filter_t *filter)
{
    return !filter->site && !*wanted_state(filter);
}

/* When matching phones were last seen: from since to before until. */
static void seen_between(const du_inventory_view_t *view, const du_inventory_filter_t *filter, apr_time_t *since,
                         apr_time_t *until)
{
    du_phone_state_e state;
    int is_chosen = wants_state(filter, &state);

    *since = is_chosen && state != DU_PHONE_GONE ? view->gone_before : 0;
    *until = filter->seen_before ? filter->seen_before : APR_INT64_MAX;
    if (is_chosen && state == DU_PHONE_GONE && view->gone_before < *until) {
        *until = view->gone_before;
    }
}

/* The hexadecimal digits of what may be a part of a MAC address, "" if it is none. */
static const char *mac_part(apr_pool_t *pool, const char *text)
{
    char *digits = apr_palloc(pool, strlen(text) + 1), *end = digits;

    for (; *text; text++) {
        if (apr_isxdigit(*text)) {
            *end++ = (char)apr_toupper(*text);
        } else if (*text != '-' && *text != ':') {
            return "";
        }
    }
    *end = '\0';
    return digits;
}

/* 00-04-F, as a canonical MAC address begins */
static const char *mac_beginning(apr_pool_t *pool, const char *digits)
{
    char *text = apr_palloc(pool, 2 * strlen(digits) + 1), *end = text;

    for (int i = 0; digits[i]; i++) {
        if (i && i % 2 == 0) {
            *end++ = '-';
        }
        *end++ = digits[i];
    }
    *end = '\0';
    return text;
}

/* A range of nothing for "": that is not what is searched for. */
static const char **push_range(apr_pool_t *pool, const char **args, const char *beginning)
{
    *args++ = beginning;
    *args++ = *beginning ? apr_pstrcat(pool, beginning, LAST, NULL) : "";
    return args;
}

static const char **push_text(apr_pool_t *pool, const char **args, const char *text)
{
    const char *trimmed = text ? du_text_trim(apr_pstrdup(pool, text)) : "";
    int is_wanted = *trimmed != '\0';
    const char *found, *digits;

    if (strlen(trimmed) > DU_INVENTORY_TEXT_MAX || !du_text_is_utf8(trimmed, strlen(trimmed))) {
        trimmed = "";
    }
    found = du_text_fold(pool, trimmed);
    digits = mac_part(pool, trimmed);
    *args++ = is_wanted ? "1" : "";
    args = push_range(pool, args, mac_beginning(pool, digits));
    args = push_range(pool, args, du_phone_mac_reverse(pool, digits));
    args = push_range(pool, args, found);
    args = push_range(pool, args, found);
    return push_range(pool, args, found);
}

static const char **push_kinds(apr_pool_t *pool, const char **args, const du_inventory_filter_t *filter)
{
    *args++ = du_inventory_has_kinds(filter) ? "1" : "";
    du_inventory_kind_args(pool, filter, args);
    return args + DU_INVENTORY_KIND_ARGS;
}

static const char **push_seen(apr_pool_t *pool, const char **args, const du_inventory_view_t *view,
                              const du_inventory_filter_t *filter)
{
    apr_time_t since, until;

    seen_between(view, filter, &since, &until);
    *args++ = du_text_number(pool, since);
    *args++ = du_text_number(pool, until);
    return args;
}

/*
 * Counting
 */

static apr_status_t number_of(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char **args,
                              const char **end, apr_int64_t *number)
{
    *end = NULL;
    return du_db_number(ctx, store->db, statement, args, number);
}

static apr_status_t count_kinds(du_ctx_t *ctx, du_store_t *store, const du_inventory_filter_t *filter,
                                apr_int64_t *count)
{
    const char *args[ARGS_MAX];

    du_inventory_kind_args(ctx->pool, filter, args);
    return du_inventory_has_versions(filter)
               ? number_of(ctx, store, DU_SQL_PHONES_COUNT_OF_VERSIONS, args, args + DU_INVENTORY_VERSION_ARGS, count)
               : number_of(ctx, store, DU_SQL_PHONES_COUNT_OF_KINDS, args, args + DU_INVENTORY_KIND_ARGS, count);
}

/* How many the text finds, but not more than one more than a few. */
static apr_status_t count_text(du_ctx_t *ctx, du_store_t *store, const du_inventory_filter_t *filter,
                               apr_int64_t *count)
{
    const char *args[ARGS_MAX], **end = push_text(ctx->pool, args, filter->text);

    *end++ = du_text_number(ctx->pool, DU_INVENTORY_FEW + 1);
    return number_of(ctx, store, DU_SQL_PHONES_COUNT_OF_TEXT, args, end, count);
}

static apr_status_t count_seen(du_ctx_t *ctx, du_store_t *store, const du_inventory_filter_t *filter,
                               apr_time_t since, apr_time_t until, apr_int64_t *count)
{
    const char *args[ARGS_MAX] = {du_text_number(ctx->pool, since), du_text_number(ctx->pool, until)};

    return number_of(ctx, store, DU_SQL_PHONES_COUNT_SEEN, args, push_kinds(ctx->pool, args + 2, filter), count);
}

static apr_status_t count_matching(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                   const du_inventory_filter_t *filter, apr_int64_t *count)
{
    const char *args[ARGS_MAX], **end = push_seen(ctx->pool, args, view, filter);

    end = push_text(ctx->pool, push_kinds(ctx->pool, end, filter), filter->text);
    return number_of(ctx, store, DU_SQL_PHONES_COUNT_MATCHING, args, end, count);
}

/* Without a text: all of the kinds, less those that were last seen too early. Of these there are fewer than of the others. */
static apr_status_t count_present(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                  const du_inventory_filter_t *filter, apr_int64_t *count)
{
    apr_time_t since, until;
    apr_int64_t early = 0;
    apr_status_t rv;

    seen_between(view, filter, &since, &until);
    if (until != APR_INT64_MAX) {
        return count_seen(ctx, store, filter, since, until, count);
    }
    rv = count_kinds(ctx, store, filter, count);
    if (rv == APR_SUCCESS && since > 0) {
        rv = count_seen(ctx, store, filter, 0, since, &early);
    }
    *count -= early;
    return rv;
}

apr_status_t du_inventory_count(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                const du_inventory_filter_t *filter, apr_int64_t *count, int *is_counted)
{
    apr_status_t rv;

    *is_counted = 1;
    if (!filter->text) {
        return count_present(ctx, store, view, filter, count);
    }
    rv = count_text(ctx, store, filter, count);
    if (rv == APR_SUCCESS && *count > DU_INVENTORY_FEW) {
        *count = 0;
        *is_counted = 0;
        return APR_SUCCESS;
    }
    return rv == APR_SUCCESS ? count_matching(ctx, store, view, filter, count) : rv;
}

/*
 * Pages
 */

/* How matches are come by: in the order that is wanted until there are enough, or all at once to be put in that order. */
typedef enum { IN_ORDER, BY_KIND, BY_TEXT, WAYS } way_e;

static const du_sql_e statements[DU_SORTS][WAYS] = {
    [DU_SORT_SEEN] = {DU_SQL_PHONES_BY_SEEN, DU_SQL_PHONES_OF_KINDS_BY_SEEN, DU_SQL_PHONES_OF_TEXT_BY_SEEN},
    [DU_SORT_MAC] = {DU_SQL_PHONES_BY_MAC, DU_SQL_PHONES_OF_KINDS_BY_MAC, DU_SQL_PHONES_OF_TEXT_BY_MAC},
    [DU_SORT_MODEL] = {DU_SQL_PHONES_BY_MODEL, DU_SQL_PHONES_BY_MODEL, DU_SQL_PHONES_OF_TEXT_BY_MODEL},
};

static apr_status_t choose_way(du_ctx_t *ctx, du_store_t *store, const du_inventory_filter_t *filter, way_e *way)
{
    apr_int64_t found = DU_INVENTORY_FEW + 1;
    apr_status_t rv = APR_SUCCESS;

    *way = IN_ORDER;
    if (filter->text) {
        rv = count_text(ctx, store, filter, &found);
        if (found <= DU_INVENTORY_FEW) {
            *way = BY_TEXT;
            return rv;
        }
    }
    if (rv == APR_SUCCESS && du_inventory_has_kinds(filter)) {
        rv = count_kinds(ctx, store, filter, &found);
        if (found <= DU_INVENTORY_FEW) {
            *way = BY_KIND;
        }
    }
    return rv;
}

/* device_key, version */
typedef struct place_t {
    apr_pool_t *pool;
    const char *device_key, *version;
} place_t;

static apr_status_t take_place(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    place_t *place = baton;

    (void)row_pool;
    place->device_key = apr_pstrdup(place->pool, columns[0]);
    place->version = apr_pstrdup(place->pool, columns[1]);
    return APR_SUCCESS;
}

/* Where a page begins is written as what it is sorted by and the number of the phone before, with a dot between: the time, the MAC
 * address, or the number of the row of device_count. */
static const char *next_of(apr_pool_t *pool, du_sort_e sort, const du_phone_t *last)
{
    const char *id = du_text_number(pool, last->id);
    const char *by = sort == DU_SORT_MAC    ? last->mac
                     : sort == DU_SORT_SEEN ? du_text_number(pool, last->last_seen)
                                            : du_text_number(pool, last->count_id);

    return apr_pstrcat(pool, by, ".", id, NULL);
}

static apr_status_t bad_beginning(du_ctx_t *ctx, const char *after)
{
    return du_fail(ctx, DU_E_MALFORMED, DUNO(0920), "no page of phones in this order begins at \"%s\"",
                   du_text_for_log(ctx->pool, after));
}

static int is_number(const char *text)
{
    apr_size_t len = strspn(text, "0123456789");

    return len > 0 && len < 19 && text[len] == '\0';
}

static apr_status_t push_model(du_ctx_t *ctx, du_store_t *store, const char *after, const char *by, const char *id,
                               const char ***args)
{
    place_t place = {ctx->pool, NULL, NULL};
    const char *select[] = {by, NULL};
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_PHONE_COUNT_PLACE, select, take_place, &place);

    if (rv == APR_SUCCESS && !place.device_key) {
        rv = bad_beginning(ctx, after);
    }
    *(*args)++ = place.device_key;
    *(*args)++ = place.version;
    *(*args)++ = by;
    *(*args)++ = by;
    *(*args)++ = id;
    return rv;
}

static void push_first(du_sort_e sort, const char ***args)
{
    static const char *const mac[] = {"", "-1", NULL}, *const model[] = {"", "", "-1", "-1", "-1", NULL};

    for (const char *const *arg = sort == DU_SORT_MAC ? mac : model; *arg; arg++) {
        *(*args)++ = *arg;
    }
}

/* Behind what was seen last of all that match: where a database begins to look is up to this, not to the other conditions. */
static void push_last_seen(apr_pool_t *pool, const char *by, const char *id, apr_time_t until, const char ***args)
{
    int is_behind = !by || apr_atoi64(by) >= until;

    *(*args)++ = is_behind ? du_text_number(pool, until) : by;
    *(*args)++ = is_behind ? "0" : id;
}

static apr_status_t push_beginning(du_ctx_t *ctx, du_store_t *store, du_sort_e sort, const char *after,
                                   apr_time_t until, const char ***args)
{
    const char *dot = after ? strrchr(after, '.') : NULL, *by = NULL;

    if (after) {
        by = dot ? apr_pstrmemdup(ctx->pool, after, (apr_size_t)(dot - after)) : "";
        if (!dot || !is_number(dot + 1) ||
            (sort == DU_SORT_MAC ? *by && !du_mac_canonical(ctx->pool, by) : !is_number(by))) {
            return bad_beginning(ctx, after);
        }
    }
    if (sort == DU_SORT_SEEN) {
        push_last_seen(ctx->pool, by, after ? dot + 1 : NULL, until, args);
    } else if (!after) {
        push_first(sort, args);
    } else if (sort == DU_SORT_MODEL) {
        return push_model(ctx, store, after, by, dot + 1, args);
    } else {
        *(*args)++ = by;
        *(*args)++ = dot + 1;
    }
    return APR_SUCCESS;
}

/* One more than wanted is read, to know whether there is a next page. */
apr_status_t du_inventory_page(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                               const du_inventory_filter_t *filter, du_sort_e sort, const char *after, int limit,
                               apr_pool_t *pool, du_inventory_page_t *page)
{
    const char *args[ARGS_MAX], **end = args;
    apr_time_t since, until;
    way_e way;
    apr_status_t rv;

    seen_between(view, filter, &since, &until);
    rv = push_beginning(ctx, store, sort, after, until, &end);
    page->phones = apr_array_make(pool, 64, sizeof(du_phone_t));
    page->next = NULL;
    if (rv == APR_SUCCESS) {
        rv = choose_way(ctx, store, filter, &way);
    }
    if (rv == APR_SUCCESS) {
        end = push_kinds(ctx->pool, push_seen(ctx->pool, end, view, filter), filter);
        end = push_text(ctx->pool, end, filter->text);
        *end++ = du_text_number(ctx->pool, limit + 1);
        *end = NULL;
        rv = du_inventory_select(ctx, store, view, statements[sort][way], args, page->phones);
    }
    if (page->phones->nelts > limit) {
        page->phones->nelts = limit;
        page->next = next_of(pool, sort, &APR_ARRAY_IDX(page->phones, limit - 1, du_phone_t));
    }
    return rv;
}
