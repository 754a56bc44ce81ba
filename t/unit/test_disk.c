#include "unit.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "du_disk.h"

#define NOBODY 65534

static void make(const char *name, int mode)
{
    ck_assert_int_eq(mkdir(unit_path(name), 0755), 0);
    ck_assert_int_eq(chmod(unit_path(name), (mode_t)mode), 0);
}

static void put(const char *name, int mode)
{
    unit_write(unit_path(name), "x", 1);
    ck_assert_int_eq(chmod(unit_path(name), (mode_t)mode), 0);
}

/* What is denied to somebody who owns nothing of it (to the owner, if the tests do not run as root); joined by '|'. */
static const char *denied(void)
{
    apr_array_header_t *found;
    uid_t self = geteuid();

    if (self == 0) {
        ck_assert_int_eq(chmod(unit.root, 0755), 0);
        ck_assert_int_eq(chmod(unit.dir, 0777), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
    }
    assert_ok(du_disk_denied(unit.ctx, unit.dir, unit.pool, &found));
    ck_assert_int_eq(seteuid(self), 0);
    return apr_array_pstrcat(unit.pool, found, '|');
}

static const char *refusal(const char *name, const char *what)
{
    return apr_psprintf(unit.pool, "%s cannot be %s: Permission denied", unit_path(name), what);
}

START_TEST(an_empty_file_store_is_writable)
{
    ck_assert_str_eq(denied(), "");
}
END_TEST

START_TEST(what_a_node_needs)
{
    make("DeviceUpdateStore", 0777);
    make("DeviceUpdateStore/a", 0777);
    put("DeviceUpdateStore/a/CPE.nbt", 0444);
    make("DeviceUpdateLogs", 0777);
    make("DeviceUpdateLogs/Server", 0777);
    put("DeviceUpdateLogs/Server/x.log", 0666);
    make("DeviceUpdateLogs/Client", 0777);
    make("DeviceUpdateLogs/Client/CELog", 0777);
    put("DeviceUpdateLogs/Client/CELog/x.clg", 0);
    make("DeviceUpdateTrust", 0555);
    put("DeviceUpdateTrust/root.pem", 0444);
    ck_assert_str_eq(denied(), "");
    chmod(unit_path("DeviceUpdateStore/a/CPE.nbt"), 0);
    ck_assert_str_eq(denied(), refusal("DeviceUpdateStore/a/CPE.nbt", "read"));
    chmod(unit_path("DeviceUpdateStore/a"), 0555);
    ck_assert_str_eq(denied(), refusal("DeviceUpdateStore/a", "written to"));
    chmod(unit_path("DeviceUpdateStore"), 0);
    ck_assert_str_eq(denied(), refusal("DeviceUpdateStore", "written to"));
    chmod(unit_path("DeviceUpdateStore"), 0777);
    chmod(unit_path("DeviceUpdateStore/a"), 0777);
    chmod(unit_path("DeviceUpdateStore/a/CPE.nbt"), 0444);
    chmod(unit_path("DeviceUpdateLogs/Server/x.log"), 0444);
    ck_assert_str_eq(denied(), refusal("DeviceUpdateLogs/Server/x.log", "written to"));
    chmod(unit_path("DeviceUpdateLogs/Server/x.log"), 0666);
    chmod(unit_path("DeviceUpdateTrust"), 0);
    ck_assert_str_eq(denied(), refusal("DeviceUpdateTrust", "read"));
    chmod(unit_path("DeviceUpdateTrust"), 0555);
}
END_TEST

START_TEST(not_all_of_many_are_named)
{
    apr_array_header_t *found;

    make("DeviceUpdateStore", 0777);
    for (int i = 0; i < 2 * DU_DISK_DENIED_MAX; i++) {
        put(apr_psprintf(unit.pool, "DeviceUpdateStore/%d", i), 0);
    }
    found = apr_array_make(unit.pool, 1, sizeof(char *));
    for (const char *at = denied(); at; at = strchr(at + 1, '|')) {
        APR_ARRAY_PUSH(found, const char *) = at;
    }
    ck_assert_int_eq(found->nelts, DU_DISK_DENIED_MAX);
}
END_TEST

START_TEST(room)
{
    du_disk_room_t now;
    struct statvfs info;

    assert_ok(du_disk_room(unit.ctx, unit.dir, &now));
    ck_assert_int_eq(statvfs(unit.dir, &info), 0);
    ck_assert_int_eq(now.size, (apr_off_t)(info.f_blocks * info.f_frsize));
    ck_assert(now.free >= 0 && now.free <= now.size && now.free_names <= now.all_names);
    ck_assert(APR_STATUS_IS_ENOENT(du_disk_room(unit.ctx, unit_path("none"), &now)));
    ck_assert_str_eq(unit.ctx->failure.id, "DU1048");
}
END_TEST

START_TEST(root_is_almighty)
{
    ck_assert_int_eq(du_disk_is_almighty(), geteuid() == 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("disk");

    tcase_add_test(tests, an_empty_file_store_is_writable);
    tcase_add_test(tests, what_a_node_needs);
    tcase_add_test(tests, not_all_of_many_are_named);
    tcase_add_test(tests, room);
    tcase_add_test(tests, root_is_almighty);
    return unit_run(tests);
}
