#include "package.h"
#include "store.h"

#include "du_image.h"
#include "du_import.h"
#include "du_package.h"
#include "du_text.h"

static const char *files, *spec;
static du_store_t *store;

static void start(void)
{
    files = unit_path("files");
    spec = fresh_store();
    package_run(apr_psprintf(unit.pool, "mkdir '%s'", files));
    unit.now = apr_time_from_sec(1500000000);
    unit.ctx->now = unit_clock;
    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    assert_ok(du_store_open(unit.ctx, spec, unit.pool, &store));
}

static du_import_t *import_of(const char *path)
{
    du_import_t *import = apr_pcalloc(unit.pool, sizeof(*import));

    import->files = files;
    import->path = path;
    import->allow_unsigned = 1; /* what make_package makes is not signed; test_trust is about what is */
    import->actor = (du_actor_t){.name = "admin", .node = "node1"};
    return import;
}

static apr_status_t run(const char *options)
{
    return du_import_run(unit.ctx, store, import_of(package_make("p.cab", options)));
}

static du_arrival_t *arrival_at(const du_import_t *import, int i)
{
    return &APR_ARRAY_IDX(import->arrivals, i, du_arrival_t);
}

static apr_int64_t generation(void)
{
    apr_int64_t value;

    assert_ok(du_store_generation(unit.ctx, store, &value));
    return value;
}

static const char *versions_of(apr_int64_t id)
{
    du_rule_t *rule;

    assert_ok(du_store_rule(unit.ctx, store, id, unit.pool, &rule));
    return apr_pstrcat(unit.pool, rule->versions.slot[DU_PENDING], "|", rule->versions.slot[DU_APPROVED], "|",
                       rule->versions.slot[DU_RESTORE], NULL);
}

/* What must be the same after a refusal. */
static const char *state(void)
{
    return apr_psprintf(unit.pool, "%s%" APR_INT64_T_FMT, package_tree(files), generation());
}

static void assert_on_disk(const du_arrival_t *arrival)
{
    const char *path = du_image_path(unit.pool, &arrival->key, arrival->image.version, arrival->update_type);

    for (int i = 0; i < arrival->image.nfiles; i++) {
        const du_file_t *file = &arrival->image.files[i];
        const char *directory = apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/", path, "/", NULL);

        package_run(apr_psprintf(unit.pool, "cd '%s' && printf '%%s  %%s\\n' %s %s %s %s | sha256sum -c --status",
                                 directory, du_text_hex(unit.pool, file->digest, DU_DIGEST_SIZE), file->name,
                                 du_text_hex(unit.pool, file->signature_digest, DU_DIGEST_SIZE), file->signature));
    }
}

#define DEVICES "--device UCPhone/POLYCOM/CX600/A/ENU --device UCPhone/Aastra/6725ip/A/ENU"

