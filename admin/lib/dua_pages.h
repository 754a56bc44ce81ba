/*
 * THE list of pages that the navigation leads to, in its order: X(name, right to see it). A page's program is
 * admin/<name>.c, its template admin/templates/<name>.html, its title the phrase "nav.<name>".
 */
#ifndef DUA_PAGES_H
#define DUA_PAGES_H

/* clang-format off */
#define DUA_PAGES(X)                       \
    X(index,        DU_RIGHT_VIEW)         \
    X(rules,        DU_RIGHT_VIEW)         \
    X(packages,     DU_RIGHT_VIEW)         \
    X(devices,      DU_RIGHT_VIEW)         \
    X(test_devices, DU_RIGHT_VIEW)         \
    X(sites,        DU_RIGHT_VIEW)         \
    X(device_logs,  DU_RIGHT_LOG_READ)     \
    X(settings,     DU_RIGHT_VIEW)         \
    X(roles,        DU_RIGHT_VIEW)         \
    X(activity,     DU_RIGHT_ACTIVITY)
/* clang-format on */

#endif
