#include "ctl.h"

#include <string.h>

#include <apr_getopt.h>
#include <apr_strings.h>

#include "du_text.h"
#include "dua_place.h"

/* Options have no short forms: their letters for getopt lie behind the last byte. */
#define LETTER 256

#define ANYWHERE (CTL_BIT(CTL_OPT_STORE) | CTL_BIT(CTL_OPT_FILES) | CTL_BIT(CTL_OPT_JSON) | CTL_BIT(CTL_OPT_HELP))

static const struct {
    const char *name, *value, *text;
} options[] = {
#define CTL_OPTION_ROW(id, name, value, text) {name, value, text},
    CTL_OPTION_LIST(CTL_OPTION_ROW)
#undef CTL_OPTION_ROW
};

const char *ctl_option_name(ctl_option_e id)
{
    return options[id].name;
}

const char *ctl_option_value(ctl_option_e id)
{
    return options[id].value;
}

const char *ctl_option_text(ctl_option_e id)
{
    return options[id].text;
}

static apr_status_t refuse_option(ctl_t *ctl, apr_status_t status, const char *argument)
{
    const char *shown = du_text_for_log(ctl->pool, argument);

    if (status == APR_BADCH) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0803),
                       "there is no option %s here; \"" CTL_NAME " help\" explains", shown);
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0804), "option %s lacks its value, or has one and takes none", shown);
}

/* Reads the options of the set `accepted`; os->ind is at the first operand afterwards. */
static apr_status_t read_options(ctl_t *ctl, apr_getopt_t *os, apr_uint64_t accepted)
{
    apr_getopt_option_t table[CTL_OPTIONS + 1] = {{0}};
    int rows = 0, letter;
    const char *value;
    apr_status_t status;

    for (int id = 0; id < CTL_OPTIONS; id++) {
        if (accepted & CTL_BIT(id)) {
            table[rows].name = options[id].name;
            table[rows].has_arg = options[id].value != NULL;
            table[rows++].optch = LETTER + id;
        }
    }
    os->errfn = NULL; /* the sentence is ours */
    while ((status = apr_getopt_long(os, table, &letter, &value)) == APR_SUCCESS) {
        ctl->option[letter - LETTER] = value ? value : "";
    }
    return status == APR_EOF ? APR_SUCCESS : refuse_option(ctl, status, os->argv[os->ind - 1]);
}

int ctl_command_words(const ctl_command_t *command, int count, const char *const *words)
{
    const char *name = command->name;

    for (int i = 0; i < count; i++) {
        apr_size_t len = strlen(words[i]);

        if (strncmp(name, words[i], len) != 0 || (name[len] != ' ' && name[len] != '\0')) {
            return 0;
        }
        if (name[len] == '\0') {
            return i + 1;
        }
        name += len + 1;
    }
    return 0;
}

static apr_status_t find_command(ctl_t *ctl, int count, const char *const *words, int *used)
{
    if (count == 0) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0801), "no command given; \"" CTL_NAME " help\" lists them");
    }
    for (const ctl_command_t *command = ctl->commands; command->name; command++) {
        if ((*used = ctl_command_words(command, count, words)) > 0) {
            ctl->command = command;
            return APR_SUCCESS;
        }
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0802), "\"%s%s%s\" is not a command; \"" CTL_NAME " help\" lists them",
                   du_text_for_log(ctl->pool, words[0]), count > 1 ? " " : "",
                   count > 1 ? du_text_for_log(ctl->pool, words[1]) : "");
}

apr_status_t ctl_args_required(ctl_t *ctl, apr_uint64_t required)
{
    for (int id = 0; id < CTL_OPTIONS; id++) {
        if ((required & CTL_BIT(id)) && !du_text_or_null(ctl->option[id])) {
            return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0806), "%s needs --%s %s", ctl->command->name,
                           options[id].name, options[id].value);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_note(ctl_t *ctl)
{
    const char *note = ctl->option[CTL_OPT_NOTE];

    if (note && (strlen(note) > DU_NOTE_MAX || !du_text_is_utf8(note, strlen(note)))) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0807), "a note is at most %d bytes of UTF-8", DU_NOTE_MAX);
    }
    return APR_SUCCESS;
}

