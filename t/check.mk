# Tests. `make check` runs unit, lint, fuzz replay, httpd and admin tests; every one of them speaks TAP.
TEST_EXTENSIONS = .t
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/conf/build/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
T_LOG_DRIVER = $(TAP_DRIVER)
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' PYTHON3='$(PYTHON3)' PYTHONDONTWRITEBYTECODE=1 \
	HTTPD='$(HTTPD_BIN)' HTTPD_MODDIR='$(HTTPD_MODDIR)' SANITIZER_RUNTIME='$(SANITIZER_RUNTIME)' \
	MODULE='$(abs_top_builddir)/.libs/mod_devupdate.so' CTL='$(abs_top_builddir)/devupdatectl' CK_TAP_LOG_FILE_NAME=-; \
	export srcdir builddir PYTHON3 PYTHONDONTWRITEBYTECODE HTTPD HTTPD_MODDIR SANITIZER_RUNTIME MODULE CTL CK_TAP_LOG_FILE_NAME;

# Those that take longest begin first.
TESTS = t/admin_patient.t t/httpd.t t/httpd_patient.t t/browser.t t/admin.t
check_PROGRAMS =
EXTRA_DIST += t/run

# --- the library, one program per noun (libcheck); what has no flags of its own in this Makefile is one of these ---
AM_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
unit_tests = \
	t/unit/test_access t/unit/test_activity t/unit/test_batch t/unit/test_cab_wire t/unit/test_capture t/unit/test_census t/unit/test_child t/unit/test_csv \
	t/unit/test_ctx t/unit/test_current t/unit/test_db t/unit/test_decide t/unit/test_device t/unit/test_error t/unit/test_fleet \
	t/unit/test_hold t/unit/test_host t/unit/test_identity t/unit/test_import_limits t/unit/test_ingest t/unit/test_inventory t/unit/test_journal t/unit/test_lifecycle \
	t/unit/test_multipart t/unit/test_names t/unit/test_phone t/unit/test_plan t/unit/test_purge t/unit/test_record t/unit/test_removed t/unit/test_reply t/unit/test_request \
	t/unit/test_retain t/unit/test_rule_filter t/unit/test_ruleset t/unit/test_sandbox t/unit/test_setting \
	t/unit/test_sql t/unit/test_stats t/unit/test_store t/unit/test_store_activity t/unit/test_store_copy \
	t/unit/test_store_life t/unit/test_store_migrate t/unit/test_store_node t/unit/test_store_role t/unit/test_store_setting t/unit/test_store_site t/unit/test_subnet t/unit/test_table \
	t/unit/test_template t/unit/test_template_page t/unit/test_text t/unit/test_throttle t/unit/test_token t/unit/test_upload t/unit/test_upload_identity \
	t/unit/test_xml
pgsql_tests = t/unit/pgsql_batch.t t/unit/pgsql_db.t t/unit/pgsql_fleet.t t/unit/pgsql_hold.t t/unit/pgsql_identity.t t/unit/pgsql_ingest.t t/unit/pgsql_inventory.t t/unit/pgsql_plan.t t/unit/pgsql_purge.t t/unit/pgsql_sql.t \
	t/unit/pgsql_store.t t/unit/pgsql_store_activity.t t/unit/pgsql_store_copy.t t/unit/pgsql_store_life.t \
	t/unit/pgsql_store_migrate.t t/unit/pgsql_store_node.t t/unit/pgsql_store_role.t t/unit/pgsql_store_setting.t t/unit/pgsql_store_site.t \
	t/unit/pgsql_table.t
if HAVE_CHECK
TESTS += $(unit_tests) $(pgsql_tests)
check_PROGRAMS += $(unit_tests)
else
TESTS += t/unit/missing.t
endif
EXTRA_DIST += $(pgsql_tests) t/unit/missing.t t/unit/records.h t/unit/sample.h t/unit/store.h t/unit/unit.h t/unit/whole_store.h t/unit/xml_text.h \
	t/data/rows-1.sql t/data/schema-1.sql

