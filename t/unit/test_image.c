#include "package.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "du_image.h"

#define OTHER_USER  33333 /* nobody has it */
#define OTHER_GROUP 33334

static const du_key_t cx600 = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};
static const char image_path[] = "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4512/CPE";

static const char *files; /* the file store */
static du_image_lock_t *lock;
static const char *staging;

static void start(void)
{
    files = unit_path("files");
    ck_assert_int_eq(mkdir(files, 0755), 0);
    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
}

static const char *in_store(const char *name)
{
    return apr_pstrcat(unit.pool, files, "/" DU_IMAGE_ROOT "/", name, NULL);
}

static const char *stage(const char *name, const char *content)
{
    const char *path = apr_pstrcat(unit.pool, staging, "/", name, NULL);

    unit_write(path, content, strlen(content));
    return path;
}

static void place(const char *content)
{
    const char *building;

    assert_ok(du_image_begin(unit.ctx, lock, &building));
    assert_ok(du_image_add(unit.ctx, building, stage("m1", content), "CPE.nbt"));
    assert_ok(du_image_add(unit.ctx, building, stage("m2", "catalogue"), "CPE.cat"));
    assert_ok(du_image_place(unit.ctx, lock, building, image_path));
}

START_TEST(path_of_an_image)
{
    ck_assert_str_eq(du_image_path(unit.pool, &cx600, "4.0.7577.4512", "CPE"), image_path);
}
END_TEST

START_TEST(placed_image_is_there_and_nothing_else)
{
    start();
    place("image");
    du_image_unlock(lock);
    ck_assert_str_eq(unit_read(in_store(apr_pstrcat(unit.pool, image_path, "/CPE.nbt", NULL)), NULL), "image");
    package_run(apr_psprintf(unit.pool,
                             "cd '%s' && test \"$(find . -type f | sort | tr '\\n' ' ')\" = "
                             "'./" DU_IMAGE_ROOT "/%s/CPE.cat ./" DU_IMAGE_ROOT "/%s/CPE.nbt '",
                             files, image_path, image_path));
    ck_assert(!package_is_there(in_store(DU_IMAGE_STAGING)));
}
END_TEST

START_TEST(removed_image_leaves_nothing)
{
    const char *before;

    start();
    package_run(apr_psprintf(unit.pool, "mkdir -p '%s'", in_store("UCPhone/POLYCOM/CX500")));
    before = package_tree(in_store("UCPhone"));
    place("image");
    ck_assert_str_ne(package_tree(in_store("UCPhone")), before);
    assert_ok(du_image_remove(unit.ctx, lock, image_path));
    ck_assert_str_eq(package_tree(in_store("UCPhone")), before);
    assert_ok(du_image_remove(unit.ctx, lock, image_path)); /* nothing there is no failure */
}
END_TEST

START_TEST(lock_leaves_no_trace)
{
    const char *before;

    files = unit_path("files");
    ck_assert_int_eq(mkdir(files, 0755), 0);
    before = package_tree(files);
    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
    stage("m1", "left over");
    du_image_unlock(lock);
    ck_assert_str_eq(package_tree(files), before);
    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
    ck_assert_str_ne(package_tree(files), before);
}
END_TEST

START_TEST(pool_releases_the_lock)
{
    apr_pool_t *pool;

    files = unit_path("files");
    ck_assert_int_eq(mkdir(files, 0755), 0);
    apr_pool_create(&pool, unit.pool);
    assert_ok(du_image_lock(unit.ctx, files, pool, &lock, &staging));
    stage("m1", "left over");
    apr_pool_destroy(pool);
    ck_assert(!package_is_there(in_store("")));
}
END_TEST

START_TEST(orphan_is_replaced)
{
    start();
    package_run(apr_psprintf(unit.pool, "mkdir -p '%s/sub' && echo old > '%s/sub/old.nbt'", in_store(image_path),
                             in_store(image_path)));
    place("new");
    package_run(
        apr_psprintf(unit.pool, "test \"$(ls '%s' | tr '\\n' ' ')\" = 'CPE.cat CPE.nbt '", in_store(image_path)));
}
END_TEST

