#include "du_record.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_text.h"

#define YEAR_MIN 1990
#define YEAR_MAX 2199

/*
 * Header
 */

static const char *const names[] = {
#define COLUMN_NAME(id, name) name,
    DU_RECORD_COLUMNS(COLUMN_NAME)
#undef COLUMN_NAME
};

/* A mark that says "UTF-8" stands before the first name if Windows wrote the file. */
static const char *without_mark(const char *text)
{
    return strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
}

static int is_name(const char *text, const char *name)
{
    for (text = without_mark(text); *text; text++) {
        if (*text == ' ' || *text == '\r') {
            continue;
        }
        if (apr_tolower(*text) != apr_tolower(*name)) {
            return 0;
        }
        name++;
    }
    return !*name;
}

static int has(const du_record_form_t *form, du_column_e column)
{
    return form->at[column] >= 0;
}

/* 1 if the columns are those of a series. */
static int find_series(du_record_form_t *form)
{
    if (!has(form, DU_COLUMN_TIME) || !has(form, DU_COLUMN_ADDRESS)) {
        return 0;
    }
    if (has(form, DU_COLUMN_PATH) && has(form, DU_COLUMN_STATUS) && has(form, DU_COLUMN_SENT) &&
        has(form, DU_COLUMN_SIZE) && has(form, DU_COLUMN_COMPLETE)) {
        form->series = DU_SERIES_DOWNLOADS;
    } else if (has(form, DU_COLUMN_STORED) && has(form, DU_COLUMN_SIZE) && has(form, DU_COLUMN_RESULT) &&
               has(form, DU_COLUMN_MAC)) {
        form->series = DU_SERIES_UPLOADS;
    } else {
        form->series = DU_SERIES_CHECKS;
        return has(form, DU_COLUMN_MAC) && has(form, DU_COLUMN_VENDOR) && has(form, DU_COLUMN_MODEL) &&
               has(form, DU_COLUMN_REVISION);
    }
    return 1;
}

int du_record_is_header(const char *const *cells, int count, du_record_form_t *form)
{
    if (count < 2 || count > DU_RECORD_COLUMNS_MAX || !is_name(cells[0], names[DU_COLUMN_TIME])) {
        return 0;
    }
    memset(form->at, -1, sizeof(form->at));
    form->count = count;
    for (int i = 0; i < count; i++) {
        for (int column = 0; column < DU_COLUMNS; column++) {
            if (is_name(cells[i], names[column])) {
                form->at[column] = (signed char)i;
            }
        }
    }
    return find_series(form);
}

/*
 * Cells
 */

