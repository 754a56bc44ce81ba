#include "du_stats.h"

#include <stddef.h>
#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "du_text.h"

/*
 * Counting
 */

static void add(volatile apr_uint64_t *cell, apr_off_t amount)
{
    apr_atomic_add64(cell, (apr_uint64_t)amount);
}

void du_stats_check(du_stats_t *stats, int is_external, const du_decision_t *decision)
{
    add(&stats->checks[is_external != 0][decision->reason], 1);
    if (decision->result == DU_RESULT_REFUSED) {
        add(&stats->refusals[is_external != 0][DU_STAT_CHECK], 1);
    }
}

void du_stats_upload(du_stats_t *stats, int is_external, int is_stored, apr_off_t size)
{
    add(&stats->uploads[is_external != 0][is_stored ? DU_STAT_STORED : DU_STAT_REFUSED], 1);
    if (is_stored) {
        add(&stats->upload_bytes[is_external != 0][0], size);
    } else {
        add(&stats->refusals[is_external != 0][DU_STAT_UPLOAD], 1);
    }
}

void du_stats_refusal(du_stats_t *stats, int is_external)
{
    add(&stats->refusals[is_external != 0][DU_STAT_DOWNLOAD], 1);
}

void du_stats_record(du_stats_t *stats, du_series_e series, int is_written)
{
    add(&stats->journal_records[series][is_written ? DU_STAT_WRITTEN : DU_STAT_LOST], 1);
}

/*
 * Models
 */

/* Number of a model; DU_STATS_MODELS, which is "other", if it is not known. */
static int find_model(du_stats_t *stats, const char *brand, const char *model)
{
    int n = (int)apr_atomic_read32(&stats->nmodels);

    for (int i = 0; i < n; i++) {
        if (du_text_same(stats->models[i].model, model) && du_text_same(stats->models[i].brand, brand)) {
            return i;
        }
    }
    return DU_STATS_MODELS;
}

/* A writer that dies in the middle has told nobody of the model, and the next one writes to the same place. */
void du_stats_add_model(du_stats_t *stats, const char *brand, const char *model)
{
    apr_uint32_t n = apr_atomic_read32(&stats->nmodels);

    if (n == DU_STATS_MODELS || strlen(brand) > DU_KEY_PART_MAX || strlen(model) > DU_KEY_PART_MAX ||
        find_model(stats, brand, model) != DU_STATS_MODELS) {
        return;
    }
    apr_cpystrn(stats->models[n].brand, brand, sizeof(stats->models[n].brand));
    apr_cpystrn(stats->models[n].model, model, sizeof(stats->models[n].model));
    apr_atomic_set32(&stats->nmodels, n + 1);
}

/* Takes the first segment off a path; "" if it is too long for a part of a key. */
static const char *take_segment(const char *path, char part[DU_KEY_PART_MAX + 1])
{
    apr_size_t len = strcspn(path, "/");

    apr_cpystrn(part, path, len <= DU_KEY_PART_MAX ? len + 1 : 1);
    return path[len] ? path + len + 1 : path + len;
}

void du_stats_download(du_stats_t *stats, const char *path, apr_off_t sent)
{
    char type[DU_KEY_PART_MAX + 1], brand[DU_KEY_PART_MAX + 1], model[DU_KEY_PART_MAX + 1];
    int i;

    path = take_segment(path, type);
    path = take_segment(path, brand);
    take_segment(path, model);
    i = find_model(stats, brand, model);
    add(&stats->downloads[0][i], 1);
    add(&stats->download_bytes[0][i], sent);
}

/*
 * Telling: the dimensions
 */

/* Adds the labels of one value of a dimension to a sample; 0 if there is no such value yet. */
typedef int label_fn(const du_stats_t *stats, int value, du_sample_t *sample);

static void put_label(du_sample_t *sample, const char *name, const char *value)
{
    sample->labels[sample->nlabels++] = (du_label_t){name, value};
}

static int label_ALL(const du_stats_t *stats, int value, du_sample_t *sample)
{
    (void)stats, (void)value, (void)sample;
    return 1;
}

/* A dimension with one label and a list of words for it. */
#define WORD(id, word) word,
#define LABEL_FN(dimension, name, list)                                                                              \
    static int label_##dimension(const du_stats_t *stats, int value, du_sample_t *sample)                            \
    {                                                                                                                \
        static const char *const words[] = {list(WORD)};                                                             \
                                                                                                                     \
        (void)stats;                                                                                                 \
        put_label(sample, name, words[value]);                                                                       \
        return 1;                                                                                                    \
    }
LABEL_FN(ENDPOINT, "endpoint", DU_STAT_ENDPOINT_LIST)
LABEL_FN(REQUEST, "request", DU_STAT_REQUEST_LIST)
LABEL_FN(UPLOAD, "result", DU_STAT_UPLOAD_LIST)
LABEL_FN(SERIES, "series", DU_SERIES_LIST)
LABEL_FN(OUTCOME, "outcome", DU_STAT_OUTCOME_LIST)
#undef LABEL_FN
#undef WORD

/* A reason belongs to one result only, so the two labels are one dimension. */
static int label_REASON(const du_stats_t *stats, int value, du_sample_t *sample)
{
    (void)stats;
    put_label(sample, "result", du_result_word(du_reason_result((du_reason_e)value)));
    put_label(sample, "reason", du_reason_word((du_reason_e)value));
    return 1;
}

