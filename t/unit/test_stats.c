#include "unit.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <apr_thread_proc.h>

#include "du_stats.h"

static du_stats_t *new_stats(void)
{
    return apr_pcalloc(unit.pool, sizeof(du_stats_t));
}

/* The figures as text; gauges may be NULL if none is known. */
static const char *told(const du_stats_t *stats, const du_gauges_t *gauges)
{
    du_gauges_t unknown;

    du_gauges_clear(&unknown);
    return du_stats_openmetrics(du_stats_samples(stats, gauges ? gauges : &unknown, unit.pool), unit.pool);
}

/* 1 if the text has exactly this line, once. */
static int has_line(const char *text, const char *line)
{
    const char *wanted = apr_pstrcat(unit.pool, "\n", line, "\n", NULL), *found;

    text = apr_pstrcat(unit.pool, "\n", text, NULL);
    found = strstr(text, wanted);
    return found && !strstr(found + 1, wanted);
}

#define assert_line(text, line) ck_assert_msg(has_line(text, line), "no line \"%s\" (or two) in\n%s", line, text)

static apr_size_t occurrences(const char *text, const char *word)
{
    apr_size_t n = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        n++;
    }
    return n;
}

START_TEST(every_counter_is_there_with_a_zero)
{
    const char *text = told(new_stats(), NULL);

    assert_line(text, "devupdate_checks_total{endpoint=\"internal\",result=\"offered\",reason=\"approved\"} 0");
    assert_line(text,
                "devupdate_checks_total{endpoint=\"external\",result=\"refused\",reason=\"unauthenticated\"} 0");
    assert_line(text, "devupdate_refusals_total{endpoint=\"external\",request=\"upload\"} 0");
    assert_line(text, "devupdate_downloads_total{brand=\"\",model=\"other\"} 0");
    assert_line(text, "devupdate_uploads_total{endpoint=\"internal\",result=\"stored\"} 0");
    assert_line(text, "devupdate_upload_bytes_total{endpoint=\"internal\"} 0");
    assert_line(text, "devupdate_journal_records_total{series=\"uploads\",outcome=\"lost\"} 0");
    ck_assert_uint_eq(occurrences(text, "\ndevupdate_checks_total{"), 2 * DU_REASONS);
}
END_TEST

START_TEST(the_form_is_that_of_openmetrics)
{
    static const char begin[] = "# HELP devupdate_checks Update checks answered\n# TYPE devupdate_checks counter\n"
                                "devupdate_checks_total{";
    const char *text = told(new_stats(), NULL);

    ck_assert_msg(strncmp(text, begin, sizeof(begin) - 1) == 0, "begins otherwise: %.100s", text);
    assert_line(text, "# UNIT devupdate_download_bytes bytes");
    ck_assert_str_eq(text + strlen(text) - 6, "# EOF\n");
    ck_assert_uint_eq(occurrences(text, "# EOF"), 1);
}
END_TEST

START_TEST(unknown_gauges_are_not_told)
{
    du_gauges_t gauges;
    const char *text = told(new_stats(), NULL);

    ck_assert_ptr_null(strstr(text, "ruleset"));
    ck_assert_ptr_null(strstr(text, "journal_file"));
    du_gauges_clear(&gauges);
    gauges.ruleset_generation[0][0] = 7;
    gauges.journal_file_bytes[DU_SERIES_DOWNLOADS][0] = 0;
    text = told(new_stats(), &gauges);
    assert_line(text, "# TYPE devupdate_ruleset_generation gauge");
    assert_line(text, "devupdate_ruleset_generation 7");
    assert_line(text, "devupdate_journal_file_bytes{series=\"downloads\"} 0");
    ck_assert_ptr_null(strstr(text, "devupdate_journal_file_bytes{series=\"checks\"}"));
}
END_TEST

START_TEST(checks_by_endpoint_result_and_reason)
{
    du_stats_t *stats = new_stats();
    du_decision_t decision = {.result = DU_RESULT_OFFERED, .reason = DU_REASON_PENDING};
    const char *text;

    du_stats_check(stats, 0, &decision);
    du_stats_check(stats, 0, &decision);
    du_stats_check(stats, 1, &decision);
    decision = (du_decision_t){.result = DU_RESULT_REFUSED, .reason = DU_REASON_MALFORMED};
    du_stats_check(stats, 1, &decision);
    text = told(stats, NULL);
    assert_line(text, "devupdate_checks_total{endpoint=\"internal\",result=\"offered\",reason=\"pending\"} 2");
    assert_line(text, "devupdate_checks_total{endpoint=\"external\",result=\"offered\",reason=\"pending\"} 1");
    assert_line(text, "devupdate_checks_total{endpoint=\"external\",result=\"refused\",reason=\"malformed\"} 1");
    assert_line(text, "devupdate_refusals_total{endpoint=\"external\",request=\"check\"} 1");
    assert_line(text, "devupdate_refusals_total{endpoint=\"internal\",request=\"check\"} 0");
}
END_TEST

