#include "du_setting.h"

#include <errno.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "du_text.h"

#define DIGITS "0123456789"

/*
 * The list
 */

typedef enum { SITE, GLOBAL } scope_e;
typedef enum { NUMBER, BYTES, TIME, CLOCK, LIST, CHOICE } kind_e;

typedef struct setting_t {
    const char *name;
    scope_e scope;
    kind_e kind;
    const char *preset;
    apr_int64_t least, most;
} setting_t;

static const setting_t settings_list[] = {
#define ROW(id, name, scope, kind, preset, least, most) {name, scope, kind, preset, least, most},
    DU_SETTING_LIST(ROW)
#undef ROW
};

static const struct {
    du_setting_e setting;
    const char *word;
} choices[] = {
#define CHOICE_ROW(id, word) {id, word},
    DU_SETTING_CHOICES(CHOICE_ROW)
#undef CHOICE_ROW
};

#define N_CHOICES (sizeof(choices) / sizeof(choices[0]))

const char *du_setting_name(du_setting_e setting)
{
    return settings_list[setting].name;
}

const char *du_setting_default(du_setting_e setting)
{
    return settings_list[setting].preset;
}

int du_setting_is_global(du_setting_e setting)
{
    return settings_list[setting].scope == GLOBAL;
}

int du_setting_is_list(du_setting_e setting)
{
    return settings_list[setting].kind == LIST;
}

const char *du_setting_kind(du_setting_e setting)
{
    static const char *const names[] = {[NUMBER] = "number", [BYTES] = "bytes", [TIME] = "time",
                                        [CLOCK] = "clock",   [LIST] = "list",   [CHOICE] = "choice"};

    return names[settings_list[setting].kind];
}

const char *du_setting_choice(du_setting_e setting, int number)
{
    for (apr_size_t i = 0; i < N_CHOICES; i++) {
        if (choices[i].setting == setting && number-- == 0) {
            return choices[i].word;
        }
    }
    return NULL;
}

apr_status_t du_setting_find(du_ctx_t *ctx, const char *name, du_setting_e *setting)
{
    for (int i = 0; i < DU_SETTINGS; i++) {
        if (du_text_same(settings_list[i].name, name)) {
            *setting = (du_setting_e)i;
            return APR_SUCCESS;
        }
    }
    return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0730), "there is no setting %s", du_text_for_log(ctx->pool, name));
}

/*
 * Forms of values. Each answers the canonical one, or NULL.
 */

/* 1 and the number if text has from 1 to `most_digits` digits and nothing else. */
static int read_digits(const char *text, apr_size_t len, apr_size_t most_digits, apr_int64_t *number)
{
    *number = 0;
    for (apr_size_t i = 0; i < len; i++) {
        if (!strchr(DIGITS, text[i]) || i >= most_digits) {
            return 0;
        }
        *number = 10 * *number + (text[i] - '0');
    }
    return len > 0;
}

static const char *canonical_number(apr_pool_t *pool, const setting_t *setting, const char *text)
{
    char *end;
    apr_int64_t number;

    if (!*text || text[strspn(text, DIGITS)]) {
        return NULL;
    }
    errno = 0;
    number = apr_strtoi64(text, &end, 10);
    return errno == 0 && number >= setting->least && number <= setting->most
               ? apr_psprintf(pool, "%" APR_INT64_T_FMT, number)
               : NULL;
}

/* "hh:mm:ss" or "hh:mm" as seconds; -1 if it is none. */
static apr_int64_t read_clock(const char *text, int has_seconds)
{
    const char *minutes = strchr(text, ':'), *seconds = minutes ? strchr(minutes + 1, ':') : NULL;
    apr_int64_t h, m, s = 0;

    if (!minutes || !seconds != !has_seconds) {
        return -1;
    }
    if (!read_digits(text, (apr_size_t)(minutes - text), 2, &h) ||
        !read_digits(minutes + 1, seconds ? (apr_size_t)(seconds - minutes - 1) : strlen(minutes + 1), 2, &m) ||
        (seconds && !read_digits(seconds + 1, strlen(seconds + 1), 2, &s))) {
        return -1;
    }
    return h < 24 && m < 60 && s < 60 ? (h * 60 + m) * 60 + s : -1;
}

