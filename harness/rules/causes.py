"""What a verdict gives as its cause, as far as it is the same for verdicts on other cases: its words without numbers.

Disagreements of one status may have several causes, each with parameters of its own. What frameworks and diagnoses say
tells them apart, so that rules are looked for cause by cause; it is not said by the rules, nor believed.
"""

from __future__ import annotations

import re

_LENGTH = 40  # characters; what follows is about the case
_SUBJECT = re.compile(r"^(?:gradient|equivalent direct convolution): ")
_PLACE = re.compile(r"\{\{[^}]*\}\}")  # in a graph
_ERROR = re.compile(r"^[\w.<>]+: ")  # its class, which differs from route to route
_NUMBERS = re.compile(r"[\[({]?-?\d[-\d., x×_]*[\])}]?")


def cause(status: str, observed: str, diagnosis: str) -> str:
    """The words that a verdict has in common with others of its cause.

    Parameters
    ----------
    status, observed, diagnosis : str
        As the verdict has them.
    """
    if status == "rejected":
        text = _PLACE.sub("", observed)
        text = _ERROR.sub("", text) or text
        return " ".join(_NUMBERS.sub("# ", text).split())[:_LENGTH]
    text = _SUBJECT.sub("", diagnosis)
    if text.startswith("no explanation"):
        return "no explanation"
    return _NUMBERS.split(text, maxsplit=1)[0].strip()[:_LENGTH]
