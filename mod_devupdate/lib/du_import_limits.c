#include "du_import_limits.h"

/* The slowest compression unpacks 4 GiB, the default of import-max-size, in less than two minutes of a processor; the rest
 * is for slow ones, and for a disk or a network file system that makes the reader wait. */
#define PROCESSOR_SECONDS 900
#define SILENT_SECONDS    120

du_import_limits_t du_import_limits(const du_settings_t *settings)
{
    return (du_import_limits_t){
        .members = du_setting_number(settings, DU_SET_IMPORT_MAX_MEMBERS),
        .size = du_setting_number(settings, DU_SET_IMPORT_MAX_SIZE),
        .member_size = du_setting_number(settings, DU_SET_IMPORT_MAX_MEMBER_SIZE),
        .ratio = du_setting_number(settings, DU_SET_IMPORT_MAX_RATIO),
        .name = du_setting_number(settings, DU_SET_IMPORT_MAX_NAME),
        .depth = du_setting_number(settings, DU_SET_IMPORT_MAX_DEPTH),
        .processor_seconds = PROCESSOR_SECONDS,
        .silent_seconds = SILENT_SECONDS,
    };
}
