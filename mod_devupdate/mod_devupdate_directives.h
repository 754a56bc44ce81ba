/*
 * THE list of directives. Everything about a directive is an expansion of its line: the member of the configuration, its
 * unset value, merging, accessor, command and check. conf/directives/<Name>.md explains each; a test compares the two.
 *
 *   X(kind, member, Name, context, default, least, most, "help")
 *
 * kind: FLAG, NUMBER (least to most), TEXT, PATH (relative to ServerRoot), NAME (a path segment), URL (absolute, http or
 * https, no slash at the end), WORDS (least to most words; what they mean, du_take_<member>() knows, which adds an item to
 * the list that the setting is). context: GLOBAL (main server only) or SERVER (a virtual host may differ). A setting that
 * is nowhere given stays unset; its default is applied by the accessor.
 */
#ifndef MOD_DEVUPDATE_DIRECTIVES_H
#define MOD_DEVUPDATE_DIRECTIVES_H

/* clang-format off */
#define DU_DIRECTIVES(X)                                                                                            \
    X(FLAG,   engine,           DevUpdateEngine,         SERVER, 0,     0,    1,                                     \
      "On or Off: whether this server answers phones")                                                              \
    X(TEXT,   store,            DevUpdateStore,          GLOBAL, NULL,  0,    0,                                     \
      "the database, as \"DRIVER PARAMS\"")                                                                         \
    X(PATH,   files,            DevUpdateFiles,          GLOBAL, NULL,  0,    0,                                     \
      "the directory of the file store")                                                                            \
    X(NAME,   node_name,        DevUpdateNode,           GLOBAL, NULL,  0,    0,                                     \
      "name of this httpd among those that share a store")                                                          \
    X(NAME,   site,             DevUpdateSite,           GLOBAL, NULL,  0,    0,                                     \
      "the site whose settings this node follows")                                                                  \
    X(URL,    internal_url,     DevUpdateInternalURL,    GLOBAL, NULL,  0,    0,                                     \
      "file root that replies publish for phones inside")                                                           \
    X(URL,    external_url,     DevUpdateExternalURL,    GLOBAL, NULL,  0,    0,                                     \
      "file root that replies publish for phones outside")                                                          \
    X(WORDS,  reply_templates,  DevUpdateReplyTemplate,  GLOBAL, NULL,  1,    4,                                     \
      "template file of the reply to an update check, and the phones it is for")                                    \
    X(WORDS,  request_names,    DevUpdateRequestName,    GLOBAL, NULL,  2,    60,                                    \
      "a field of update checks and log uploads, and more names that phones have for it")                           \
    X(WORDS,  captures,         DevUpdateCapture,        GLOBAL, NULL,  1,    3,                                     \
      "a directory that raw requests are kept in, and how many")                                                    \
    X(NUMBER, refresh,          DevUpdateRefresh,        GLOBAL, 2,     1,    3600,                                  \
      "seconds between two looks at the store")                                                                     \
    X(NUMBER, store_timeout,    DevUpdateStoreTimeout,   GLOBAL, 10,    1,     3600,                                  \
      "seconds to wait for an answer of the store")                                                                 \
    X(NUMBER, max_request_body, DevUpdateMaxRequestBody, SERVER, 65536, 1024, 1048576,                               \
      "bytes that the body of an update check may have")                                                            \
    X(NUMBER, max_upload,       DevUpdateMaxUpload,      SERVER, 10485760, 1024, 1099511627776,                     \
      "bytes that a device log may have")                                                                           \
    X(NUMBER, upload_quota,     DevUpdateUploadQuota,    GLOBAL, 1073741824, 1024, 1125899906842624,                \
      "bytes that all device logs together may have")                                                               \
    X(NUMBER, device_quota,     DevUpdateUploadQuotaPerDevice, GLOBAL, 52428800, 1024, 1125899906842624,            \
      "bytes that the logs of one device may have")                                                                 \
    X(NUMBER, min_free_space,   DevUpdateMinFreeSpace,   GLOBAL, 0, 0, 1125899906842624,                            \
      "bytes that must be free on the disk when an upload begins")

/* Those of <Location> and its like, in the same form; of kind FLAG or TEXT. */
#define DU_LOCATION_DIRECTIVES(X)                                                                                   \
    X(FLAG,   admin,            DevUpdateAdmin,          LOCATION, 0,   0,    1,                                     \
      "On or Off: whether CGI programs here are admin pages, which are told where the store is")                    \
    X(TEXT,   admin_store,      DevUpdateAdminStore,     LOCATION, NULL, 0,   0,                                     \
      "the database as admin pages connect to it, as \"DRIVER PARAMS\"")
/* clang-format on */

#endif
