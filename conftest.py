"""The pytest view: options that choose what ``pytest cases/`` observes, and the verdicts its items look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import pytest

from harness import store
from harness.commands.ledger import Ledger
from harness.commands.selection import CaseSelection
from harness.commands.surfaces import SurfaceSelection, shards
from harness.deviations.settle import settle
from harness.errors import ConvarithError
from harness.frameworks.ways import Way
from harness.observe.supervisor import Limits, Place
from harness.pipeline import conduct
from harness.records import Surface, Verdict


@dataclass(frozen=True)
class Observed:
    """What came of observing one framework.

    Attributes
    ----------
    verdicts : list of Verdict
    failure : str
        Why it could not be observed, if so.
    stale : list of str
        What is wrong with its known deviations; what none of them knows stands with its claims.
    """

    verdicts: list[Verdict]
    failure: str
    stale: list[str]


ObservedOf = Callable[[str], Observed]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convarith", "conformance (of the items in cases/)")
    group.addoption("--framework", action="append", default=[], help="NAME or NAME=PYTHON; all installed, if left out")
    group.addoption("--grid", default="smoke", help="name of a shipped grid, or a TOML file")
    group.addoption("--device", default="cpu", help="cpu or gpu")
    group.addoption("--known", type=Path, help="directory with known deviations, FRAMEWORK.toml")
    group.addoption("--no-known", action="store_true", help="hold nothing to be known")


def _surfaces(config: pytest.Config) -> SurfaceSelection:
    return SurfaceSelection(framework=tuple(config.getoption("framework")), device=config.getoption("device"))


def _ledger(config: pytest.Config) -> Ledger:
    return Ledger(known=config.getoption("--known"), no_known=config.getoption("--no-known"))


def _taken(config: pytest.Config, places: list[tuple[Place, list[Way]]]) -> list[Surface]:
    """The surfaces that the grid takes."""
    kinds = CaseSelection(grid=config.getoption("grid")).loaded().surfaces
    return [way.surface for _, ways in places for way in ways if way.kind in kinds]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """An item for each (relationship or convention, framework, route), and for each framework's known deviations."""
    if "observed_of" not in metafunc.fixturenames:
        return
    from cases.claims import CLAIMS

    try:
        places = _surfaces(metafunc.config).places()
        _ledger(metafunc.config).entries()
    except ConvarithError as error:
        raise pytest.UsageError(str(error)) from error
    if "framework" in metafunc.fixturenames:
        metafunc.parametrize("framework", dict.fromkeys(place.framework for place, _ in places))
        return
    pairs = [(claim, surface) for claim in CLAIMS for surface in _taken(metafunc.config, places)]
    metafunc.parametrize(
        ("claim", "surface"), pairs, ids=[f"{claim.id}-{surface}".replace("/", "-") for claim, surface in pairs]
    )


@pytest.fixture(scope="session")
def observed_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ObservedOf:
    """What came of observing a framework. Each is observed once a session."""

    @lru_cache
    def of(framework: str) -> Observed:
        entries = _ledger(request.config).entries()
        selection = CaseSelection(grid=request.config.getoption("grid"))
        cases = list(selection.cases())
        places = [found for found in _surfaces(request.config).places() if found[0].framework == framework]
        folder = tmp_path_factory.mktemp(framework)
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run = store.Run(version=version("convarith"), asked=selection.asked(), cases=len(cases), started=started)
        store.create(folder, run)
        run, _ = conduct(run, cases, shards(cases, places, selection.kinds()), folder, workers=1, limits=Limits())
        found = settle(folder, run, entries)
        failures = [place.failure for place in run.environments if place.failure]
        return Observed(
            list(store.verdicts(folder)),
            "; ".join(failures) if failures or run.complete else "the run is incomplete",
            [finding.sentence for finding in found.findings if finding.entry],
        )

    return of
