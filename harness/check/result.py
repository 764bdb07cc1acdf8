"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is asked of an adapter.

    Attributes
    ----------
    name : str
        What is asked, in a word.
    status : {'ok', 'wrong', 'absent'}
        Whether it holds; 'absent' where the framework is, so that nothing more can be seen.
    told : str
        What was seen, in one line.
    remedy : str
        What to do where it does not hold.
    """

    name: str
    status: Literal["ok", "wrong", "absent"]
    told: str
    remedy: str = ""


def verdict(name: str, problems: list[str], fine: str, remedy: str) -> Check:
    """A check that holds where there are no problems; of many, the first is told."""
    if not problems:
        return Check(name, "ok", fine)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Check(name, "wrong", " ".join(f"{problems[0]}{more}".split()), remedy)
