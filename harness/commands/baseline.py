"""``convarith baseline``: what of a run is not as expected, to be kept and compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness import store
from harness.diff import baseline as compared
from harness.diff import overview
from harness.errors import UsageError
from harness.report.model import Judged
from harness.report.text import count


def baseline(
    run: Path, *, out: Annotated[Path, Parameter(alias="-o")] = Path("reports/baseline"), page: Path | None = None
) -> None:
    """Write the baseline of a run: text files, small, to be reviewed as a diff. 'convarith diff BASELINE RUN' reads it.

    Beside them it has the run's matrix: the counts of every claim on every surface, in Parquet and in Markdown.

    Parameters
    ----------
    run
        Directory of a complete run.
    out
        Directory for it, in which an earlier baseline is replaced.
    page
        A page in Markdown to put the matrix into, between the marks that stand there (reports/README.md has them).
    """
    if out.is_dir() and any(out.iterdir()) and not (out / compared.FILE).exists():
        raise UsageError(f"{out} holds other files, and no baseline: name another directory with --out")
    try:
        counts = compared.write(run, out)
        overview.write(overview.of_run(Judged.read(run), store.read_run(run)), out)
        if page is not None:
            overview.show(page, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror})") from error
    size = sum(path.stat().st_size for path in out.iterdir())
    for framework, number in counts.items():
        print(f"{framework}: {count(number, 'deviation')}")
    print(f"{out}: {size / 1024:.0f} KiB; compare a run with it by: convarith diff {out} RUN")