/* The number in `digits` digits at text; -1 if they are none. */
static int number_at(const char *text, int digits)
{
    int number = 0;

    for (int i = 0; i < digits; i++) {
        if (!apr_isdigit(text[i])) {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* A number of one or more digits, which *text is moved behind; -1 if there is none. */
static int take_number(const char **text, int most)
{
    int digits = 0, number;

    while (digits < most && apr_isdigit((*text)[digits])) {
        digits++;
    }
    number = digits ? number_at(*text, digits) : -1;
    *text += digits;
    return number;
}

static int take(const char **text, char c)
{
    return **text == c ? (++*text, 1) : 0;
}

/* hh:mm:ss and what may stand behind it. */
static int take_clock(const char *text, apr_time_exp_t *t)
{
    t->tm_hour = take_number(&text, 2);
    if (!take(&text, ':') || (t->tm_min = take_number(&text, 2)) < 0) {
        return 0;
    }
    t->tm_sec = take(&text, ':') ? take_number(&text, 2) : 0;
    if (take(&text, '.') && take_number(&text, 9) < 0) {
        return 0;
    }
    (void)(take(&text, ' ') || take(&text, 'Z'));
    if (apr_tolower(text[0]) == 'p' && apr_tolower(text[1]) == 'm' && t->tm_hour >= 1 && t->tm_hour <= 12) {
        t->tm_hour = t->tm_hour % 12 + 12;
        text += 2;
    } else if (apr_tolower(text[0]) == 'a' && apr_tolower(text[1]) == 'm' && t->tm_hour >= 1 && t->tm_hour <= 12) {
        t->tm_hour %= 12;
        text += 2;
    }
    return !*text && t->tm_hour >= 0 && t->tm_hour < 24 && t->tm_min < 60 && t->tm_sec >= 0 && t->tm_sec < 61;
}

/* One of the three ways to write a date; answers what is behind it, NULL if it is none. */
static const char *take_date(const char *text, apr_time_exp_t *t)
{
    int first = take_number(&text, 4), second, third;
    char mark = *text;

    if ((mark != '-' && mark != '/' && mark != '.') || !take(&text, mark) || (second = take_number(&text, 2)) < 0 ||
        !take(&text, mark) || (third = take_number(&text, 4)) < 0) {
        return NULL;
    }
    t->tm_year = mark == '-' ? first : third;
    t->tm_mon = mark == '/' ? first : second;
    t->tm_mday = mark == '-' ? third : mark == '/' ? second : first;
    return text;
}

int du_record_time(const char *text, apr_time_t *time)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t t = {0};

    text = take_date(text, &t);
    if (!text || t.tm_year < YEAR_MIN || t.tm_year > YEAR_MAX || t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 ||
        t.tm_mday > days[t.tm_mon - 1] || (!take(&text, ' ') && !take(&text, 'T')) || !take_clock(text, &t)) {
        return 0;
    }
    t.tm_year -= 1900;
    t.tm_mon--;
    return apr_time_exp_gmt_get(time, &t) == APR_SUCCESS;
}

/* A text as it is kept: printable, UTF-8, at most `most` bytes. Nearly all are that already. */
static const char *keep(apr_pool_t *pool, const char *text, apr_size_t most)
{
    apr_size_t len = 0;

    while (text[len] >= ' ' && text[len] < 0x7F && len <= most) {
        len++;
    }
    if (text[len] && len <= most) {
        text = du_text_visible(pool, text);
        len = strlen(text);
    }
    if (len > most) {
        for (len = most; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--) {
        }
    }
    return len ? apr_pstrmemdup(pool, text, len) : "";
}

static const char *keep_cell(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells,
                             du_column_e column, apr_size_t most)
{
    return keep(pool, du_record_cell(form, cells, column), most);
}

/* The number of a cell; -1 if it is none. */
static apr_off_t number_of(const char *text)
{
    apr_size_t len = strspn(text, "0123456789");

    return len == 0 || len > 18 || text[len] ? -1 : apr_atoi64(text);
}

/* One field of the first module of a list: fields are separated by ';', modules by '#' (protocol.md 6.1). */
static const char *field_of(apr_pool_t *pool, const char *modules, int field)
{
    char text[DU_RECORD_TEXT_MAX + 1];
    apr_size_t len = 0;

    for (; field > 0; field--) {
        modules += strcspn(modules, ";#");
        if (*modules != ';') {
            return "";
        }
        modules++;
    }
    len = strcspn(modules, ";#");
    apr_cpystrn(text, modules, (len < DU_RECORD_TEXT_MAX ? len : DU_RECORD_TEXT_MAX) + 1);
    return keep(pool, text, DU_RECORD_TEXT_MAX);
}

/*
 * Records
 */

/* One of the words that there are, or NULL. */
static const char *result_of(const char *text)
{
#define RESULT(id, word)                                                                                             \
    if (strcmp(text, word) == 0) {                                                                                   \
        return word;                                                                                                 \
    }
    DU_RESULT_LIST(RESULT)
#undef RESULT
    return NULL;
}

static const char *reason_of(const char *text)
{
#define REASON(id, word, result)                                                                                     \
    if (strcmp(text, word) == 0) {                                                                                   \
        return word;                                                                                                 \
    }
    DU_REASON_LIST(REASON)
#undef REASON
    return NULL;
}

/* A file of the original does not say what the outcome was; the modules of the response do. */
static int read_outcome(const du_record_form_t *form, const char *const *cells, du_record_t *record)
{
    if (!has(form, DU_COLUMN_RESULT)) {
        record->result = du_result_word(*record->offered ? DU_RESULT_OFFERED : DU_RESULT_NONE);
        record->reason = "";
        return 1;
    }
    record->result = result_of(du_record_cell(form, cells, DU_COLUMN_RESULT));
    record->reason = reason_of(du_record_cell(form, cells, DU_COLUMN_REASON));
    return record->result && record->reason;
}

static int read_check(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells, du_record_t *record)
{
    record->key.type = keep_cell(pool, form, cells, DU_COLUMN_TYPE, DU_RECORD_TEXT_MAX);
    record->key.brand = keep_cell(pool, form, cells, DU_COLUMN_VENDOR, DU_RECORD_TEXT_MAX);
    record->key.model = keep_cell(pool, form, cells, DU_COLUMN_MODEL, DU_RECORD_TEXT_MAX);
    record->key.revision = keep_cell(pool, form, cells, DU_COLUMN_REVISION, DU_RECORD_TEXT_MAX);
    record->key.locale = keep_cell(pool, form, cells, DU_COLUMN_LOCALE, DU_RECORD_TEXT_MAX);
    record->user = keep_cell(pool, form, cells, DU_COLUMN_USER_ID, DU_RECORD_USER_MAX);
    record->version = field_of(pool, du_record_cell(form, cells, DU_COLUMN_REQUEST), 1);
    record->offered = field_of(pool, du_record_cell(form, cells, DU_COLUMN_RESPONSE), 2);
    return read_outcome(form, cells, record);
}

/* Type/Brand/Model/Revision/Locale/Version/UpdateType/file. A path that is none names no phone. */
static void read_path(apr_pool_t *pool, du_record_t *record)
{
    const char **parts[] = {&record->key.type,     &record->key.brand,  &record->key.model,
                            &record->key.revision, &record->key.locale, &record->version};
    const char *at = record->file;

    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        apr_size_t len = strcspn(at, "/");

        *parts[i] = at[len] ? apr_pstrmemdup(pool, at, len) : "";
        at += at[len] ? len + 1 : len;
    }
}

static int read_download(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells,
                         du_record_t *record)
{
    const char *complete = du_record_cell(form, cells, DU_COLUMN_COMPLETE);
    apr_off_t http = number_of(du_record_cell(form, cells, DU_COLUMN_STATUS));

    record->sent = number_of(du_record_cell(form, cells, DU_COLUMN_SENT));
    record->size = number_of(du_record_cell(form, cells, DU_COLUMN_SIZE));
    record->is_complete = strcmp(complete, "yes") == 0;
    if (http < 100 || http > 599 || record->sent < 0 || record->size < 0 ||
        (!record->is_complete && strcmp(complete, "no") != 0)) {
        return 0;
    }
    record->http = (int)http;
    record->file = keep_cell(pool, form, cells, DU_COLUMN_PATH, DU_RECORD_PATH_MAX);
    read_path(pool, record);
    return 1;
}

static int read_upload(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells, du_record_t *record)
{
    const char *result = du_record_cell(form, cells, DU_COLUMN_RESULT);

    record->size = number_of(du_record_cell(form, cells, DU_COLUMN_SIZE));
    if (record->size < 0 || (strcmp(result, "stored") != 0 && strcmp(result, "refused") != 0)) {
        return 0;
    }
    record->result = strcmp(result, "stored") == 0 ? "stored" : "refused";
    record->reason = keep_cell(pool, form, cells, DU_COLUMN_REASON, DU_RECORD_TEXT_MAX);
    record->file = keep_cell(pool, form, cells, DU_COLUMN_STORED, DU_RECORD_PATH_MAX);
    return 1;
}

/* Joins cells `first` to `last` with the semicolons that split them, and moves those behind it up. They lie one behind the
 * other in their line, but for quoted ones, which have no business here. */
static int join_cells(const char **cells, int *count, int first, int last)
{
    for (int i = first; i < last; i++) {
        char *end = (char *)cells[i] + strlen(cells[i]);

        if (end + 1 != cells[i + 1]) {
            return 0;
        }
        *end = ';';
    }
    memmove(cells + first + 1, cells + last + 1, (apr_size_t)(*count - last - 1) * sizeof(*cells));
    *count -= last - first;
    return 1;
}

/*
 * The original's documents separate both columns and the fields of a module by semicolons. The modules of the request
 * have three fields each, the last of which has a '#' if another module follows; what is left is the response's.
 */
static int join_modules(const du_record_form_t *form, const char **cells, int *count)
{
    int first = form->at[DU_COLUMN_REQUEST], extra = *count - form->count, last = first;

    if (extra == 0) {
        return 1;
    }
    if (extra < 0 || form->separator != ';' || form->series != DU_SERIES_CHECKS || first < 0 ||
        form->at[DU_COLUMN_RESPONSE] != first + 1) {
        return 0;
    }
    if (*cells[first]) {
        do {
            last += 2;
        } while (last < *count && strchr(cells[last], '#'));
    }
    if (last - first > extra || !join_cells(cells, count, first, last)) {
        return 0;
    }
    return join_cells(cells, count, first + 1, first + 1 + *count - form->count);
}

int du_record_read(apr_pool_t *pool, const du_record_form_t *form, const char **cells, int count, du_record_t *record)
{
    const char *mac, *serial;

    memset(record, 0, sizeof(*record));
    if (!join_modules(form, cells, &count) ||
        !du_record_time(du_record_cell(form, cells, DU_COLUMN_TIME), &record->time)) {
        return 0;
    }
    record->series = form->series;
    record->address = keep_cell(pool, form, cells, DU_COLUMN_ADDRESS, DU_RECORD_TEXT_MAX);
    record->endpoint = keep_cell(pool, form, cells, DU_COLUMN_ENDPOINT, DU_RECORD_TEXT_MAX);
    mac = du_record_cell(form, cells, DU_COLUMN_MAC);
    mac = *mac && strlen(mac) <= DU_RECORD_TEXT_MAX ? du_mac_canonical(pool, mac) : NULL;
    serial = du_record_cell(form, cells, DU_COLUMN_SERIAL);
    serial = *serial && strlen(serial) <= DU_RECORD_TEXT_MAX ? du_serial_canonical(pool, serial) : NULL;
    record->mac = du_text_or_empty(mac);
    record->serial = du_text_or_empty(serial);
    record->user = record->version = record->offered = record->result = record->reason = record->file = "";
    record->key = (du_key_t){"", "", "", "", ""};
    switch (form->series) {
    case DU_SERIES_DOWNLOADS:
        return read_download(pool, form, cells, record);
    case DU_SERIES_UPLOADS:
        return read_upload(pool, form, cells, record);
    case DU_SERIES_CHECKS:
    case DU_SERIES:
        break;
    }
    return read_check(pool, form, cells, record);
}

int du_record_is_phone(const du_record_t *record)
{
    return !du_text_same(record->key.type, DU_RECORD_DOCTOR);
}
