"""Badges, one for each framework of a run: JSON for shields.io's endpoint (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from harness.records import Environment, Status
from harness.report.model import Cell, Report
from harness.report.text import count, one_line

_GOOD, _BAD, _UNKNOWN = "brightgreen", "red", "orange"


def badges(report: Report) -> Iterator[tuple[str, bytes]]:
    """The badges of a run.

    Yields
    ------
    str
        A name for its file, without an ending: the framework's, and its release where one was asked for.
    bytes
        The badge, a line of JSON.
    """
    taken: Counter[str] = Counter()
    for place in dict.fromkeys((one.framework, one.release) for one in report.environments):
        mine = [one for one in report.environments if (one.framework, one.release) == place]
        message, colour = _said(report, mine)
        version = next((one.facts["version"] for one in mine if "version" in one.facts), "")
        label = one_line(" ".join(filter(None, (place[0], version or place[1]))), 60)
        badge = {"schemaVersion": 1, "label": label or "unnamed", "message": message, "color": colour}
        name = re.sub(r"[^A-Za-z0-9.=_+-]+", "-", " ".join(filter(None, place)))[:100].lstrip(".-") or "unnamed"
        taken[name] += 1
        yield (name if taken[name] == 1 else f"{name}--{taken[name]}"), msgspec.json.encode(badge) + b"\n"


def _said(report: Report, mine: list[Environment]) -> tuple[str, str]:
    """What the badge of a framework says, and its colour; a run that is not complete shows nothing of any."""
    if any(one.failure is not None for one in mine):
        return "failed", _UNKNOWN
    if not report.complete:
        return "incomplete", _UNKNOWN
    framework, release = mine[0].framework, mine[0].release
    counts: Counter[Status] = Counter()
    for surface, of_one in report.judged.surfaces.items():
        if (surface.framework, surface.release) == (framework, release):
            counts.update(of_one)
    wrong = [one for one in report.settled.findings if one.entry and one.framework == framework]
    if different := Cell(counts).unexpected:
        return f"{different} of {count(Cell(counts).said, 'verdict')} unexpected", _BAD
    if wrong:
        return f"{count(len(wrong), 'known deviation')} not as listed", _BAD
    if not Cell(counts).said:
        return "no verdict", _UNKNOWN
    known = f", {counts['known']} as known" if counts["known"] else ""
    return f"{counts['agrees']} agree{known}", _GOOD
