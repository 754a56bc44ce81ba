#include "du_record_check.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* Fields of a module of a request and of a response (protocol.md 6.1). */
enum { FILENAME, VERSION, TIMESTAMP, FIELDS };
enum { OFFERED_FILENAME, OFFERED_SIGNATURE, OFFERED_VERSION };

/* The next part of a list, which is cut there, and the rest of it; NULL behind the last. */
static char *take(char **list, char separator)
{
    char *part = *list, *end = part ? strchr(part, separator) : NULL;

    if (end) {
        *end = '\0';
    }
    *list = end ? end + 1 : NULL;
    return part;
}

static int count_of(const char *text, char c)
{
    int n = 0;

    for (; *text; text++) {
        n += *text == c;
    }
    return n;
}

static void read_module(char *text, du_module_t *module)
{
    const char *field[FIELDS] = {NULL};

    for (int i = 0; i < FIELDS; i++) {
        field[i] = du_text_or_null(take(&text, ';'));
    }
    *module = (du_module_t){field[FILENAME], field[VERSION], field[TIMESTAMP]};
}

/* No module at all is an empty cell, one without any text is ";;". */
static void read_modules(apr_pool_t *pool, const char *text, du_request_t *request)
{
    char *rest = *text ? apr_pstrdup(pool, text) : NULL, *one;
    du_module_t *modules = apr_palloc(pool, sizeof(*modules) * ((apr_size_t)count_of(text, '#') + 1));

    request->modules = modules;
    for (; (one = take(&rest, '#')) != NULL; request->nmodules++) {
        read_module(one, &modules[request->nmodules]);
    }
}

static const char *offered_version(apr_pool_t *pool, const char *response)
{
    char *rest = apr_pstrdup(pool, response);
    const char *version = "";

    for (int i = 0; i <= OFFERED_VERSION; i++) {
        version = take(&rest, i < OFFERED_VERSION ? ';' : '#');
    }
    return version ? apr_pstrmemdup(pool, version, strcspn(version, ";")) : "";
}

static const du_address_t *read_address(apr_pool_t *pool, const char *text)
{
    du_address_t *address = apr_palloc(pool, sizeof(*address));

    return du_address_parse(text, address) ? address : NULL;
}

static void read_request(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells,
                         du_request_t *request)
{
#define CELL(column) du_text_or_null(apr_pstrdup(pool, du_record_cell(form, cells, column)))
    request->key = (du_key_t){CELL(DU_COLUMN_TYPE), CELL(DU_COLUMN_VENDOR), CELL(DU_COLUMN_MODEL),
                              CELL(DU_COLUMN_REVISION), CELL(DU_COLUMN_LOCALE)};
    request->mac = CELL(DU_COLUMN_MAC);
    request->serial = CELL(DU_COLUMN_SERIAL);
    request->test_mac = du_mac_canonical(pool, request->mac);
    request->test_serial = du_serial_canonical(pool, request->serial);
    request->user = CELL(DU_COLUMN_USER_ID);
    read_modules(pool, du_record_cell(form, cells, DU_COLUMN_REQUEST), request);
}

du_record_check_t *du_record_check(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells)
{
    du_record_check_t *check = apr_pcalloc(pool, sizeof(*check));

    du_record_time(du_record_cell(form, cells, DU_COLUMN_TIME), &check->time);
    check->client = apr_pstrdup(pool, du_record_cell(form, cells, DU_COLUMN_ADDRESS));
    check->address = read_address(pool, check->client);
    check->endpoint = apr_pstrdup(pool, du_record_cell(form, cells, DU_COLUMN_ENDPOINT));
    read_request(pool, form, cells, &check->request);
    check->offered = offered_version(pool, du_record_cell(form, cells, DU_COLUMN_RESPONSE));
    check->result = apr_pstrdup(pool, du_record_cell(form, cells, DU_COLUMN_RESULT));
    check->reason = apr_pstrdup(pool, du_record_cell(form, cells, DU_COLUMN_REASON));
    if (!*check->result) {
        check->result = du_result_word(*check->offered ? DU_RESULT_OFFERED : DU_RESULT_NONE);
    }
    return check;
}

int du_record_check_is_decided(const du_record_check_t *check)
{
    return strcmp(check->result, du_result_word(DU_RESULT_REFUSED)) != 0;
}

const char *du_record_offer(const du_ruleset_t *ruleset, const du_decision_t *decision)
{
    return decision->image ? du_ruleset_version(ruleset, decision->image) : "";
}

int du_record_check_agrees(const du_record_check_t *check, const du_ruleset_t *ruleset, const du_decision_t *decision)
{
    return strcmp(check->result, du_result_word(decision->result)) == 0 &&
           (!*check->reason || strcmp(check->reason, du_reason_word(decision->reason)) == 0) &&
           strcmp(check->offered, du_record_offer(ruleset, decision)) == 0;
}
