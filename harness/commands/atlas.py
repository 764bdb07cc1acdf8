"""``convarith atlas``: when two conventions are the same layer, as a page with maps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from harness import store
from harness.atlas.map import drawn
from harness.atlas.page import page
from harness.atlas.pairs import PAIRS
from harness.errors import ConvarithError


def atlas(*, out: Annotated[Path | None, Parameter(alias="-o")] = None) -> None:
    """Print, for each pair of conventions that people confuse, exactly when both are the same layer.

    Parameters
    ----------
    out
        The page, such as docs/atlas.md; its maps come into the folder of the same name beside it. The page alone, on
        standard output, if left out.
    """
    if out is None:
        sys.stdout.write(page("atlas"))
        return
    folder = out.with_suffix("")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for pair in PAIRS:
            store.write_whole(folder / f"{pair.name}.svg", drawn(pair).encode())
        store.write_whole(out, page(folder.name).encode())
    except OSError as error:
        raise ConvarithError(f"{out} cannot be written ({error.strerror})") from error
