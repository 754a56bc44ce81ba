#include "unit.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <apr_atomic.h>

#include "du_throttle.h"

static apr_time_t at(int minute, int second)
{
    return apr_time_from_sec(APR_INT64_C(1700000040) + minute * 60 + second); /* the beginning of a minute */
}

START_TEST(once_a_minute)
{
    du_throttle_t *throttle = apr_pcalloc(unit.pool, sizeof(*throttle));

    ck_assert_int_eq(du_throttle_pass(throttle, "192.0.2.1", at(0, 0)), 1);
    ck_assert_int_eq(du_throttle_pass(throttle, "192.0.2.1", at(0, 0)), 0);
    ck_assert_int_eq(du_throttle_pass(throttle, "192.0.2.1", at(0, 59)), 0);
    ck_assert_int_eq(du_throttle_pass(throttle, "192.0.2.1", at(1, 0)), 1);
    ck_assert_int_eq(du_throttle_pass(throttle, "192.0.2.1", at(1, 1)), 0);
}
END_TEST

START_TEST(clients_do_not_share_but_for_collisions)
{
    enum { CLIENTS = 64 };
    du_throttle_t *throttle = apr_pcalloc(unit.pool, sizeof(*throttle));
    int passed = 0;

    for (int i = 0; i < CLIENTS; i++) {
        passed += du_throttle_pass(throttle, apr_psprintf(unit.pool, "2001:db8::%x", i), at(0, 0));
    }
    ck_assert_int_ge(passed, CLIENTS - 4);
    ck_assert_int_eq(du_throttle_pass(throttle, "2001:db8::1", at(0, 30)), 0);
}
END_TEST

/* Two processes ask for the same client and minute at the same moment, many times: exactly one of them may. */
START_TEST(exactly_one_when_all_come_at_once)
{
    enum { PROCESSES = 2, MINUTES = 20000, SPINS = 1000 };
    struct shared_t {
        du_throttle_t throttle;
        volatile apr_uint32_t arrived, passed[MINUTES];
    } *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(shared, MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            for (int minute = 0; minute < MINUTES; minute++) {
                apr_uint32_t all = (apr_uint32_t)(PROCESSES * (minute + 1));

                apr_atomic_inc32(&shared->arrived);
                for (int spin = 0; apr_atomic_read32(&shared->arrived) < all; spin++) {
                    if (spin > SPINS) {
                        sched_yield(); /* there may be one processor only */
                    }
                }
                if (du_throttle_pass(&shared->throttle, "192.0.2.1", at(minute, 0))) {
                    apr_atomic_inc32(&shared->passed[minute]);
                }
            }
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
    for (int minute = 0; minute < MINUTES; minute++) {
        ck_assert_msg(shared->passed[minute] == 1, "minute %d: %u passed", minute, shared->passed[minute]);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("throttle");

    tcase_add_test(tests, once_a_minute);
    tcase_add_test(tests, clients_do_not_share_but_for_collisions);
    tcase_add_test(tests, exactly_one_when_all_come_at_once);
    return unit_run(tests);
}
