"""``convarith known``: the files of known deviations, kept by what runs show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness import store
from harness.commands.ledger import Ledger
from harness.commands.printing import screen
from harness.deviations import check, read
from harness.deviations.check import Checked, match
from harness.deviations.findings import STALE
from harness.deviations.settle import scope
from harness.deviations.write import added, from_rules, of_one_predicate, pruned, written
from harness.errors import AS_EXPECTED, UNEXPECTED, UsageError
from harness.report.following import Step
from harness.report.terminal import show_indented, show_steps
from harness.report.text import count, one_line
from harness.rules import rules
from harness.rules.table import opened


def held(run: Path, *, known: Path | None = None) -> int:
    """Hold a finished run against the known deviations, and say what is not as they say. Nothing is changed.

    Parameters
    ----------
    run
        Directory of the run.
    known
        Directory with the known deviations, a file FRAMEWORK.toml for each framework; those that come with convarith,
        if left out.
    """
    checked = _checked(run, Ledger(known=known))
    console = screen()
    for finding in checked.findings:
        show_indented(one_line(finding.sentence, 1000), console, whole=True)
    if mending := list(_mending(checked, run, known)):
        show_steps(mending, console)
    told = f"{len(checked.known)} verdicts known by {len(checked.entries)} entries, {len(checked.findings)} faults"
    print(f"convarith: {told}", file=sys.stderr)
    return UNEXPECTED if checked.findings else AS_EXPECTED


def add(run: Path, *, known: Path | None = None) -> int:
    """Write an entry for each rule of a run about what is not known yet. You give each its reason: without, it fails.

    Parameters
    ----------
    run
        Directory of the run.
    known
        Directory with the known deviations, a file FRAMEWORK.toml for each framework; those that come with convarith,
        if left out.
    """
    ledger = Ledger(known=known)
    record, entries = _run(run), ledger.entries() or {}
    date, grid = scope(record).date, record.asked.get("grid")
    if grid is None:
        raise UsageError(f"the run in {run} is of chosen cases: entries say a grid, so add them from a run of one")
    facts = {place.where: place.facts for place in record.environments}
    told: dict[str, list[str]] = {}
    with opened(run / "verdicts.parquet") as database:
        checked = check(database, entries, record.environments, scope(record))
        taken = {name: {entry.name for entry in mine} for name, mine in entries.items()}
        for alike in of_one_predicate(rules(database, checked.known)):
            rule = alike[0]
            names = taken.setdefault(rule.framework, set())
            where = rule.framework, "", rule.surface.release if rule.surface else ""
            version = facts.get(where, {}).get("version", "")
            entry = from_rules(alike, grid=grid, version=version, date=date, taken=names)
            matched = match(database, rule.framework, entry, facts)
            entry = msgspec.structs.replace(entry, count=len(matched.right), exceptions=matched.agrees)
            names.add(entry.name)
            comments = [
                f"{one.support} of {one.total} {one.status}, the smallest: {one.example}: {one.diagnosis}"
                for one in alike
            ]
            told.setdefault(rule.framework, []).append(written(entry, *comments))
    for framework, some in told.items():
        path = ledger.folder / f"{framework}.toml"
        text = added(path.read_text("utf-8") if path.exists() else "", some)
        read(text, str(path))
        _write(path, text)
        print(f"{path}: {count(len(some), 'entry')} added; give each its reason, and a link upstream")
    if not told:
        print("nothing to add: every deviation of the run is known")
    return AS_EXPECTED


def prune(run: Path, *, known: Path | None = None) -> int:
    """Take out the entries that a run shows to be stale: what they say no longer occurs, or they match nothing.

    Parameters
    ----------
    run
        Directory of the run.
    known
        Directory with the known deviations, a file FRAMEWORK.toml for each framework; those that come with convarith,
        if left out.
    """
    ledger = Ledger(known=known)
    checked = _checked(run, ledger)
    stale: dict[str, list[str]] = {}
    console = screen()
    for finding in checked.findings:
        if finding.kind in STALE:
            stale.setdefault(finding.framework, []).append(finding.entry)
            show_indented(one_line(finding.sentence, 1000), console, whole=True)
    for framework, names in stale.items():
        path = ledger.folder / f"{framework}.toml"
        _write(path, pruned(path.read_text("utf-8"), names, str(path)))
        print(f"{path}: {count(len(names), 'entry')} taken out: {', '.join(names)}")
    if not stale:
        print("nothing to take out: no entry is stale")
    return AS_EXPECTED


def _checked(run: Path, ledger: Ledger) -> Checked:
    """A run, held against the known deviations."""
    record, entries = _run(run), ledger.entries() or {}
    with opened(run / "verdicts.parquet") as database:
        return check(database, entries, record.environments, scope(record))


def _mending(checked: Checked, run: Path, known: Path | None) -> Iterator[Step]:
    """The commands by which entries are listed and taken out."""
    asked = ("--known", str(known)) if known is not None else ()
    if any(not finding.entry for finding in checked.findings):
        yield Step("list what no entry knows, to be given its reasons", ("convarith", "known", "add", str(run), *asked))
    if any(finding.kind in STALE for finding in checked.findings):
        yield Step("take out what no longer occurs", ("convarith", "known", "prune", str(run), *asked))


def _run(folder: Path) -> store.Run:
    """A run that is closed.

    Raises
    ------
    UsageError
        It is none.
    """
    record = store.read_run(folder)
    store.check(folder)
    return record


def _write(path: Path, text: str) -> None:
    try:
        store.write_whole(path, text.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): name another directory with --known") from error
