#include "ctl_doctor.h"

#include <apr_strings.h>

#include "du_disk.h"
#include "du_text.h"
#include "du_upload_usage.h"

#define LITTLE_ROOM (APR_INT64_C(64) << 20) /* bytes: a day's records and a package */
#define ROOM_SHARE  20                      /* a twentieth of the disk should be free */
#define QUOTA       1073741824              /* DevUpdateUploadQuota's default */
#define NEARLY      9 / 10                  /* of the quota */

static const char *bytes(ctl_doctor_t *doctor, apr_off_t count)
{
    return apr_pstrcat(doctor->ctl->pool, du_text_number(doctor->ctl->pool, count), " bytes", NULL);
}

void ctl_doctor_rights(ctl_doctor_t *doctor)
{
    ctl_t *ctl = doctor->ctl;
    apr_array_header_t *denied;

    if (du_disk_is_almighty()) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "root may do everything; run this as httpd's user, who may not");
        return;
    }
    du_disk_denied(ctl->ctx, ctl->files, ctl->pool, &denied);
    for (int i = 0; i < denied->nelts; i++) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1047),
                         "give it to httpd's user, which must be the one that runs this", "%s",
                         APR_ARRAY_IDX(denied, i, const char *));
    }
    if (denied->nelts == 0) {
        ctl_doctor_right(doctor, CTL_OK, "%s may read and write what a node has to", ctl->actor.name);
    }
}

void ctl_doctor_space(ctl_doctor_t *doctor)
{
    du_disk_room_t room;
    const char *free;

    if (du_disk_room(doctor->ctl->ctx, doctor->ctl->files, &room) != APR_SUCCESS) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1042), "--files is what DevUpdateFiles says; mount it, or make it",
                         "%s", ctl_doctor_failure(doctor));
        return;
    }
    free = bytes(doctor, room.free);
    if (room.free < LITTLE_ROOM) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1049), "make room: `log clear`, `file clear`, or a larger disk",
                         "%s are free in the file store; what phones do cannot be recorded when none are", free);
    } else if (room.free < room.size / ROOM_SHARE || room.free_names < room.all_names / ROOM_SHARE) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1018), "make room before it is needed: `log clear`, `file clear`",
                         "less than a twentieth of the file store's disk is free (%s, %" APR_INT64_T_FMT
                         " files more)",
                         free, room.free_names);
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s are free in the file store", free);
    }
}

apr_status_t ctl_doctor_quota_read(ctl_t *ctl, apr_off_t *quota)
{
    const char *text = ctl->option[CTL_OPT_QUOTA];
    char *end = NULL;

    *quota = QUOTA;
    if (text && (apr_strtoff(quota, text, &end, 10) != APR_SUCCESS || *end || *quota < 1)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(1004), "--quota is a number of bytes, not \"%s\"",
                       du_text_for_log(ctl->pool, text));
    }
    return APR_SUCCESS;
}

void ctl_doctor_quota(ctl_doctor_t *doctor)
{
    ctl_t *ctl = doctor->ctl;
    apr_off_t quota = 0, used = du_upload_usage_count(ctl->ctx, ctl->files, NULL);

    ctl_doctor_quota_read(ctl, &quota); /* judged before: it cannot fail now */
    if (used >= quota) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1009),
                         "remove old ones with `log clear`, or raise DevUpdateUploadQuota",
                         "device logs take %s of %s: nothing more is taken from phones", bytes(doctor, used),
                         bytes(doctor, quota));
    } else if (used >= quota * NEARLY) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1003),
                         "remove old ones with `log clear`, or raise DevUpdateUploadQuota",
                         "device logs take %s of %s", bytes(doctor, used), bytes(doctor, quota));
    } else {
        ctl_doctor_right(doctor, CTL_OK, "device logs take %s of %s%s", bytes(doctor, used), bytes(doctor, quota),
                         ctl->option[CTL_OPT_QUOTA] ? ""
                                                    : " (DevUpdateUploadQuota's default; --quota if it is another)");
    }
}
