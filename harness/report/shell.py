"""Commands for a shell, in lines that fit a terminal and can still be copied from it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from harness.report.text import one_line

_INDENT = "  "  # of the lines that go on with a command
_GOES_ON = " \\"


def command(words: Sequence[str]) -> str:
    """Words of any origin as a command in one line."""
    return shlex.join(map(one_line, words))


def folded(words: Sequence[str], width: int, text: str = "") -> str:
    """A command in as many lines as it takes, each but the last with a backslash at its end.

    Parameters
    ----------
    words : sequence of str
    width : int
        Only a word that is longer by itself overruns it: broken, it could not be copied.
    text : str, optional
        A last word of ours, to stand in double quotes; it may have lines of its own.
    """
    rows = [""]
    for part in [*_parts(words, width - len(_INDENT) - len(_GOES_ON)), *([f'"{text}"'] if text else [])]:
        used = cell_len(rows[-1]) + 1 + cell_len(part.partition("\n")[0]) + len(_GOES_ON)
        if rows[-1] and used > width:
            rows[-1] += _GOES_ON
            rows.append(_INDENT + part)
        else:
            rows[-1] = f"{rows[-1]} {part}" if rows[-1] else part
    return "\n".join(rows)


def _parts(words: Sequence[str], width: int) -> Iterator[str]:
    """What is not parted: words, each option with its value where that fits."""
    left = [shlex.quote(one_line(word)) for word in words]
    while left:
        word = left.pop(0)
        if word.startswith("-") and left and not left[0].startswith("-") and cell_len(f"{word} {left[0]}") <= width:
            word = f"{word} {left.pop(0)}"
        yield word
