"""Waiting for a condition, with a limit."""
import time

LIMIT = 30.0  # seconds; far more than anything takes, so that a slow machine does not fail a test


def until(condition, what, limit=LIMIT):
    """Calls condition until it answers something true, which is returned. Fails with `what` after the limit."""
    end = time.monotonic() + limit
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:.0f} s in vain: {what}")
        time.sleep(0.02)
