#include "du_setting.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

const char *du_setting_name(du_setting_e setting)
{
    static const char *const names[] = {
#define DU_SETTING_NAME(id, name, scope, kind, preset, least, most) name,
        DU_SETTING_LIST(DU_SETTING_NAME)
#undef DU_SETTING_NAME
    };
    return names[setting];
}

const char *du_setting_default(du_setting_e setting)
{
    static const char *const presets[] = {
#define DU_SETTING_PRESET(id, name, scope, kind, preset, least, most) preset,
        DU_SETTING_LIST(DU_SETTING_PRESET)
#undef DU_SETTING_PRESET
    };
    return presets[setting];
}

const char *du_setting_text(const du_settings_t *settings, du_setting_e setting)
{
    const char *text = settings ? settings->value[setting] : NULL;

    return text ? text : du_setting_default(setting);
}

apr_int64_t du_setting_number(const du_settings_t *settings, du_setting_e setting)
{
    return apr_atoi64(du_setting_text(settings, setting));
}

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
