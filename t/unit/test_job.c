#include "package.h"
#include "store.h"

#include <signal.h>
#include <sys/wait.h>

#include "du_job_intake.h"
#include "du_job_process.h"
#include "du_text.h"

static const char *files, *spec;
static du_settings_t settings;

static void start(void)
{
    du_store_t *store;

    files = unit_path("files");
    spec = fresh_store();
    package_run(apr_psprintf(unit.pool, "mkdir '%s'", files));
    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    assert_ok(du_store_open(unit.ctx, spec, unit.pool, &store));
    assert_ok(du_store_settings(unit.ctx, store, NULL, unit.pool, &settings));
    du_store_close(store);
}

static const du_job_t asked = {.account = "kim", .filename = "UCUpdates 100%.cab", .note = "line\nand more", .allow_unsigned = 1};

static du_job_intake_t *begin(void)
{
    du_job_intake_t *intake;

    assert_ok(du_job_intake_begin(unit.ctx, files, &settings, &asked, -1, &intake));
    return intake;
}

/* A job whose package has come in. */
static du_job_work_t *received(const char *path)
{
    du_job_intake_t *intake = begin();
    apr_size_t len;
    char *content = unit_read(path, &len);

    assert_ok(du_job_intake_write(intake, content, len));
    assert_ok(du_job_intake_finish(intake));
    return du_job_intake_work(intake);
}

static du_job_order_t order(void)
{
    return (du_job_order_t){.store = spec, .actor = kim};
}

static du_job_t found(const char *id)
{
    du_job_t job;

    assert_ok(du_job_find(unit.ctx, files, id, unit.pool, &job));
    return job;
}

static int count_jobs(void)
{
    apr_array_header_t *jobs;

    assert_ok(du_job_list(unit.ctx, files, unit.pool, &jobs));
    return jobs->nelts;
}

static const char *has_package(const char *id)
{
    apr_finfo_t info;

    return apr_stat(&info, apr_pstrcat(unit.pool, du_job_directory(files, id, unit.pool), "/package", NULL), APR_FINFO_TYPE,
                    unit.pool) == APR_SUCCESS
               ? "yes"
               : "no";
}

START_TEST(state_comes_back_as_it_was_written)
{
    const char *directory = unit.dir;
    du_job_t job, read;

    du_job_clear(&job, "id", unit.pool);
    job.account = "kim & \xe6\x9d\x8e";
    job.note = "two\nlines, a % and a space ";
    job.begun = 1700000000000000;
    job.end = DU_JOB_FAILED;
    job.step = DU_STEP_VERIFIED;
    APR_ARRAY_PUSH(job.images, du_job_image_t) =
        (du_job_image_t){.rule = "7", .key = "a/b", .version = "1 2", .place = "new", .already = "", .trust = "verified", .signer = "", .doubt = "x"};
    APR_ARRAY_PUSH(job.warnings, const char *) = "DU0669: it is old";
    assert_ok(du_job_state_write(directory, &job, unit.pool));
    assert_ok(du_job_state_read(directory, "id", unit.pool, &read));
    ck_assert_str_eq(read.account, job.account);
    ck_assert_str_eq(read.note, job.note);
    ck_assert_str_eq(read.filename, "");
    ck_assert(read.begun == job.begun && read.end == DU_JOB_FAILED && read.step == DU_STEP_VERIFIED);
    ck_assert_int_eq(read.images->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(read.images, 0, du_job_image_t).version, "1 2");
    ck_assert_str_eq(APR_ARRAY_IDX(read.images, 0, du_job_image_t).doubt, "x");
    ck_assert_str_eq(APR_ARRAY_IDX(read.warnings, 0, const char *), "DU0669: it is old");
}
END_TEST

static const char *const damaged[] = {"", "begun 0\n", "account %zz\nbegun 5\n", "begun 5\nimage 1 2 %g\n", "\xff\xff"};

START_TEST(damaged_state_is_none)
{
    du_job_t job;

    unit_write(unit_path("state"), damaged[_i], strlen(damaged[_i]));
    ck_assert_int_eq(du_job_state_read(unit.dir, "id", unit.pool, &job), DU_E_MALFORMED);
}
END_TEST

