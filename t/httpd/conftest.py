"""Fixtures of the tests against a real httpd: see fixtures.py."""
from fixtures import *  # noqa: F401,F403 pytest finds fixtures and hooks by name
