"""Which known deviations a command holds a run against."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness.deviations import Entry, read_folder, try_out
from harness.errors import UsageError
from harness.rules.table import empty


def shipped() -> Path:
    """The directory of the files that come with the package."""
    return Path(str(resources.files("cases") / "deviations"))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Known deviations.

    Attributes
    ----------
    known
        Directory with the known deviations, a file FRAMEWORK.toml for each framework; those that come with convarith,
        if left out.
    no_known
        Hold nothing to be known.
    """

    known: Path | None = None
    no_known: Annotated[bool, Parameter(negative=())] = False

    def entries(self) -> dict[str, tuple[Entry, ...]] | None:
        """The entries of each framework; None if nothing is to be known.

        Raises
        ------
        UsageError
            A file cannot be understood, or a predicate of it.
        """
        if self.no_known:
            if self.known is not None:
                raise UsageError("--known and --no-known contradict each other: give one of them")
            return None
        found = read_folder(self.folder)
        with empty() as database:
            try_out(database, found, str(self.folder))
        return found

    @property
    def folder(self) -> Path:
        """The directory."""
        return shipped() if self.known is None else self.known