START_TEST(import_to_the_end)
{
    du_job_order_t what = order();
    du_job_work_t *work;
    const char *id;
    du_job_t job;

    start();
    work = received(package_make("p.cab", ""));
    id = work->job.id;
    job = found(id);
    ck_assert(job.end == DU_JOB_RUNNING && job.step == DU_STEP_RECEIVED);
    what.store = spec;
    du_job_process_run(work, &what);
    job = found(id);
    ck_assert_str_eq(du_job_end_name(job.end), "imported");
    ck_assert_str_eq(du_import_step_name(job.step), "committed");
    ck_assert_str_eq(job.filename, asked.filename);
    ck_assert_str_eq(job.note, asked.note);
    ck_assert_int_eq((int)job.package, 1);
    ck_assert_int_ge(job.images->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(job.images, 0, du_job_image_t).place, "new");
    ck_assert_str_eq(has_package(id), "no");
    ck_assert_str_eq(run_sql(spec, "SELECT filename FROM package"), asked.filename);
}
END_TEST

START_TEST(failure_is_kept)
{
    du_job_order_t what;
    du_job_work_t *work;
    const char *id;
    du_job_t job;

    start();
    unit_write(unit_path("bad.cab"), "no cabinet", 10);
    work = received(unit_path("bad.cab"));
    id = work->job.id;
    what = order();
    du_job_process_run(work, &what);
    job = found(id);
    ck_assert_str_eq(du_job_end_name(job.end), "failed");
    ck_assert_ptr_nonnull(strstr(job.failure_id, "DU0"));
    ck_assert_str_ne(job.failure, "");
    ck_assert_str_eq(has_package(id), "no");
}
END_TEST

START_TEST(cancelled_before_it_records)
{
    du_job_order_t what;
    du_job_work_t *work;
    const char *id;
    du_job_t job;

    start();
    work = received(package_make("p.cab", ""));
    id = work->job.id;
    assert_ok(du_job_cancel(unit.ctx, files, id));
    assert_ok(du_job_cancel(unit.ctx, files, id));
    ck_assert_int_eq(found(id).is_cancelled, 1);
    what = order();
    du_job_process_run(work, &what);
    job = found(id);
    ck_assert_str_eq(du_job_end_name(job.end), "cancelled");
    ck_assert_str_eq(job.failure, "");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM package"), "0");
    ck_assert_str_eq(has_package(id), "no");
    ck_assert_int_eq(du_job_cancel(unit.ctx, files, id), DU_E_CONFLICT);
}
END_TEST

/* Whoever decides first has decided. */
START_TEST(too_late_to_cancel)
{
    const char *decided;
    du_job_work_t *work;

    start();
    work = received(package_make("p.cab", ""));
    assert_ok(du_job_decide(work->directory, "commit", unit.pool, &decided));
    ck_assert_str_eq(decided, "commit");
    ck_assert_int_eq(du_job_cancel(unit.ctx, files, work->job.id), DU_E_CONFLICT);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0675");
    ck_assert_int_eq(found(work->job.id).is_cancelled, 0);
    du_job_work_drop(work);
    ck_assert_int_eq(count_jobs(), 0);
}
END_TEST

/* Makes a job in a process that is then killed while it holds it; the job's id. */
static const char *killed_job(const char *package)
{
    char id[64] = "";
    int ends[2], status;
    ssize_t len;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        du_job_work_t *work = received(package);

        len = write(ends[1], work->job.id, strlen(work->job.id));
        pause();
        _exit(len > 0 ? 0 : 1);
    }
    len = read(ends[0], id, sizeof(id) - 1);
    ck_assert_int_gt((int)len, 0);
    ck_assert_str_eq(du_job_end_name(found(id).end), "running");
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return apr_pstrdup(unit.pool, id);
}