START_TEST(uploads_records_and_refusals)
{
    du_stats_t *stats = new_stats();
    const char *text;

    du_stats_upload(stats, 0, 1, APR_INT64_C(5000000000));
    du_stats_upload(stats, 0, 1, 1);
    du_stats_upload(stats, 0, 0, 77);
    du_stats_refusal(stats, 1);
    du_stats_record(stats, DU_SERIES_DOWNLOADS, 1);
    du_stats_record(stats, DU_SERIES_DOWNLOADS, 0);
    du_stats_record(stats, DU_SERIES_DOWNLOADS, 0);
    text = told(stats, NULL);
    assert_line(text, "devupdate_uploads_total{endpoint=\"internal\",result=\"stored\"} 2");
    assert_line(text, "devupdate_uploads_total{endpoint=\"internal\",result=\"refused\"} 1");
    assert_line(text, "devupdate_upload_bytes_total{endpoint=\"internal\"} 5000000001");
    assert_line(text, "devupdate_refusals_total{endpoint=\"internal\",request=\"upload\"} 1");
    assert_line(text, "devupdate_refusals_total{endpoint=\"external\",request=\"download\"} 1");
    assert_line(text, "devupdate_journal_records_total{series=\"downloads\",outcome=\"written\"} 1");
    assert_line(text, "devupdate_journal_records_total{series=\"downloads\",outcome=\"lost\"} 2");
}
END_TEST

START_TEST(downloads_by_model)
{
    du_stats_t *stats = new_stats();
    const char *text;

    du_stats_add_model(stats, "POLYCOM", "CX600");
    du_stats_add_model(stats, "Polycom", "cx600");
    du_stats_add_model(stats, "Aastra", "CX600");
    du_stats_download(stats, "UCPhone/POLYCOM/CX600/A/ENU/1.0/CPE/CPE.nbt", 100);
    du_stats_download(stats, "ucphone/polycom/cx600/a/enu/1.0/cpe/cpe.nbt", 20);
    du_stats_download(stats, "UCPhone/Aastra/CX600/A/ENU/1.0/CPE/CPE.nbt", 3);
    text = told(stats, NULL);
    ck_assert_uint_eq(stats->nmodels, 2);
    assert_line(text, "devupdate_downloads_total{brand=\"POLYCOM\",model=\"CX600\"} 2");
    assert_line(text, "devupdate_download_bytes_total{brand=\"POLYCOM\",model=\"CX600\"} 120");
    assert_line(text, "devupdate_download_bytes_total{brand=\"Aastra\",model=\"CX600\"} 3");
    assert_line(text, "devupdate_downloads_total{brand=\"\",model=\"other\"} 0");
}
END_TEST

/* Whatever a path looks like, it is counted, and as "other" if no rule names its model. */
START_TEST(what_no_rule_names_is_other)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "//",
                                        "a",
                                        "a/b",
                                        "a/b/",
                                        "UCPhone/POLYCOM",
                                        "UCPhone/POLYCOM/CX500/A",
                                        "UCPhone/POLYCOM/CX60",
                                        "UCPhone//CX600",
                                        "x/POLYCOM/CX600x/"};
    du_stats_t *stats = new_stats();
    char *path = unit_exact("UCPhone/POLYCOM/", sizeof("UCPhone/POLYCOM/"));

    du_stats_add_model(stats, "POLYCOM", "CX600");
    for (int i = 0; i < COUNT_OF(paths); i++) {
        du_stats_download(stats, unit_exact(paths[i], strlen(paths[i]) + 1), 1);
    }
    du_stats_download(stats, path, 1);
    ck_assert_uint_eq(stats->downloads[0][DU_STATS_MODELS], COUNT_OF(paths) + 1);
    ck_assert_uint_eq(stats->downloads[0][0], 0);
}
END_TEST

static const char *long_name(apr_size_t len)
{
    char *name = apr_pcalloc(unit.pool, len + 1);

    memset(name, 'x', len);
    return name;
}

