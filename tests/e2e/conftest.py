"""One set of parts for all tests that leave it healthy: what is killed comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.whole import Whole, whole


@pytest.fixture(scope="package")
def bytecode(request: pytest.FixtureRequest) -> Path:
    """Where the processes of these tests share what Python compiled, from one run of the tests to the next."""
    return request.config.cache.mkdir("bytecode")


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[Whole]:
    """The set that tests share."""
    with whole(tmp_path_factory.mktemp("whole"), bytecode) as made:
        yield made


@pytest.fixture
def clew(shared: Whole) -> Iterator[Whole]:
    """The shared set, ready, and its sandbox without faults before and after."""
    shared.ready()
    yield shared
    shared.sandbox.clear()
