"""A pytest plugin that notes which lines each test runs.

``MUTATION_COVERAGE`` names the coverage data file; each process of pytest-xdist writes
its own beside it. A test is a context of coverage.py, so its data says for each line
which tests run it. The seconds of each test go into ``<file>.<pid>.seconds.json``.
"""

import json
import os

import coverage
import pytest

from .scope import MEASURED

_data_file = os.environ["MUTATION_COVERAGE"]
_lines = coverage.Coverage(data_file=_data_file, data_suffix=True, config_file=False)
_lines.set_option("run:source", MEASURED)
_lines.set_option("run:disable_warnings", ["no-data-collected", "module-not-measured"])
_lines.start()  # before Django imports the packages: their import counts too
_seconds = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    _lines.switch_context(item.nodeid)
    yield
    _lines.switch_context("")


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0) + report.duration


def pytest_unconfigure():
    _lines.stop()
    _lines.save()
    with open(f"{_data_file}.{os.getpid()}.seconds.json", "w") as file:
        json.dump(_seconds, file)
