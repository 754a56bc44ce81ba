#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* "--note TEXT" */
static const char *option_form(apr_pool_t *pool, ctl_option_e id)
{
    const char *value = ctl_option_value(id);

    return apr_pstrcat(pool, "--", ctl_option_name(id), value ? " " : "", value ? value : "", NULL);
}

/* "rule approve ID... | --all [--note TEXT]": options that an operand stands for are in the
 * operands already. */
static const char *synopsis(apr_pool_t *pool, const ctl_command_t *command)
{
    const char *text = apr_pstrcat(pool, command->name, *command->operands ? " " : "", command->operands, NULL);

    for (int id = 0; id < CTL_OPTIONS; id++) {
        const char *form = option_form(pool, id);
        int required = (command->required & CTL_BIT(id)) != 0;

        if ((command->options & CTL_BIT(id)) && !strstr(command->operands, form)) {
            text = apr_pstrcat(pool, text, required ? " " : " [", form, required ? "" : "]", NULL);
        }
    }
    return text;
}

/* Breaks a line at spaces so that it fits a terminal. */
static void print_wrapped(const char *indent, const char *text)
{
    const apr_size_t width = 78;
    apr_size_t column = 0;

    while (*text) {
        apr_size_t len = strcspn(text, " ");

        if (*text == '[') { /* an option and its value stay together */
            len = strcspn(text, "]") + 1;
        }
        if (column > 0 && column + 1 + len > width) {
            printf("\n%s    ", indent);
            column = strlen(indent) + 4;
        } else {
            column += (apr_size_t)printf("%s", column ? " " : indent);
        }
        column += (apr_size_t)printf("%.*s", (int)len, text);
        text += len + strspn(text + len, " ");
    }
    putchar('\n');
}

static void print_options(apr_pool_t *pool, apr_uint64_t set)
{
    for (int id = 0; id < CTL_OPTIONS; id++) {
        if (set & CTL_BIT(id)) {
            printf("  %-24s %s\n", option_form(pool, id), ctl_option_text(id));
        }
    }
}

static void print_overview(ctl_t *ctl)
{
    printf("Usage: " CTL_NAME " [OPTION...] COMMAND\n\nCommands:\n");
    for (const ctl_command_t *command = ctl->commands; command->name; command++) {
        printf("  %-18s %s\n", command->name, command->text);
    }
    printf("\nOptions:\n");
    print_options(ctl->pool, CTL_BIT(CTL_OPT_STORE) | CTL_BIT(CTL_OPT_FILES) | CTL_BIT(CTL_OPT_JSON) |
                                 CTL_BIT(CTL_OPT_HELP) | CTL_BIT(CTL_OPT_ABOUT));
    printf("Without --store and --files: %s\n                             %s\n", DU_DEFAULT_STORE, DU_DEFAULT_FILES);
    printf("\nExit status: 0 done, 1 refused or failed, 2 wrong usage.\n"
           "\"" CTL_NAME " help COMMAND\" explains one command.\n");
}

static void print_command(apr_pool_t *pool, const ctl_command_t *command)
{
    print_wrapped("", apr_pstrcat(pool, "Usage: " CTL_NAME " ", synopsis(pool, command), NULL));
    printf("    %s\n", command->text);
    if (command->options) {
        printf("\n");
        print_options(pool, command->options);
    }
}

/* "rule" stands for all commands of rules. */
static int is_asked_for(const ctl_command_t *command, int count, const char *const *words)
{
    apr_size_t len = strlen(words[0]);

    if (count == 1 && strncmp(command->name, words[0], len) == 0 && command->name[len] == ' ') {
        return 1;
    }
    return ctl_command_words(command, count, words) == count;
}

apr_status_t ctl_help(ctl_t *ctl)
{
    int found = 0;

    if (ctl->command && ctl->command->run != ctl_help) {
        print_command(ctl->pool, ctl->command);
        return APR_SUCCESS;
    }
    if (ctl->argc == 0) {
        print_overview(ctl);
        return APR_SUCCESS;
    }
    for (const ctl_command_t *command = ctl->commands; command->name; command++) {
        if (is_asked_for(command, ctl->argc, ctl->argv)) {
            printf("%s", found++ ? "\n" : "");
            print_command(ctl->pool, command);
        }
    }
    return found ? APR_SUCCESS
                 : du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0809), "there is no command \"%s\" to explain",
                           du_text_for_log(ctl->pool, ctl->argv[0]));
}
