"""The guest: one user-mode Linux for all tests of this folder."""

import pytest
from uml_guest import Guest, why_not


@pytest.fixture(scope="session")
def guest(tmp_path_factory):
    if reason := why_not():
        pytest.skip(reason)
    with Guest(tmp_path_factory.mktemp("uml")) as running:
        yield running


def pytest_configure(config):
    # Unknown where pytest runs without xdist, as `make test` runs these.
    config.addinivalue_line("markers", "xdist_group(name): tests that one worker runs")
