"""The two sides of a comparison: two runs, or two releases in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.errors import UsageError
from harness.records import MACHINE, Environment

# Facts that say which release it is, and what came with it: that they differ is what one compares.
_RELEASE = ("version", "git", "git_version", "build", "jaxlib", "compiler", "cxx", "onednn", "blas")


@dataclass(frozen=True, slots=True)
class Side:
    """One side.

    Attributes
    ----------
    name : str
    folder : Path
    run : Run
    release : str or None
        The one that is looked at, as surfaces have it; all of the run, if None.
    framework : str or None
        The one that is looked at; all of the run, if None.
    """

    name: str
    folder: Path
    run: store.Run
    release: str | None = None
    framework: str | None = None

    @property
    def environments(self) -> tuple[Environment, ...]:
        """Those that are looked at."""
        return tuple(
            one
            for one in self.run.environments
            if self.release in (None, one.release) and self.framework in (None, one.framework)
        )


def sides(names: Sequence[str]) -> tuple[Side, Side]:
    """Two runs, or one run and two of its releases.

    Raises
    ------
    UsageError
        There are no such runs, or releases in them.
    """
    if len(names) == 2:
        one, other = (_side(name) for name in names)
        return one, other
    if len(names) != 3:
        raise UsageError("diff compares two runs, or two releases of one: name RUN RUN, or RUN RELEASE RELEASE")
    run = _side(names[0])
    found = [Side(name, run.folder, run.run, _release(run.run, name)) for name in names[1:]]
    return found[0], found[1]


def _side(name: str) -> Side:
    folder = Path(name)
    run = store.read_run(folder)
    store.check(folder)
    return Side(name, folder, run)


def _release(run: store.Run, name: str) -> str:
    releases = list(dict.fromkeys(one.release for one in run.environments))
    fitting = [one for one in releases if one == name or one.partition("==")[2].split(" ")[0] == name]
    if len(fitting) != 1:
        told = ", ".join(f"'{one}'" for one in releases if one) or "none: it was observed in one environment"
        raise UsageError(f"the run has no release '{name}': there are {told}")
    return fitting[0]


def pairs(before: Side, after: Side) -> dict[tuple[str, str], str]:
    """From (framework, release) of the one side to the release of the other that it is compared with.

    Where each side has one release of a framework these two are compared, whatever they are called; where a side has
    several, those of one name.
    """
    found = {}
    ours, theirs = _releases(before), _releases(after)
    for framework, releases in ours.items():
        others = theirs.get(framework, [])
        if len(releases) == len(others) == 1:
            found[framework, releases[0]] = others[0]
        else:
            found.update({(framework, release): release for release in releases if release in others})
    return found


def _releases(side: Side) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in side.environments:
        if one.release not in found.setdefault(one.framework, []):
            found[one.framework].append(one.release)
    return found


def compared(before: Side, after: Side) -> Iterator[str]:
    """What is compared with what: a line for each framework."""
    for (framework, release), other in pairs(before, after).items():
        told = [_called(_first(side, framework, name)) for side, name in ((before, release), (after, other))]
        yield f"{framework}: {told[0]} and {told[1]}"


def _called(one: Environment) -> str:
    version = one.facts.get("version", "")
    if one.release and version not in one.release:
        return f"{one.release} ({version or 'not observed'})"
    return one.release or version or "not observed"


def _first(side: Side, framework: str, release: str) -> Environment:
    return next(one for one in side.environments if (one.framework, one.release) == (framework, release))


def different(before: Side, after: Side) -> Iterator[str]:
    """Sentences about what was asked for, and where it was observed, if that differs."""
    one, other = before.run, after.run
    if one.version != other.version:
        yield f"convarith {one.version} judged the one, {other.version} the other: it may judge otherwise"
    for name in dict.fromkeys([*one.asked, *other.asked]):
        told = one.asked.get(name, "none"), other.asked.get(name, "none")
        if told[0] != told[1]:
            yield f"asked for: {name} {told[0]}, and {told[1]}"
    for side in (before, after):
        if not side.run.complete:
            yield f"{side.name} is not complete"
        for place in side.environments:
            if place.failure:
                yield f"{side.name}: {' '.join(filter(None, place.where))} could not be observed, or not all of it"
    paired = pairs(before, after)
    for side, others in ((before, {*paired}), (after, {(name[0], release) for name, release in paired.items()})):
        for framework, releases in _releases(side).items():
            for release in releases:
                if (framework, release) not in others:
                    yield f"{' '.join(filter(None, (framework, release)))} was observed in {side.name} alone"
    told_of: set[str] = set()
    for place in before.environments:
        partner = paired.get((place.framework, place.release))
        found = [
            one
            for one in after.environments
            if partner is not None and one.where == (place.framework, place.switch, partner)
        ]
        for sentence in (text for one in found for text in _facts(place, one)):
            if sentence not in told_of:
                told_of.add(sentence)
                yield sentence


def _facts(one: Environment, other: Environment) -> Iterator[str]:
    """What differs between two environments that are compared, but for what they are compared for."""
    if not one.facts or not other.facts:
        return
    for name in dict.fromkeys((*MACHINE, *one.facts, *other.facts)):
        told = one.facts.get(name, "unknown"), other.facts.get(name, "unknown")
        if told[0] != told[1] and name not in _RELEASE:
            yield f"{one.framework}: {name} {told[0]}, and {told[1]}"
