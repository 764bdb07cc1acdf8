"""All that a run is asked, in the form that ``run.json`` keeps it in, so that it can be gone on with and merged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cases.case import Case
from harness import store
from harness.commands.explore import Exploration
from harness.commands.selection import CaseSelection
from harness.commands.surfaces import SurfaceSelection
from harness.errors import UsageError
from harness.observe.supervisor import Limits


@dataclass(frozen=True)
class Asked:
    """All that a run is asked.

    Attributes
    ----------
    cases : CaseSelection
    surfaces : SurfaceSelection
    explore : Exploration
    shard : str
        'K/N', or empty for all.
    limits : Limits
    vary : bool
        Whether disagreements are observed again, to see on which switch they depend.
    digest : str
        Of all cases that were selected, those of other shards among them, and the surfaces that they take; empty before
        they are known.
    """

    cases: CaseSelection = field(default_factory=CaseSelection)
    surfaces: SurfaceSelection = field(default_factory=SurfaceSelection)
    explore: Exploration = field(default_factory=Exploration)
    shard: str = ""
    limits: Limits = field(default_factory=Limits)
    vary: bool = True
    digest: str = ""

    def remembered(self, places: Iterable[tuple[Any, object]], digest: str) -> dict[str, Any]:
        """All of it, for the record."""
        return {
            "cases": self.cases.remembered(),
            "surfaces": self.surfaces.remembered(places),
            "explore": asdict(self.explore),
            "shard": self.shard,
            "limits": asdict(self.limits),
            "vary": self.vary,
            "digest": digest,
        }

    def told(self) -> dict[str, str]:
        """What of it reports show."""
        told = {**self.explore.asked(self.cases), "device": self.surfaces.device}
        route = "" if self.surfaces.route == "*" else self.surfaces.route
        others = {"route": route, "mode": self.surfaces.mode, "switch": self.surfaces.switch, "shard": self.shard}
        return {**told, **{name: text for name, text in others.items() if text}}


def of(record: store.Run, folder: Path) -> Asked:
    """What a run was asked.

    Raises
    ------
    UsageError
        Its record does not say.
    """
    try:
        asked = msgspec.convert(record.selection, Asked)
    except msgspec.ValidationError as error:
        raise UsageError(f"{folder}/run.json does not say what the run was asked ({error}): start a new run") from error
    if not asked.digest:
        raise UsageError(f"{folder}/run.json does not say what the run was asked: start a new run")
    return asked


def digest(cases: Iterable[Case], kinds: Callable[[Case], Collection[str]]) -> str:
    """A name for a selection of cases and the kinds of surfaces that they take, which others have not."""
    told = hashlib.blake2b(digest_size=12)
    for line in sorted(f"{case.id} {' '.join(sorted(kinds(case)))}\n" for case in cases):
        told.update(line.encode())
    return told.hexdigest()