START_TEST(killed_one_is_interrupted)
{
    apr_array_header_t *leftovers;
    const char *id;

    start();
    id = killed_job(package_make("p.cab", ""));
    assert_ok(du_job_tidy(unit.ctx, files, 1, unit.pool, &leftovers));
    ck_assert_int_eq(leftovers->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(leftovers, 0, du_job_leftover_t).path, apr_pstrcat(unit.pool, DU_JOB_ROOT "/", id, NULL));
    ck_assert_int_gt((int)APR_ARRAY_IDX(leftovers, 0, du_job_leftover_t).bytes, 1000);
    ck_assert_str_eq(has_package(id), "yes");
    ck_assert_str_eq(du_job_end_name(found(id).end), "interrupted");
    ck_assert_str_eq(has_package(id), "no");
    assert_ok(du_job_tidy(unit.ctx, files, 1, unit.pool, &leftovers));
    ck_assert_int_eq(leftovers->nelts, 0);
}
END_TEST

START_TEST(old_ones_go)
{
    du_job_order_t what;
    du_job_work_t *work;

    start();
    unit.now = apr_time_now();
    unit.ctx->now = unit_clock;
    work = received(package_make("p.cab", ""));
    what = order();
    du_job_process_run(work, &what);
    unit.ctx->log = NULL;
    unit.now += apr_time_from_sec((DU_JOB_KEEP_DAYS - 1) * 86400);
    ck_assert_int_eq(count_jobs(), 1);
    unit.now += apr_time_from_sec(2 * 86400);
    ck_assert_int_eq(count_jobs(), 0);
}
END_TEST

START_TEST(given_up_leaves_nothing)
{
    du_job_intake_t *intake;

    start();
    intake = begin();
    assert_ok(du_job_intake_write(intake, "abc", 3));
    ck_assert_int_eq(count_jobs(), 1);
    du_job_work_drop(du_job_intake_work(intake));
    ck_assert_int_eq(count_jobs(), 0);
    intake = begin();
    ck_assert_int_eq(du_job_intake_finish(intake), DU_E_MALFORMED);
    du_job_work_drop(du_job_intake_work(intake));
    ck_assert_int_eq(count_jobs(), 0);
}
END_TEST

START_TEST(limit_of_a_package)
{
    du_job_intake_t *intake;

    start();
    settings.value[DU_SET_IMPORT_MAX_SIZE] = "10";
    ck_assert_int_eq((int)du_job_intake_limit(files, &settings), 10);
    ck_assert_int_eq(du_job_intake_check(unit.ctx, files, &settings, 1000000), DU_E_TOO_LARGE);
    assert_ok(du_job_intake_check(unit.ctx, files, &settings, -1));
    intake = begin();
    assert_ok(du_job_intake_write(intake, "0123456789", 10));
    ck_assert_int_eq(du_job_intake_write(intake, "x", 1), DU_E_TOO_LARGE);
    du_job_work_drop(du_job_intake_work(intake));
    settings.value[DU_SET_IMPORT_MAX_SIZE] = "99999999999";
    ck_assert_int_eq(du_job_intake_check(unit.ctx, files, &settings, 3000000000LL), DU_E_TOO_LARGE);
}
END_TEST

static const char *const no_ids[] = {"", ".", "..", "../x", "20261123-000000-0000000", "20261123-000000-000000000", "20261123-000000-0000000g",
                                     ".new-20261123-000000-00000000", "20261123-000000-00000000"};

START_TEST(names_that_are_no_jobs)
{
    du_job_t job;

    start();
    ck_assert_int_eq(du_job_find(unit.ctx, files, no_ids[_i], unit.pool, &job), DU_E_NOT_FOUND);
    ck_assert_int_eq(du_job_cancel(unit.ctx, files, no_ids[_i]), DU_E_NOT_FOUND);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("job");

    tcase_add_test(tests, state_comes_back_as_it_was_written);
    tcase_add_loop_test(tests, damaged_state_is_none, 0, COUNT_OF(damaged));
    tcase_add_test(tests, import_to_the_end);
    tcase_add_test(tests, failure_is_kept);
    tcase_add_test(tests, cancelled_before_it_records);
    tcase_add_test(tests, too_late_to_cancel);
    tcase_add_test(tests, killed_one_is_interrupted);
    tcase_add_test(tests, old_ones_go);
    tcase_add_test(tests, given_up_leaves_nothing);
    tcase_add_test(tests, limit_of_a_package);
    tcase_add_loop_test(tests, names_that_are_no_jobs, 0, COUNT_OF(no_ids));
    return unit_run(tests);
}