# --- the rooms of the pages' frame that need no httpd --------------------------------------------------------------
if HAVE_CHECK
frame_tests = t/unit/test_dua_form t/unit/test_dua_show t/unit/test_dua_texts
TESTS += $(frame_tests)
check_PROGRAMS += $(frame_tests)
t_unit_test_dua_form_CPPFLAGS = $(DUA_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_dua_form_LDADD = libdevupdateadmin.la $(CHECK_LIBS)
t_unit_test_dua_show_CPPFLAGS = $(DUA_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_dua_show_LDADD = libdevupdateadmin.la $(CHECK_LIBS)
t_unit_test_dua_texts_CPPFLAGS = $(DUA_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_dua_texts_LDADD = libdevupdateadmin.la $(CHECK_LIBS)
endif

# --- the rules of the house, as programs --------------------------------------------------------------------------
TESTS += t/lint.t
EXTRA_DIST += t/lint.t t/lint

# --- every parser on the inputs that are kept; t/fuzz/run looks for new ones --------------------------------------
fuzz_replays = t/fuzz/replay_cab t/fuzz/replay_cab_wire t/fuzz/replay_catalog t/fuzz/replay_csv t/fuzz/replay_file_url t/fuzz/replay_multipart t/fuzz/replay_record t/fuzz/replay_request \
	t/fuzz/replay_update_info t/fuzz/replay_upload_name
TESTS += $(fuzz_replays)
check_PROGRAMS += $(fuzz_replays)
fuzz_common = t/fuzz/fuzz.c t/fuzz/fuzz.h t/fuzz/replay.c
t_fuzz_replay_cab_SOURCES = t/fuzz/fuzz_cab.c t/unit/cab_halves.h $(fuzz_common)
t_fuzz_replay_cab_wire_SOURCES = t/fuzz/fuzz_cab_wire.c $(fuzz_common)
t_fuzz_replay_catalog_SOURCES = t/fuzz/fuzz_catalog.c t/fuzz/fuzz_catalog_root.h $(fuzz_common)
t_fuzz_replay_csv_SOURCES = t/fuzz/fuzz_csv.c $(fuzz_common)
t_fuzz_replay_file_url_SOURCES = t/fuzz/fuzz_file_url.c $(fuzz_common)
t_fuzz_replay_multipart_SOURCES = t/fuzz/fuzz_multipart.c $(fuzz_common)
t_fuzz_replay_record_SOURCES = t/fuzz/fuzz_record.c $(fuzz_common)
t_fuzz_replay_request_SOURCES = t/fuzz/fuzz_request.c $(fuzz_common)
t_fuzz_replay_update_info_SOURCES = t/fuzz/fuzz_update_info.c $(fuzz_common)
t_fuzz_replay_upload_name_SOURCES = t/fuzz/fuzz_upload_name.c $(fuzz_common)
EXTRA_DIST += t/fuzz/run t/fuzz/make-catalogs t/fuzz/corpus t/fuzz/multipart.dict t/fuzz/request.dict t/fuzz/update_info.dict \
	t/fuzz/upload_name.dict

# --- how a package comes in: unit tests that need gcab, cabextract and t/tools/make_package.py ---------------------
if HAVE_CHECK
package_tests = t/unit/test_cab t/unit/test_cab_hostile t/unit/test_cab_others t/unit/test_catalog t/unit/test_files t/unit/test_image t/unit/test_import t/unit/test_job t/unit/test_update_info
TESTS += $(package_tests)
check_PROGRAMS += $(package_tests)
t_unit_test_cab_SOURCES = t/unit/test_cab.c t/unit/cab_halves.h t/unit/package.h t/unit/unit.h
t_unit_test_cab_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_cab_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_cab_hostile_SOURCES = t/unit/test_cab_hostile.c t/tools/hostile_archive.c t/unit/package.h t/unit/store.h t/unit/unit.h
t_unit_test_cab_hostile_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_cab_hostile_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_cab_others_SOURCES = t/unit/test_cab_others.c t/unit/cab_halves.h t/unit/package.h t/unit/unit.h
t_unit_test_cab_others_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_cab_others_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_catalog_SOURCES = t/unit/test_catalog.c t/unit/unit.h $(catalog_maker)
t_unit_test_catalog_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_catalog_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_files_SOURCES = t/unit/test_files.c t/unit/package.h t/unit/store.h t/unit/unit.h
t_unit_test_files_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_files_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_image_SOURCES = t/unit/test_image.c t/unit/package.h t/unit/unit.h
t_unit_test_image_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_image_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_import_SOURCES = t/unit/test_import.c t/unit/package.h t/unit/store.h t/unit/unit.h
t_unit_test_import_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_import_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_job_SOURCES = t/unit/test_job.c t/unit/package.h t/unit/store.h t/unit/unit.h
t_unit_test_job_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_job_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
t_unit_test_update_info_SOURCES = t/unit/test_update_info.c t/unit/unit.h
t_unit_test_update_info_CPPFLAGS = $(DU_CPPFLAGS) $(CHECK_CFLAGS)
t_unit_test_update_info_LDADD = libdevupdate.la $(DU_LIBS) $(CHECK_LIBS)
endif

# --- against a real httpd, and the command line (pytest) ----------------------------------------------------------
EXTRA_DIST += t/httpd.t t/httpd_patient.t t/httpd t/browser.t t/browser t/admin.t t/admin_patient.t t/admin t/conformance
check_PROGRAMS += t/tools/ask_rules
t_tools_ask_rules_SOURCES = t/tools/ask_rules.c t/unit/sample.h
t_tools_ask_rules_CPPFLAGS = $(DU_CPPFLAGS)
t_tools_ask_rules_LDADD = libdevupdate.la $(DU_LIBS)

# A page on which everything can be asked for, to try the guard of all pages with.
check_PROGRAMS += t/tools/probe
t_tools_probe_SOURCES = t/tools/probe.c
t_tools_probe_CPPFLAGS = $(DUA_CPPFLAGS)
t_tools_probe_LDADD = libdevupdateadmin.la

# Makes certificates and catalogues for the tests.
catalog_maker = t/tools/catalog_maker.c t/tools/catalog_maker.h
check_PROGRAMS += t/tools/make_catalog
t_tools_make_catalog_SOURCES = t/tools/make_catalog.c $(catalog_maker)
t_tools_make_catalog_CPPFLAGS = $(DU_CPPFLAGS)
t_tools_make_catalog_LDADD = libdevupdate.la $(DU_LIBS)

# Not as directories: `make dist` would take what was built in them, too.
EXTRA_DIST += t/bench/bench.py t/bench/many_records.py t/bench/run t/tools/make_package.py t/tools/many_phones.py t/tools/many_rules.py t/tools/pg_private \
	t/tools/pg_server.py t/tools/postgres.py t/tools/pytest_tap.py t/tools/run-pytest t/tools/try-quickstart t/tools/write_points.py

# What a failed run keeps, and one that was killed leaves.
clean-local: clean-servers
clean-servers:
	rm -rf httpd-test.* screenshots

# --- speed and memory: printed, never judged; built by `make check` so that it stays buildable --------------------
# A handler that only reads the body: what checks are measured against.
check_LTLIBRARIES = t/tools/mod_baseline.la
t_tools_mod_baseline_la_SOURCES = t/tools/mod_baseline.c
t_tools_mod_baseline_la_CPPFLAGS = $(HTTPD_CPPFLAGS) $(APR_CFLAGS) $(APU_CFLAGS)
t_tools_mod_baseline_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere -export-symbols-regex '^baseline_module$$'

# libarchive in the hands of who made the cabinet, for preloading.
check_LTLIBRARIES += t/tools/hostile_archive.la
t_tools_hostile_archive_la_SOURCES = t/tools/hostile_archive.c
t_tools_hostile_archive_la_CPPFLAGS = $(DU_CPPFLAGS)
t_tools_hostile_archive_la_LIBADD = libdevupdate.la
t_tools_hostile_archive_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere \
	-export-symbols-regex '^archive_read_next_header$$'

check_PROGRAMS += t/bench/compile_rules
t_bench_compile_rules_SOURCES = t/bench/compile_rules.c
t_bench_compile_rules_CPPFLAGS = $(DU_CPPFLAGS)
t_bench_compile_rules_LDADD = libdevupdate.la $(DU_LIBS)

bench-programs: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_LTLIBRARIES) t/bench/compile_rules t/tools/make_catalog
bench: bench-programs
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/t/bench/run $(BENCH)
.PHONY: bench bench-programs clean-servers
