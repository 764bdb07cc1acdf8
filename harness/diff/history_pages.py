"""Releases beside each other, for a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.text import Text

from harness.diff.history import Timeline
from harness.records import Surface
from harness.report.markdown import escaped, matrix_table
from harness.report.matrix import show_matrix
from harness.report.model import Matrix
from harness.report.summary import COUNTING, READING
from harness.report.text import one_line


def changes(timeline: Timeline) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Of each surface and aspect, what was seen since which release: (surface, aspect, [(release, what), …])."""
    keys = sorted({(_surface(one.surface), one.aspect) for _, some in timeline for one in some})
    for surface, aspect in keys:
        since: list[tuple[str, str]] = []
        framework = surface.partition("/")[0]
        for column, some in timeline:
            if column.framework != framework:
                continue
            told = [one for one in some if (_surface(one.surface), one.aspect) == (surface, aspect)]
            what = " / ".join(f"{one.status}: {one_line(one.observed, 120)}" for one in told) or "not observed"
            if not since or since[-1][1] != what:
                since.append((column.release, what))
        yield surface, aspect, since


def show(table: Matrix, console: Console, timelines: Mapping[str, Timeline]) -> None:
    """Print releases beside each other; or the history of some cases."""
    if not timelines:
        show_matrix(table, console)
        return
    for case_id, timeline in timelines.items():
        console.print(Text(case_id, "bold"), highlight=False)
        for surface, aspect, since in changes(timeline):
            console.print(Text(f"\n{surface}, {aspect}", "bold" if len(since) > 1 else ""), highlight=False)
            for release, what in since:
                console.print(Text(f"  since {release}: {what}"), highlight=False, overflow="fold")


def markdown(table: Matrix, timelines: Mapping[str, Timeline]) -> str:
    """The same in Markdown."""
    if not timelines:
        return f"# Releases side by side\n\n{READING} {COUNTING}\n\n{matrix_table(table)}\n"
    lines = []
    for case_id, timeline in timelines.items():
        lines += [f"# {escaped(case_id)}\n", "| Surface | Aspect | Since | What |\n|:--|:--|:--|:--|"]
        for surface, aspect, since in changes(timeline):
            lines += [f"| {' | '.join(map(escaped, (surface, aspect, *one)))} |" for one in since]
        lines.append("")
    return "\n".join(lines)


def _surface(surface: Surface) -> str:
    return "/".join(filter(None, (surface.framework, surface.route, surface.mode, surface.switch)))
