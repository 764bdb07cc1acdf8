"""Cleaning of text that others wrote: error messages of frameworks, facts of environments, names of surfaces.

Such text may hold anything: terminal sequences, markup, a megabyte of it. What is cleaned here holds printable
characters, line breaks and tabs only, and is legal in XML and UTF-8; each format then escapes it in its own way.
"""

from __future__ import annotations

import re

LIMIT = 500  # characters of one text that a report shows

# Strings of the terminal (titles, links) need their terminator; of one without it only the introducer is removed, so
# that a stray introducer cannot hide the rest of a message.
_SEQUENCE = re.compile(
    r"""(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])      # a string: its introducer,
        [^\x07\x1b\x90\x98\x9c-\x9f]*             # what it holds,
        (?:\x07|\x1b\\|\x9c)                      # its terminator
      | (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]          # colours, movements of the cursor
      | \x1b[ -/]*[0-~]                           # the short ones
    """,
    re.VERBOSE,
)
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(text: str, limit: int = LIMIT) -> str:
    """Text without what is no text, cut to a length.

    Parameters
    ----------
    text : str
        Of any origin.
    limit : int
        Most characters to keep, the '…' that says that it was cut among them.

    Returns
    -------
    str
        Without terminal sequences, control characters and marks of writing direction; lone surrogates are shown as
        '�'; line breaks are newlines.
    """
    # Nobody reads a megabyte: what is certainly not shown is not searched either.
    kept = text[: 8 * limit + 1000]
    if not kept.isprintable():
        kept = _SEQUENCE.sub("", kept)
        kept = _LINE_BREAK.sub("\n", kept)
        kept = _CONTROL.sub("", kept)
        kept = _SURROGATE.sub("\ufffd", kept)
    if len(kept) <= limit and len(text) <= 8 * limit + 1000:
        return kept
    return kept[: limit - 1] + "…"


def one_line(text: str, limit: int = LIMIT) -> str:
    """Cleaned text in one line: every run of white space is one space."""
    kept = " ".join(clean(text, 2 * limit).split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def count(number: int, noun: str) -> str:
    """A number with its noun: '1 case', '2 cases', '2 entries'."""
    many = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number} {noun if number == 1 else many}"