START_TEST(longest_names)
{
    du_stats_t *stats = new_stats();
    const char *most = long_name(DU_KEY_PART_MAX), *more = long_name(DU_KEY_PART_MAX + 1);

    du_stats_add_model(stats, most, most);
    du_stats_add_model(stats, more, "CX600");
    du_stats_add_model(stats, "POLYCOM", more);
    ck_assert_uint_eq(stats->nmodels, 1);
    du_stats_download(stats, apr_pstrcat(unit.pool, "UCPhone/", most, "/", most, "/A", NULL), 5);
    du_stats_download(stats, apr_pstrcat(unit.pool, "UCPhone/", most, "/", more, "/A", NULL), 7);
    ck_assert_uint_eq(stats->download_bytes[0][0], 5);
    ck_assert_uint_eq(stats->download_bytes[0][DU_STATS_MODELS], 7);
}
END_TEST

START_TEST(more_models_than_there_is_room_for)
{
    du_stats_t *stats = new_stats();
    const char *text;

    for (int i = 0; i < DU_STATS_MODELS + 10; i++) {
        du_stats_add_model(stats, "B", apr_psprintf(unit.pool, "M%d", i));
        du_stats_download(stats, apr_psprintf(unit.pool, "T/B/M%d/A", i), 1);
    }
    text = told(stats, NULL);
    ck_assert_uint_eq(stats->nmodels, DU_STATS_MODELS);
    assert_line(
        text, apr_psprintf(unit.pool, "devupdate_downloads_total{brand=\"B\",model=\"M%d\"} 1", DU_STATS_MODELS - 1));
    assert_line(text, "devupdate_downloads_total{brand=\"\",model=\"other\"} 10");
    ck_assert_uint_eq(occurrences(text, "\ndevupdate_downloads_total{"), DU_STATS_MODELS + 1);
}
END_TEST

/* The store refuses such names, but a line must not break whatever comes. */
START_TEST(hostile_names_are_escaped)
{
    du_stats_t *stats = new_stats();
    const char *text;

    du_stats_add_model(stats, "a\"b", "c\\d\n# EOF\n{}=,\"");
    text = told(stats, NULL);
    assert_line(text, "devupdate_downloads_total{brand=\"a\\\"b\",model=\"c\\\\d\\n# EOF\\n{}=,\\\"\"} 0");
    ck_assert_uint_eq(occurrences(text, "\n# EOF\n"), 1);
}
END_TEST

/*
 * Exact with threads in several processes
 */

enum { PROCESSES = 4, THREADS = 4, EACH = 20000 };

static void *APR_THREAD_FUNC count_on(apr_thread_t *thread, void *baton)
{
    static const du_decision_t decision = {.result = DU_RESULT_NONE, .reason = DU_REASON_CURRENT};
    du_stats_t *stats = baton;

    for (int i = 0; i < EACH; i++) {
        du_stats_check(stats, i % 2, &decision);
        du_stats_download(stats, i % 2 ? "T/B/M/A" : "T/B/unknown/A", 3);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void count_in_a_child(du_stats_t *stats)
{
    apr_thread_t *threads[THREADS];
    apr_status_t rv;
    int ok = 1;

    for (int i = 0; i < THREADS; i++) {
        ok &= apr_thread_create(&threads[i], NULL, count_on, stats, unit.pool) == APR_SUCCESS;
    }
    for (int i = 0; i < THREADS; i++) {
        ok &= apr_thread_join(&rv, threads[i]) == APR_SUCCESS;
    }
    _exit(!ok);
}

START_TEST(exact_over_threads_and_processes)
{
    const apr_uint64_t half = (apr_uint64_t)PROCESSES * THREADS * EACH / 2;
    du_stats_t *stats = mmap(NULL, sizeof(*stats), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[PROCESSES];

    ck_assert_ptr_ne(stats, MAP_FAILED);
    du_stats_add_model(stats, "B", "M");
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            count_in_a_child(stats);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(stats->checks[DU_STAT_INTERNAL][DU_REASON_CURRENT], half);
    ck_assert_uint_eq(stats->checks[DU_STAT_EXTERNAL][DU_REASON_CURRENT], half);
    ck_assert_uint_eq(stats->downloads[0][0], half);
    ck_assert_uint_eq(stats->download_bytes[0][DU_STATS_MODELS], 3 * half);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("stats");

    tcase_add_test(tests, every_counter_is_there_with_a_zero);
    tcase_add_test(tests, the_form_is_that_of_openmetrics);
    tcase_add_test(tests, unknown_gauges_are_not_told);
    tcase_add_test(tests, checks_by_endpoint_result_and_reason);
    tcase_add_test(tests, uploads_records_and_refusals);
    tcase_add_test(tests, downloads_by_model);
    tcase_add_test(tests, what_no_rule_names_is_other);
    tcase_add_test(tests, longest_names);
    tcase_add_test(tests, more_models_than_there_is_room_for);
    tcase_add_test(tests, hostile_names_are_escaped);
    tcase_add_test(tests, exact_over_threads_and_processes);
    return unit_run(tests);
}