/* "[dd.]hh:mm:ss", or "dd." for days alone, as seconds; -1 if it is none. */
static apr_int64_t read_time(const char *text)
{
    const char *dot = strchr(text, '.');
    apr_int64_t days = 0, rest = 0;

    if (dot && !read_digits(text, (apr_size_t)(dot - text), 4, &days)) {
        return -1;
    }
    if (!dot || dot[1]) {
        rest = read_clock(dot ? dot + 1 : text, 1);
    }
    return rest < 0 ? -1 : days * 86400 + rest;
}

static const char *show_time(apr_pool_t *pool, apr_int64_t seconds)
{
    const char *days = seconds >= 86400 ? apr_psprintf(pool, "%" APR_INT64_T_FMT ".", seconds / 86400) : "";

    return apr_psprintf(pool, "%s%02d:%02d:%02d", days, (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
                        (int)(seconds % 60));
}

static const char *canonical_time(apr_pool_t *pool, const setting_t *setting, const char *text)
{
    apr_int64_t seconds = read_time(text);

    return seconds >= setting->least && seconds <= setting->most ? show_time(pool, seconds) : NULL;
}

static const char *canonical_clock(apr_pool_t *pool, const char *text)
{
    apr_int64_t seconds = read_clock(text, 0);

    if (!*text) {
        return "";
    }
    return seconds < 0 ? NULL : apr_psprintf(pool, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
}

/* The two lists have words of two kinds: names of directories, and ends of file names. */
static int is_list_word(du_setting_e setting, const char *word)
{
    if (setting == DU_SET_VALID_LOG_EXTENSIONS) {
        return word[0] == '.' && !strchr(word + 1, '.') && du_text_is_segment(word + 1, DU_SETTING_EXTENSION_MAX - 1);
    }
    return du_text_is_segment(word, DU_SETTING_TYPE_MAX);
}

/* A word that is there already is not added again. */
static const char *append_word(apr_pool_t *pool, const char *list, const char *word)
{
    return du_setting_listed(pool, list, word) ? list : apr_pstrcat(pool, list, *list ? "," : "", word, NULL);
}

static const char *canonical_list(apr_pool_t *pool, du_setting_e setting, const char *text)
{
    const char *list = "";

    if (!*text) {
        return list;
    }
    for (;;) {
        apr_size_t len = strcspn(text, ",");
        const char *word = du_text_trim(apr_pstrmemdup(pool, text, len));

        if (!is_list_word(setting, word)) {
            return NULL;
        }
        list = append_word(pool, list, word);
        if (!text[len]) {
            return list;
        }
        text += len + 1;
    }
}

static const char *canonical_choice(du_setting_e setting, const char *text)
{
    for (apr_size_t i = 0; i < N_CHOICES; i++) {
        if (choices[i].setting == setting && du_text_same(choices[i].word, text)) {
            return choices[i].word;
        }
    }
    return NULL;
}

const char *du_setting_canonical(apr_pool_t *pool, du_setting_e setting, const char *text)
{
    const setting_t *row = &settings_list[setting];

    if (strlen(text) > DU_SETTING_VALUE_MAX) {
        return NULL;
    }
    switch (row->kind) {
    case NUMBER:
    case BYTES:
        return canonical_number(pool, row, text);
    case TIME:
        return canonical_time(pool, row, text);
    case CLOCK:
        return canonical_clock(pool, text);
    case LIST:
        return canonical_list(pool, setting, text);
    case CHOICE:
        return canonical_choice(setting, text);
    }
    return NULL;
}

static const char *show_end(apr_pool_t *pool, kind_e kind, apr_int64_t end)
{
    switch (kind) {
    case NUMBER:
    case BYTES:
        return du_text_number(pool, end);
    case TIME:
        return show_time(pool, end);
    default:
        return "";
    }
}

const char *du_setting_least(apr_pool_t *pool, du_setting_e setting)
{
    return show_end(pool, settings_list[setting].kind, settings_list[setting].least);
}

const char *du_setting_most(apr_pool_t *pool, du_setting_e setting)
{
    return show_end(pool, settings_list[setting].kind, settings_list[setting].most);
}

/* "accept or refuse" */
static const char *choice_range(apr_pool_t *pool, du_setting_e setting)
{
    const char *text = "", *word;

    for (int i = 0; (word = du_setting_choice(setting, i)); i++) {
        text = apr_pstrcat(pool, text, *text ? " or " : "", word, NULL);
    }
    return text;
}

const char *du_setting_range(apr_pool_t *pool, du_setting_e setting)
{
    const setting_t *row = &settings_list[setting];

    switch (row->kind) {
    case NUMBER:
    case BYTES:
        return apr_psprintf(pool, "a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, row->least,
                            row->most);
    case TIME:
        return apr_pstrcat(pool, "[dd.]hh:mm:ss from ", show_time(pool, row->least), " to ",
                           show_time(pool, row->most), NULL);
    case CLOCK:
        return "hh:mm from 00:00 to 23:59, or empty";
    case LIST:
        return setting == DU_SET_VALID_LOG_EXTENSIONS ? "extensions with their dot, separated by commas"
                                                      : "names of directories, separated by commas";
    case CHOICE:
        return choice_range(pool, setting);
    }
    return "";
}

apr_status_t du_setting_check(du_ctx_t *ctx, du_setting_e setting, const char *text, apr_pool_t *pool,
                              const char **value)
{
    *value = du_setting_canonical(pool, setting, text);
    return *value
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_MALFORMED, DUNO(0731), "%s cannot be \"%s\": it is %s", du_setting_name(setting),
                         du_text_for_log(ctx->pool, text), du_setting_range(ctx->pool, setting));
}

/*
 * Values
 */

const char *du_setting_text(const du_settings_t *settings, du_setting_e setting)
{
    const char *text = settings ? settings->value[setting] : NULL;

    return text ? text : du_setting_default(setting);
}

apr_int64_t du_setting_number(const du_settings_t *settings, du_setting_e setting)
{
    return apr_atoi64(du_setting_text(settings, setting));
}

apr_int64_t du_setting_seconds(const du_settings_t *settings, du_setting_e setting)
{
    return read_time(du_setting_text(settings, setting));
}

int du_setting_minutes(const du_settings_t *settings, du_setting_e setting)
{
    const char *text = du_setting_text(settings, setting);

    return *text ? (int)(read_clock(text, 0) / 60) : 0;
}

void du_settings_merge(const du_settings_t *site, const du_settings_t *global, du_settings_t *in_force)
{
    for (int i = 0; i < DU_SETTINGS; i++) {
        int is_own = site->value[i] && !du_setting_is_global((du_setting_e)i);

        in_force->value[i] = is_own ? site->value[i] : global->value[i];
    }
}

/*
 * Lists
 */

const char *du_setting_listed(apr_pool_t *pool, const char *list, const char *word)
{
    apr_size_t len = word ? strlen(word) : 0;

    while (len > 0 && *list) {
        apr_size_t next = strcspn(list, ",");

        if (next == len && apr_cstr_casecmpn(list, word, len) == 0) {
            return apr_pstrmemdup(pool, list, len);
        }
        list += next + (list[next] == ',');
    }
    return NULL;
}

/* `to` with those words of `list` that are not in `without`. */
static const char *append_words(apr_pool_t *pool, const char *to, const char *list, const char *without)
{
    char *rest = apr_pstrdup(pool, list), *state;

    for (char *word = apr_strtok(rest, ",", &state); word; word = apr_strtok(NULL, ",", &state)) {
        if (!du_setting_listed(pool, without, word)) {
            to = append_word(pool, to, word);
        }
    }
    return to;
}

const char *du_setting_list_add(apr_pool_t *pool, const char *list, const char *words)
{
    return append_words(pool, list, words, "");
}

const char *du_setting_list_remove(apr_pool_t *pool, const char *list, const char *words)
{
    return append_words(pool, "", list, words);
}