START_TEST(images_share_a_staged_file)
{
    const char *building, *shared;
    struct stat one, other;

    start();
    shared = stage("m1", "shared");
    for (int i = 0; i < 2; i++) {
        assert_ok(du_image_begin(unit.ctx, lock, &building));
        assert_ok(du_image_add(unit.ctx, building, shared, "CPE.nbt"));
        assert_ok(du_image_place(unit.ctx, lock, building, i ? "T/B/M/R/L/1/CPE" : "T/B/N/R/L/1/CPE"));
    }
    ck_assert_int_eq(stat(in_store("T/B/M/R/L/1/CPE/CPE.nbt"), &one), 0);
    ck_assert_int_eq(stat(in_store("T/B/N/R/L/1/CPE/CPE.nbt"), &other), 0);
    ck_assert(one.st_ino == other.st_ino);
}
END_TEST

START_TEST(place_that_cannot_be_had)
{
    const char *building, *before;

    start();
    unit_write(in_store("UCPhone"), "x", 1); /* a file where a directory must be */
    assert_ok(du_image_begin(unit.ctx, lock, &building));
    assert_ok(du_image_add(unit.ctx, building, stage("m1", "image"), "CPE.nbt"));
    before = package_tree(files);
    ck_assert_int_ne(du_image_place(unit.ctx, lock, building, image_path), APR_SUCCESS);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0624");
    ck_assert_str_eq(package_tree(files), before);
}
END_TEST

START_TEST(file_store_that_is_not_there)
{
    assert_refused(APR_ENOENT, du_image_lock(unit.ctx, unit_path("missing"), unit.pool, &lock, &staging));
}
END_TEST

/* What root makes must be httpd's, whatever the umask. */
START_TEST(everything_belongs_to_the_owner_of_the_file_store)
{
    const char *list = unit_path("list");

    if (geteuid() != 0) {
        unit_diag("not root: owners are not tested");
        return;
    }
    umask(022);
    files = unit_path("files");
    ck_assert_int_eq(mkdir(files, 0755), 0);
    ck_assert_int_eq(chown(files, OTHER_USER, OTHER_GROUP), 0);
    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
    place("image");
    stage("m1", "only staged");
    package_run(apr_psprintf(unit.pool,
                             "cd '%s' && find . -name m1 -o '(' -uid %d -gid %d '(' -type d -perm 755 -o "
                             "-type f -perm 644 ')' ')' -o -print > '%s'",
                             files, OTHER_USER, OTHER_GROUP, list));
    ck_assert_str_eq(unit_read(list, NULL), "");
}
END_TEST

/*
 * Two processes
 */

static void child_dies_with_the_lock(int signal_number)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (du_image_lock(unit.ctx, files, unit.pool, &lock, &staging) == APR_SUCCESS) {
            stage("m1", "left over");
            raise(signal_number);
        }
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == signal_number);
}

START_TEST(killed_import_is_cleared_away)
{
    files = unit_path("files");
    ck_assert_int_eq(mkdir(files, 0755), 0);
    child_dies_with_the_lock(SIGKILL);
    ck_assert(package_is_there(in_store(".staging/work/m1")));
    assert_ok(du_image_lock(unit.ctx, files, unit.pool, &lock, &staging));
    ck_assert(package_is_there(staging));
    ck_assert(!package_is_there(in_store(".staging/work/m1")));
    du_image_unlock(lock);
    ck_assert(!package_is_there(in_store(".staging")));
}
END_TEST

/* The kernel lists who waits for a lock as "N: -> POSIX ADVISORY WRITE <pid> ...". */
static int waits_for_a_lock(pid_t pid)
{
    const char *wanted = apr_psprintf(unit.pool, " WRITE %ld ", (long)pid);
    FILE *locks = fopen("/proc/locks", "r");
    char line[256];
    int found = 0;

    ck_assert_ptr_nonnull(locks);
    while (!found && fgets(line, sizeof(line), locks)) {
        found = strstr(line, "->") && strstr(line, wanted);
    }
    fclose(locks);
    return found;
}

