"""The page's JavaScript: modules in files of their own, put together when a report is made.

A module is plain JavaScript with one subject. It may ``export`` functions and constants, and ``import`` those of
others, a statement in one line for each file. Put together they are one script without either, in which every name of a
module's own is said once.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from importlib import resources

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function\*? |const |class )", re.MULTILINE)
_NAME = re.compile(r"^(?:(?:async )?function\*? |const |let |class )([A-Za-z_$][\w$]*)", re.MULTILINE)


def source(name: str) -> str:
    """A file of the page."""
    return resources.files("harness.report").joinpath("page", name).read_text("utf-8")


@lru_cache
def script(*modules: str) -> str:
    """Some modules and all that they import, as one script.

    Parameters
    ----------
    *modules : str
        Their names, without the ending.

    Raises
    ------
    ValueError
        Two modules have a name in common, or one says what cannot be put together.
    """
    ordered: list[str] = []
    texts: dict[str, str] = {}

    def gather(module: str) -> None:
        if module in texts:
            return
        text = texts[module] = source(f"{module}.js")
        for other in _IMPORT.findall(text):
            gather(other)
        ordered.append(module)

    for module in modules:
        gather(module)
    parts = {module: _EXPORT.sub("", _IMPORT.sub("", texts[module])) for module in ordered}
    for module, text in parts.items():
        if left := re.search(r"^\s*(?:import|export)\b.*", text, re.MULTILINE):
            raise ValueError(f"{module}.js: '{left[0].strip()}' cannot be put together with others")
    names = Counter(name for text in parts.values() for name in _NAME.findall(text))
    if twice := [name for name, number in names.items() if number > 1]:
        raise ValueError(f"two modules of the page have a name in common: {', '.join(sorted(twice))}")
    return "\n".join(text.strip() for text in parts.values()) + "\n"