static apr_status_t check_usage(ctl_t *ctl)
{
    const ctl_command_t *command = ctl->command;
    apr_status_t status;

    if (ctl->option[CTL_OPT_HELP]) {
        return APR_SUCCESS;
    }
    if (ctl->argc < command->min || ctl->argc > command->max) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0805), "usage: " CTL_NAME " %s%s%s", command->name,
                       *command->operands ? " " : "", command->operands);
    }
    if ((status = ctl_args_required(ctl, command->required)) != APR_SUCCESS ||
        (status = check_note(ctl)) != APR_SUCCESS) {
        return status;
    }
    return command->check ? command->check(ctl) : APR_SUCCESS;
}

/* Two readings, because what an option means depends on the command: `--version` before it asks for
 * the version of this program, behind `phone` it is the version the phone has. */
apr_status_t ctl_args_read(ctl_t *ctl, int argc, const char *const *argv)
{
    apr_getopt_t *os;
    int used = 0;
    apr_status_t status;

    apr_getopt_init(&os, ctl->pool, argc, argv);
    if ((status = read_options(ctl, os, ANYWHERE | CTL_BIT(CTL_OPT_ABOUT))) != APR_SUCCESS) {
        return status;
    }
    argc -= os->ind;
    argv += os->ind;
    if (ctl->option[CTL_OPT_ABOUT] || (argc == 0 && ctl->option[CTL_OPT_HELP])) {
        return APR_SUCCESS;
    }
    if ((status = find_command(ctl, argc, argv, &used)) != APR_SUCCESS) {
        return status;
    }
    /* getopt skips the first word as the program's name: here it is the command's last. */
    apr_getopt_init(&os, ctl->pool, argc - used + 1, argv + used - 1);
    os->interleave = 1;
    if ((status = read_options(ctl, os, ANYWHERE | ctl->command->options)) != APR_SUCCESS) {
        return status;
    }
    ctl->argc = os->argc - os->ind;
    ctl->argv = os->argv + os->ind;
    return check_usage(ctl);
}

apr_status_t ctl_args_ids(ctl_t *ctl)
{
    ctl->ids = apr_pcalloc(ctl->pool, sizeof(*ctl->ids) * (apr_size_t)(ctl->argc + 1));
    ctl->versions = apr_pcalloc(ctl->pool, sizeof(*ctl->versions) * (apr_size_t)(ctl->argc + 1));
    for (int i = 0; i < ctl->argc; i++) {
        const char *text = ctl->argv[i];

        ctl->ids[i] = apr_strtoi64(text, NULL, 10);
        if (strspn(text, "0123456789") != strlen(text) || ctl->ids[i] <= 0 || ctl->ids[i] == APR_INT64_MAX) {
            return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0808), "\"%s\" is not the number of a row",
                           du_text_for_log(ctl->pool, text));
        }
    }
    return APR_SUCCESS;
}

apr_status_t ctl_args_ids_versions(ctl_t *ctl)
{
    const char *const *given = ctl->argv;
    const char **ids = apr_palloc(ctl->pool, sizeof(*ids) * (apr_size_t)(ctl->argc + 1));
    apr_status_t status;

    for (int i = 0; i < ctl->argc; i++) {
        ids[i] = apr_pstrmemdup(ctl->pool, given[i], strcspn(given[i], "@"));
    }
    ctl->argv = ids;
    status = ctl_args_ids(ctl);
    for (int i = 0; i < ctl->argc; i++) {
        const char *at = strchr(given[i], '@');

        ctl->versions[i] = at ? at + 1 : NULL;
    }
    return status;
}

apr_status_t ctl_scope_read(ctl_t *ctl, const char **site)
{
    const char *scope = ctl->option[CTL_OPT_SCOPE];

    *site = "";
    return !scope || dua_place_scope(ctl->ctx, scope, site) == APR_SUCCESS ? APR_SUCCESS : CTL_E_USAGE;
}