START_TEST(package_is_stored_and_recorded)
{
    du_import_t *import;
    apr_array_header_t *packages;
    const du_package_t *recorded;
    du_image_t *image;

    start();
    import = import_of(package_make("p.cab", DEVICES " --file CPE --file EBOOT"));
    import->actor.note = "a note";
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert_int_eq(import->arrivals->nelts, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert(arrival_at(import, i)->is_new_rule && !arrival_at(import, i)->already);
        ck_assert_int_eq(arrival_at(import, i)->image.nfiles, 2);
        ck_assert_str_eq(versions_of(arrival_at(import, i)->rule_id), "4.0.7577.4512||");
        assert_on_disk(arrival_at(import, i));
    }
    assert_ok(du_store_image(unit.ctx, store, arrival_at(import, 0)->rule_id, "4.0.7577.4512", unit.pool, &image));
    ck_assert(du_image_same(image, &arrival_at(import, 0)->image));
    assert_ok(du_store_packages(unit.ctx, store, unit.pool, &packages));
    ck_assert_int_eq(packages->nelts, 1);
    recorded = &APR_ARRAY_IDX(packages, 0, du_package_t);
    ck_assert_str_eq(recorded->filename, "p.cab");
    ck_assert_str_eq(recorded->digest, import->package.digest);
    ck_assert_int_eq((int)recorded->size, (int)import->package.size);
    ck_assert(recorded->imported == unit.now);
    ck_assert_str_eq(recorded->actor, "admin");
    ck_assert_str_eq(recorded->note, "a note");
    ck_assert_str_eq(recorded->trust, "unverified");
    ck_assert_str_eq(recorded->signer, "");
    ck_assert_str_eq(image->trust, "unverified");
    ck_assert_str_eq(image->signer, "");
    ck_assert(!package_is_there(apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/" DU_IMAGE_STAGING, NULL)));
}
END_TEST

START_TEST(same_package_again)
{
    du_import_t *import;
    const char *before;

    start();
    assert_ok(run(DEVICES));
    before = state();
    unit.now += apr_time_from_sec(60);
    import = import_of(package_make("other-name.cab", DEVICES));
    assert_refused(DU_E_EXISTS, du_import_run(unit.ctx, store, import));
    ck_assert_int_eq((int)import->package.id, 1);
    ck_assert_str_eq(import->package.filename, "p.cab");
    ck_assert_str_eq(state(), before);
}
END_TEST

START_TEST(dry_run_says_what_would_be)
{
    du_import_t *import;
    const char *before;

    start();
    before = state();
    import = import_of(package_make("p.cab", DEVICES));
    import->dry_run = 1;
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert_int_eq(import->arrivals->nelts, 2);
    ck_assert(arrival_at(import, 1)->is_new_rule);
    ck_assert_str_eq(arrival_at(import, 1)->versions.slot[DU_PENDING], "4.0.7577.4512");
    ck_assert_str_eq(state(), before);
}
END_TEST

static const struct {
    const char *kind, *says;
} refused[] = {
    {"truncated", "truncated"},
    {"parent-directory", "../x"},
    {"no-description", "no updateInfo.xml"},
    {"two-descriptions", "updateInfo.xml and other/UPDATEINFO.XML"},
    {"unnamed-member", "member image1/extra.nbt is not named"},
    {"missing-image", "names image1/CPE.nbt"},
    {"missing-catalogue", "names image1/CPE.cat"},
    {"empty-image", "member image1/CPE.nbt is empty"},
    {"long-version", "21 bytes"},
    {"empty-model", "no model"},
    {"billion-laughs", "document type"},
    {"not-xml", "not acceptable XML"},
};

START_TEST(refused_package_changes_nothing)
{
    const char *before;
    apr_status_t rv;

    start();
    assert_ok(run("--version 1.0"));
    before = state();
    rv = run(apr_pstrcat(unit.pool, "--bad ", refused[_i].kind, NULL));
    ck_assert_msg(rv == DU_E_PACKAGE && strstr(unit.ctx->failure.message, refused[_i].says), "%s: %s",
                  refused[_i].kind, unit_said(rv));
    ck_assert_str_eq(state(), before);
}
END_TEST

START_TEST(later_versions_join_the_rule)
{
    du_import_t *import;

    start();
    assert_ok(run("--device UCPhone/POLYCOM/CX600/A/ENU --version 1.0"));
    import = import_of(package_make("q.cab", "--device ucphone/Polycom/cx600/a/enu --version 2.0 --update-type cpe"));
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert_str_eq(versions_of(1), "2.0||");
    ck_assert(!arrival_at(import, 0)->is_new_rule);
    ck_assert_str_eq(du_key_path(unit.pool, &arrival_at(import, 0)->key), "UCPhone/POLYCOM/CX600/A/ENU");
    ck_assert_str_eq(arrival_at(import, 0)->update_type, "CPE");
    assert_on_disk(arrival_at(import, 0));
    ck_assert(!package_is_there(apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/ucphone", NULL)));
}
END_TEST

/* One of two rules was removed: the package brings it back, and only that. The other is as any import leaves it. */
START_TEST(A14_package_of_a_removed_rule)
{
    apr_array_header_t *gone = apr_array_make(unit.pool, 1, sizeof(du_rule_t *));
    du_import_t *import;
    const char *before;

    start();
    assert_ok(run(DEVICES));
    assert_ok(du_store_rule(unit.ctx, store, 2, unit.pool, apr_array_push(gone)));
    assert_ok(du_store_act(unit.ctx, store, gone, DU_ACTION_REMOVE, NULL, &kim, NULL));
    before = package_tree(files);
    import = import_of(package_make("p.cab", DEVICES));
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert_int_eq((int)import->package.id, 1);
    ck_assert(arrival_at(import, 0)->already && !arrival_at(import, 1)->already);
    ck_assert_int_eq((int)arrival_at(import, 1)->rule_id, 3);
    ck_assert_str_eq(package_tree(files), before); /* the orphan was replaced by the same files */
    assert_on_disk(arrival_at(import, 1));
    assert_refused(DU_E_EXISTS, run(DEVICES));
}
END_TEST

/* What a second import of a package had placed goes again if the store refuses it; what was there stays. */
START_TEST(second_import_that_fails)
{
    apr_array_header_t *gone = apr_array_make(unit.pool, 1, sizeof(du_rule_t *));

    start();
    assert_ok(run(DEVICES));
    assert_ok(du_store_rule(unit.ctx, store, 2, unit.pool, apr_array_push(gone)));
    assert_ok(du_store_act(unit.ctx, store, gone, DU_ACTION_REMOVE, NULL, &kim, NULL));
    run_sql(spec, "CREATE TRIGGER full BEFORE INSERT ON activity BEGIN SELECT RAISE(ABORT, 'full'); END");
    ck_assert_int_ne(run(DEVICES), APR_SUCCESS);
    ck_assert(package_is_there(apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/UCPhone/POLYCOM", NULL)));
    ck_assert(!package_is_there(apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/UCPhone/Aastra", NULL)));
}
END_TEST

/* The image of the first package comes again beside a new one: it is not touched. */
START_TEST(image_that_is_there_already)
{
    du_import_t *import;
    const char *path;
    struct stat before, after;

    start();
    assert_ok(run("--device UCPhone/POLYCOM/CX600/A/ENU"));
    path = apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4512/CPE/CPE.nbt",
                       NULL);
    ck_assert_int_eq(stat(path, &before), 0);
    import = import_of(package_make("q.cab", DEVICES));
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert(arrival_at(import, 0)->already && !arrival_at(import, 1)->already);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_ino == after.st_ino && before.st_ctime == after.st_ctime);
    assert_on_disk(arrival_at(import, 1));
}
END_TEST

static const struct {
    const char *first, *then, *id;
} conflicts[] = {
    {"--size 70000", "--size 70001", "DU0653"},
    {"--file CPE", "--file CPE --file EBOOT", "DU0653"},
    {"--version 1.0a", "--version 1.0A", "DU0654"},
    {"--version 1.0 --update-type CPE", "--version 2.0 --update-type EBOOT", "DU0655"},
};

START_TEST(conflict_with_what_is_there)
{
    const char *before;

    start();
    assert_ok(run(conflicts[_i].first));
    before = state();
    ck_assert_int_eq(run(conflicts[_i].then), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.id, conflicts[_i].id);
    ck_assert_str_eq(state(), before);
}
END_TEST

/* All files of two rules, one copy of the bytes. */
START_TEST(images_share_their_files)
{
    du_import_t *import;

    start();
    import = import_of(package_make("p.cab", DEVICES " --share"));
    assert_ok(du_import_run(unit.ctx, store, import));
    assert_on_disk(arrival_at(import, 0));
    assert_on_disk(arrival_at(import, 1));
    package_run(
        apr_psprintf(unit.pool, "test \"$(find '%s' -type f ! -name .store -printf '%%i\\n' | sort -u | wc -l)\" -eq 2", files));
}
END_TEST

/* The row comes last; if it is refused, the files that are in place already go again. */
START_TEST(failure_of_the_store_takes_the_images_away)
{
    const char *before;
    du_store_t *broken;
    du_import_t *import;

    start();
    before = state();
    import = import_of(package_make("p.cab", DEVICES));
    run_sql(spec, "ALTER TABLE activity RENAME TO activity_away");
    ck_assert_int_ne(du_import_run(unit.ctx, store, import), APR_SUCCESS);
    ck_assert_ptr_nonnull(unit.ctx->failure.message);
    run_sql(spec, "ALTER TABLE activity_away RENAME TO activity");
    assert_ok(du_store_open(unit.ctx, spec, unit.pool, &broken));
    ck_assert_str_eq(state(), before);
    assert_ok(du_import_run(unit.ctx, store, import));
    assert_on_disk(arrival_at(import, 1));
}
END_TEST

/* The second image cannot be placed; the first goes again. */
START_TEST(failure_of_the_file_store_takes_the_images_away)
{
    const char *before;

    start();
    package_run(apr_psprintf(unit.pool,
                             "mkdir -p '%s/" DU_IMAGE_ROOT "/UCPhone' && touch '%s/" DU_IMAGE_ROOT "/UCPhone/Aastra'",
                             files, files));
    before = state();
    ck_assert_int_ne(run(DEVICES), APR_SUCCESS);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0624");
    ck_assert_str_eq(state(), before);
}
END_TEST

static apr_status_t on_progress(void *baton, const char *stage, apr_off_t done, apr_off_t total)
{
    const char **last = baton;

    ck_assert(done <= total);
    *last = apr_psprintf(unit.pool, "%s %d", stage, (int)(done * 100 / total));
    return APR_SUCCESS;
}

START_TEST(progress_goes_on_to_the_end)
{
    const char *last = "";
    du_import_t *import;

    start();
    import = import_of(package_make("p.cab", DEVICES));
    import->progress = on_progress;
    import->baton = &last;
    assert_ok(du_import_run(unit.ctx, store, import));
    ck_assert_str_eq(last, "store 100");
}
END_TEST

static apr_status_t stop_at(void *baton, du_import_step_e step)
{
    return step == *(du_import_step_e *)baton ? du_fail(unit.ctx, DU_E_CONFLICT, "DU0000", "enough") : APR_SUCCESS;
}

/* Up to the commit; nothing is left behind then. */
START_TEST(step_can_stop_the_import)
{
    du_import_step_e last = (du_import_step_e)_i;
    const char *before;
    du_import_t *import;

    start();
    before = state();
    import = import_of(package_make("p.cab", DEVICES));
    import->step = stop_at;
    import->baton = &last;
    if (last == DU_STEP_COMMITTED) {
        assert_ok(du_import_run(unit.ctx, store, import));
        assert_on_disk(arrival_at(import, 0));
        return;
    }
    ck_assert_int_eq(du_import_run(unit.ctx, store, import), DU_E_CONFLICT);
    ck_assert_str_eq(unit.ctx->failure.message, "enough");
    ck_assert_str_eq(state(), before);
}
END_TEST

static apr_status_t stop_storing(void *baton, const char *stage, apr_off_t done, apr_off_t total)
{
    (void)baton, (void)done, (void)total;
    return strcmp(stage, "store") == 0 ? du_fail(unit.ctx, DU_E_CONFLICT, "DU0000", "enough") : APR_SUCCESS;
}

START_TEST(progress_can_stop_the_import)
{
    const char *before;
    du_import_t *import;

    start();
    before = state();
    import = import_of(package_make("p.cab", DEVICES));
    import->progress = stop_storing;
    ck_assert_int_eq(du_import_run(unit.ctx, store, import), DU_E_CONFLICT);
    ck_assert_str_eq(state(), before);
}
END_TEST

/* A description in a directory names files relative to it; case and backslashes do not matter. */
START_TEST(description_in_a_directory)
{
    static const char description[] =
        "<Updates><Updates><Update deviceType='T' brand='B' model='M' revision='R' locale='L' version='V'>"
        "<File name='SUB\\cpe.NBT' signature='cpe.cat'/></Update></Updates></Updates>";
    const char *path = unit_path("p.cab"), *list;
    du_import_t *import;

    start();
    package_run(apr_psprintf(unit.pool, "mkdir -p '%s/Top/Sub'", unit.dir));
    unit_write(unit_path("Top/UPDATEINFO.xml"), description, strlen(description));
    unit_write(unit_path("Top/Sub/CPE.nbt"), "image", 5);
    unit_write(unit_path("Top/CPE.cat"), "catalogue", 9);
    package_run(
        apr_psprintf(unit.pool, "cd '%s' && gcab -c p.cab Top/UPDATEINFO.xml Top/Sub/CPE.nbt Top/CPE.cat", unit.dir));
    import = import_of(path);
    assert_ok(du_import_run(unit.ctx, store, import));
    assert_on_disk(arrival_at(import, 0));
    list = package_tree(files);
    ck_assert_ptr_nonnull(strstr(list, "./DeviceUpdateStore/T/B/M/R/L/V/CPE/CPE.nbt f"));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("import");

    tcase_add_test(tests, package_is_stored_and_recorded);
    tcase_add_test(tests, same_package_again);
    tcase_add_test(tests, A14_package_of_a_removed_rule);
    tcase_add_test(tests, second_import_that_fails);
    tcase_add_test(tests, dry_run_says_what_would_be);
    tcase_add_loop_test(tests, refused_package_changes_nothing, 0, COUNT_OF(refused));
    tcase_add_test(tests, later_versions_join_the_rule);
    tcase_add_test(tests, image_that_is_there_already);
    tcase_add_loop_test(tests, conflict_with_what_is_there, 0, COUNT_OF(conflicts));
    tcase_add_test(tests, images_share_their_files);
    tcase_add_test(tests, failure_of_the_store_takes_the_images_away);
    tcase_add_test(tests, failure_of_the_file_store_takes_the_images_away);
    tcase_add_test(tests, progress_goes_on_to_the_end);
    tcase_add_loop_test(tests, step_can_stop_the_import, DU_STEP_UNPACKED, DU_STEPS);
    tcase_add_test(tests, progress_can_stop_the_import);
    tcase_add_test(tests, description_in_a_directory);
    return unit_run(tests);
}