static pid_t fork_waiting(const volatile int *may_enter)
{
    static const struct timespec pause = {0, 5 * 1000 * 1000};
    pid_t child = fork();

    if (child == 0) {
        apr_status_t rv = du_image_lock(unit.ctx, files, unit.pool, &lock, &staging);
        int ok = rv == APR_SUCCESS && *may_enter && package_is_there(staging) &&
                 !package_is_there(in_store(".staging/work/m1"));

        if (rv == APR_SUCCESS) {
            du_image_unlock(lock);
        }
        _exit(ok ? 0 : 1);
    }
    for (int i = 0; i < 4000 && !waits_for_a_lock(child); i++) {
        ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
        nanosleep(&pause, NULL);
    }
    ck_assert(waits_for_a_lock(child));
    return child;
}

START_TEST(second_import_waits)
{
    volatile int *may_enter =
        mmap(NULL, sizeof(*may_enter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[3];
    int status;

    ck_assert_ptr_ne((void *)(uintptr_t)may_enter, MAP_FAILED);
    start();
    stage("m1", "of the first");
    for (int i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork_waiting(may_enter);
    }
    *may_enter = 1;
    du_image_unlock(lock);
    for (int i = 0; i < COUNT_OF(children); i++) {
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ck_assert(!package_is_there(in_store(".staging")));
}
END_TEST

/* What other people put into the tree is not ours: files above images, and names that begin with a dot. */
START_TEST(the_tree)
{
    apr_array_header_t *dirs;
    du_image_dir_t staged;

    assert_ok(du_image_tree(unit.ctx, unit_path("nowhere"), unit.pool, &dirs));
    ck_assert_int_eq(dirs->nelts, 0);
    start();
    place("image");
    stage("left", "12345");
    package_run(apr_psprintf(unit.pool,
                             "cd '%s' && mkdir -p UCPhone/Aastra/6725ip/A/ENU/2/CPE/sub UCPhone/LG/IP8540 .mine/b/c/d/e/f/g && "
                             "printf 1234567 > UCPhone/Aastra/6725ip/A/ENU/2/CPE/sub/x && touch UCPhone/readme && "
                             "ln -s /etc UCPhone/etc",
                             in_store("")));
    assert_ok(du_image_tree(unit.ctx, files, unit.pool, &dirs));
    ck_assert_int_eq(dirs->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(dirs, 0, du_image_dir_t).path, "UCPhone/Aastra/6725ip/A/ENU/2/CPE");
    ck_assert_int_eq(APR_ARRAY_IDX(dirs, 0, du_image_dir_t).files, 1);
    ck_assert_int_eq((int)APR_ARRAY_IDX(dirs, 0, du_image_dir_t).bytes, 7);
    ck_assert_str_eq(APR_ARRAY_IDX(dirs, 1, du_image_dir_t).path, "UCPhone/LG/IP8540");
    ck_assert_int_eq(APR_ARRAY_IDX(dirs, 1, du_image_dir_t).files, 0);
    ck_assert_str_eq(APR_ARRAY_IDX(dirs, 2, du_image_dir_t).path, image_path);
    ck_assert_int_eq(APR_ARRAY_IDX(dirs, 2, du_image_dir_t).files, 2);
    ck_assert_int_eq((int)APR_ARRAY_IDX(dirs, 2, du_image_dir_t).bytes, 14);
    assert_ok(du_image_staged(unit.ctx, files, unit.pool, &staged));
    ck_assert_int_ge(staged.files, 1);
    du_image_unlock(lock);
    assert_ok(du_image_staged(unit.ctx, files, unit.pool, &staged));
    ck_assert_int_eq(staged.files, 0);
    ck_assert_int_eq((int)staged.bytes, 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("image");

    tcase_add_test(tests, path_of_an_image);
    tcase_add_test(tests, placed_image_is_there_and_nothing_else);
    tcase_add_test(tests, removed_image_leaves_nothing);
    tcase_add_test(tests, lock_leaves_no_trace);
    tcase_add_test(tests, pool_releases_the_lock);
    tcase_add_test(tests, orphan_is_replaced);
    tcase_add_test(tests, images_share_a_staged_file);
    tcase_add_test(tests, place_that_cannot_be_had);
    tcase_add_test(tests, file_store_that_is_not_there);
    tcase_add_test(tests, everything_belongs_to_the_owner_of_the_file_store);
    tcase_add_test(tests, killed_import_is_cleared_away);
    tcase_add_test(tests, second_import_waits);
    tcase_add_test(tests, the_tree);
    return unit_run(tests);
}
