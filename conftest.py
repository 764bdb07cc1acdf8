"""The pytest view: options that choose what ``pytest cases/`` observes, and the verdicts its items look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache
from importlib.metadata import version

import pytest

from harness import store
from harness.commands.selection import CaseSelection
from harness.commands.surfaces import SurfaceSelection, shards
from harness.errors import ConvarithError
from harness.frameworks.ways import Way
from harness.observe.supervisor import Limits, Place
from harness.pipeline import conduct
from harness.records import Surface, Verdict

Verdicts = Callable[[str], tuple[list[Verdict], str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convarith", "conformance (of the items in cases/)")
    group.addoption("--framework", action="append", default=[], help="NAME or NAME=PYTHON; all installed, if left out")
    group.addoption("--grid", default="smoke", help="name of a shipped grid, or a TOML file")
    group.addoption("--device", default="cpu", help="cpu or gpu")


def _surfaces(config: pytest.Config) -> SurfaceSelection:
    return SurfaceSelection(framework=tuple(config.getoption("framework")), device=config.getoption("device"))


def _taken(config: pytest.Config, places: list[tuple[Place, list[Way]]]) -> list[Surface]:
    """The surfaces that the grid takes."""
    kinds = CaseSelection(grid=config.getoption("grid")).loaded().surfaces
    return [way.surface for _, ways in places for way in ways if way.kind in kinds]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each (relationship or convention, framework, route)."""
    if "verdicts_of" not in metafunc.fixturenames:
        return
    from cases.claims import CLAIMS

    try:
        places = _surfaces(metafunc.config).places()
    except ConvarithError as error:
        raise pytest.UsageError(str(error)) from error
    pairs = [(claim, surface) for claim in CLAIMS for surface in _taken(metafunc.config, places)]
    metafunc.parametrize(
        ("claim", "surface"), pairs, ids=[f"{claim.id}-{surface}".replace("/", "-") for claim, surface in pairs]
    )


@pytest.fixture(scope="session")
def verdicts_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Verdicts on a framework's layers, and why it could not be observed, if so. Each is observed once a session."""

    @lru_cache
    def observed(framework: str) -> tuple[list[Verdict], str]:
        selection = CaseSelection(grid=request.config.getoption("grid"))
        cases = list(selection.cases())
        places = [found for found in _surfaces(request.config).places() if found[0].framework == framework]
        folder = tmp_path_factory.mktemp(framework)
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run = store.Run(version=version("convarith"), asked=selection.asked(), cases=len(cases), started=started)
        store.create(folder, run)
        run, _ = conduct(run, cases, shards(cases, places, selection.kinds()), folder, workers=1, limits=Limits())
        failures = [place.failure for place in run.environments if place.failure]
        return list(store.verdicts(folder)), "; ".join(
            failures
        ) if failures or run.complete else "the run is incomplete"

    return observed
