"""What HTML pages have in common: that they ask nobody for anything, and how their templates are filled in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping

import jinja2
from markupsafe import Markup

from harness.report.model import Cell, title_of
from harness.report.modules import source
from harness.report.text import count, one_line

_BREAKS = re.compile(r"(?<=[./_=-])(?=[^\s./_=-])")


def policy(style: str, code: str = "", *, pictures: bool = False) -> str:
    """A Content-Security-Policy that allows one style sheet and one script, by their digests, and no request.

    Pictures that the page itself holds are allowed where it has any.
    """
    told = [("style", style), *([("script", code)] if code else [])]
    allowed = " ".join(f"{kind}-src 'sha256-{_digest(text)}';" for kind, text in told)
    images = "img-src data:; " if pictures else ""
    return f"default-src 'none'; {allowed} {images}base-uri 'none'; form-action 'none'"


def stylesheet(*names: str) -> Markup:
    """Style sheets of ours, one after the other."""
    return Markup("\n".join(map(source, names)))  # noqa: S704 - files of ours


def template(
    package: str,
    name: str,
    filters: Mapping[str, Callable[..., object]],
    functions: Mapping[str, object],
) -> jinja2.Template:
    """A template that escapes whatever it is given, and fails where something is missing.

    Parameters
    ----------
    package : str
        Whose it is; it is in the folder 'templates' there.
    name : str
        Of its file.
    filters, functions : mapping
        What it can use, beside those that all can.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(one_line=one_line, broken=broken, state=state, title_of=title_of, **filters)
    environment.globals.update(count=count, **functions)
    return environment.get_template(name)


def broken(text: str) -> Markup:
    """A long name, escaped, that may go on in another line behind each of its dots, slashes and the like."""
    return Markup("<wbr>").join(_BREAKS.split(text))


def state(cell: Cell) -> str:
    """What a cell of a matrix looks like."""
    if cell.unexpected:
        return "warn" if cell.unexpected == cell.counts["harness_error"] else "bad"
    if cell.said:
        return "good"
    return "none" if cell.total else "empty"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
