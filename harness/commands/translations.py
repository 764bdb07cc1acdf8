"""``convarith translations``: the layers of a grid from every framework to every other, counted, and proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress, TaskID

from cases import generate
from cases.grid import GridError, load
from harness.commands.printing import tell, write
from harness.errors import AS_EXPECTED, UNEXPECTED, UsageError
from harness.investigate.translation_page import page
from harness.investigate.translations import LIMIT, Pair, Proofs, layers, pairs, prove


def translations(
    *,
    grid: str = "smoke",
    prove_some: Annotated[str | None, Parameter(name="--prove")] = None,
    entries: int = LIMIT,
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Count how many layers of a grid each framework says of another's: by arguments, beside the call, not at all.

    Parameters
    ----------
    grid
        The name of a grid, or a file.
    prove_some
        How many layers of each framework to prove in all others, evenly spread over the grid, or 'all'. Both sides are
        run, so that it takes minutes. None, if left out: then nothing is said of proofs.
    entries
        Leave out of the proofs layers whose operators have more entries than this.
    out
        File for the page, such as docs/translation.md, whole or not at all; it is printed if left out.
    """
    if prove_some not in (None, "all") and not (prove_some or "").isdecimal():
        raise UsageError(f"--prove {prove_some}: a number of layers is needed, or 'all'")
    most = int(prove_some) if prove_some and prove_some.isdecimal() else None
    if most == 0:
        raise UsageError("--prove 0: leave it out to prove nothing")
    try:
        wanted = layers(generate.cases(load(grid)))
    except GridError as error:
        raise UsageError(str(error)) from error
    found = pairs(wanted)
    came = None if prove_some is None else _proved(found, most, entries)
    write(page(grid, len(wanted), found, came), out)
    failed = [] if came is None else [(one, *both) for one in came.proved for both in one.came if both[1].failed]
    for one, told, proof in failed:
        tell(f"{one.source} to {one.target}: {told.text}: {proof.why}")
    return UNEXPECTED if failed else AS_EXPECTED


def _proved(found: Sequence[Pair], most: int | None, entries: int) -> Proofs:
    """What is proved, with a bar for every framework's round of codes on a terminal."""
    console = Console(stderr=True)
    tasks: dict[tuple[str, int], TaskID] = {}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:

        def watch(framework: str, done: int, total: int) -> None:
            if (framework, total) not in tasks:
                tasks[framework, total] = bars.add_task(framework, total=total)
            bars.update(tasks[framework, total], completed=done)

        return prove(found, most, entries, watch)