/* No model is without a brand, so "other" without one is no model's name. */
static int label_MODEL(const du_stats_t *stats, int value, du_sample_t *sample)
{
    int is_known = value < (int)apr_atomic_read32((volatile apr_uint32_t *)&stats->nmodels);

    if (!is_known && value != DU_STATS_MODELS) {
        return 0;
    }
    put_label(sample, "brand", is_known ? stats->models[value].brand : "");
    put_label(sample, "model", is_known ? stats->models[value].model : "other");
    return 1;
}

/*
 * Telling: the metrics
 */

/* A line of the list. */
typedef struct family_t {
    du_metric_t metric;
    apr_size_t offset; /* of its cells in du_stats_t or du_gauges_t */
    int rows, columns;
    label_fn *row_label, *column_label;
} family_t;

#define IS_COUNTER   1
#define IS_GAUGE     0
#define HOME_COUNTER du_stats_t
#define HOME_GAUGE   du_gauges_t

static const family_t families[] = {
#define FAMILY(kind, member, unit, first, second, help)                                                              \
    {{"devupdate_" #member, IS_##kind, unit, help},                                                                  \
     offsetof(HOME_##kind, member),                                                                                  \
     DU_STATS_##first##_SIZE,                                                                                        \
     DU_STATS_##second##_SIZE,                                                                                       \
     label_##first,                                                                                                  \
     label_##second},
    DU_METRIC_LIST(FAMILY)
#undef FAMILY
};

void du_gauges_clear(du_gauges_t *gauges)
{
    memset(gauges, 0xFF, sizeof(*gauges)); /* -1 in every cell */
}

/* A cell of a metric; -1 if it is not known. */
static apr_int64_t value_of(const family_t *family, const du_stats_t *stats, const du_gauges_t *gauges, int cell)
{
    if (family->metric.is_counter) {
        volatile apr_uint64_t *cells = (volatile apr_uint64_t *)((char *)stats + family->offset);

        return (apr_int64_t)apr_atomic_read64(&cells[cell]);
    }
    return ((const apr_int64_t *)((const char *)gauges + family->offset))[cell];
}

apr_array_header_t *du_stats_samples(const du_stats_t *stats, const du_gauges_t *gauges, apr_pool_t *pool)
{
    apr_array_header_t *samples = apr_array_make(pool, 128, sizeof(du_sample_t));

    for (const family_t *family = families; family < families + sizeof(families) / sizeof(*families); family++) {
        for (int cell = 0; cell < family->rows * family->columns; cell++) {
            du_sample_t sample = {.metric = &family->metric, .value = value_of(family, stats, gauges, cell)};

            if (sample.value >= 0 && family->row_label(stats, cell / family->columns, &sample) &&
                family->column_label(stats, cell % family->columns, &sample)) {
                APR_ARRAY_PUSH(samples, du_sample_t) = sample;
            }
        }
    }
    return samples;
}

/*
 * Telling: OpenMetrics
 */

/* The text of a label's value: backslash, quote and line feed are escaped. */
static const char *escape(apr_pool_t *pool, const char *text)
{
    char *escaped, *to;

    if (!strpbrk(text, "\\\"\n")) {
        return text;
    }
    escaped = to = apr_palloc(pool, 2 * strlen(text) + 1);
    for (; *text; text++) {
        if (strchr("\\\"\n", *text)) {
            *to++ = '\\';
        }
        *to++ = *text == '\n' ? 'n' : *text;
    }
    *to = '\0';
    return escaped;
}

const char *du_stats_series(const du_sample_t *sample, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, sample->metric->name, sample->metric->is_counter ? "_total" : "", NULL);

    for (int i = 0; i < sample->nlabels; i++) {
        const du_label_t *label = &sample->labels[i];

        text = apr_pstrcat(pool, text, i ? "," : "{", label->name, "=\"", escape(pool, label->value), "\"", NULL);
    }
    return sample->nlabels ? apr_pstrcat(pool, text, "}", NULL) : text;
}

/* What stands before the first figure of a metric. */
static const char *preface(const du_metric_t *metric, apr_pool_t *pool)
{
    const char *unit = *metric->unit ? apr_pstrcat(pool, "# UNIT ", metric->name, " ", metric->unit, "\n", NULL) : "";

    return apr_pstrcat(pool, "# HELP ", metric->name, " ", metric->help, "\n# TYPE ", metric->name,
                       metric->is_counter ? " counter\n" : " gauge\n", unit, NULL);
}

const char *du_stats_openmetrics(const apr_array_header_t *samples, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, samples->nelts + 32, sizeof(const char *));
    const du_metric_t *metric = NULL;

    for (int i = 0; i < samples->nelts; i++) {
        const du_sample_t *sample = &APR_ARRAY_IDX(samples, i, du_sample_t);

        if (sample->metric != metric) {
            metric = sample->metric;
            APR_ARRAY_PUSH(parts, const char *) = preface(metric, pool);
        }
        APR_ARRAY_PUSH(parts, const char *) =
            apr_psprintf(pool, "%s %" APR_INT64_T_FMT "\n", du_stats_series(sample, pool), sample->value);
    }
    APR_ARRAY_PUSH(parts, const char *) = "# EOF\n";
    return apr_array_pstrcat(pool, parts, 0);
}
