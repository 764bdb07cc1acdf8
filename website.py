"""Hooks of ``mkdocs build``: pages that stand outside of docs/, their links, and formulas.

The Markdown is written to be read where it stands, in the repository. Here README.md becomes the site's first page and
a few others join it; links between all of them are followed to where they lead on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent
# Pages that stand elsewhere, by their path in the repository.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "reports/README.md": "baseline.md",
}
_LINK = re.compile(r"(!?\[[^\]]*\])\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_FORMULA = re.compile(r"\$`([^`]+)`\$")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and the files that some page links to."""
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md")}
    texts |= {path: (ROOT / path).read_text("utf-8") for path in PAGES}
    for path, name in PAGES.items():
        files.append(File.generated(config, name, content=texts[path]))
    for path, text in sorted(texts.items()):
        for _, target, _ in _LINK.findall(_without_code(text)):
            file = ROOT / posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            name = _name(file.relative_to(ROOT).as_posix())
            if file.is_file() and files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, content=file.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # mkdocs' own
    """Let links lead to where their files are on the site, and formulas be MathML, which needs no script."""
    name = page.file.src_uri
    here = next((path for path, other in PAGES.items() if other == name), f"docs/{name}")

    def followed(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), found[2]))
        if (ROOT / path).is_dir():
            return found[1].strip("[]")
        if not (ROOT / path).exists():
            raise PluginError(f"{here}: {found[2]} is not there")
        where = posixpath.relpath(_name(path), posixpath.dirname(name) or ".")
        return f"{found[1]}({where}{found[3] or ''})"

    parts = _CODE.split(markdown)
    parts[::2] = [_FORMULA.sub(_formula, _LINK.sub(followed, part)) for part in parts[::2]]
    return "".join(parts)


_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def _without_code(text: str) -> str:
    return _CODE.sub("", text)


def _name(path: str) -> str:
    """Where a file of the repository is on the site."""
    return PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}")


def _formula(found: re.Match[str]) -> str:
    told: Any = convert(found[1])
    return str(told)
