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

TESTS =
check_PROGRAMS =

# --- against a real httpd, and the command line (pytest) ----------------------------------------------------------
TESTS += t/httpd.t t/admin.t
EXTRA_DIST += t/httpd.t t/httpd t/admin.t t/admin t/tools t/conformance t/bench

# What a failed run keeps, and one that was killed leaves.
clean-local: clean-servers
clean-servers:
	rm -rf httpd-test.*

# --- speed and memory: printed, never judged; built by `make check` so that it stays buildable --------------------
# A handler that only reads the body: what checks are measured against.
check_LTLIBRARIES = t/tools/mod_baseline.la
t_tools_mod_baseline_la_SOURCES = t/tools/mod_baseline.c
t_tools_mod_baseline_la_CPPFLAGS = $(HTTPD_CPPFLAGS) $(APR_CFLAGS) $(APU_CFLAGS)
t_tools_mod_baseline_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere -export-symbols-regex '^baseline_module$$'

check_PROGRAMS += t/bench/compile_rules
t_bench_compile_rules_SOURCES = t/bench/compile_rules.c
t_bench_compile_rules_CPPFLAGS = $(DU_CPPFLAGS)
t_bench_compile_rules_LDADD = libdevupdate.la $(DU_LIBS)

bench-programs: all $(check_LTLIBRARIES) t/bench/compile_rules
bench: bench-programs
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/t/bench/run $(BENCH)
.PHONY: bench bench-programs clean-servers
