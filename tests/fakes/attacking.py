"""A framework whose every word attacks what shows it: terminals, Markdown, HTML, XML, JSON, GitHub's runners."""

from __future__ import annotations

import os

from cases.case import Case
from harness.frameworks.base import Call, Raised, Result, Spelling, Unsupported

from .loops import Loops

MARK = "alert(1)"  # by which all of it is known
TEXT = (
    f"<script>{MARK}</script> ]]> ]]]]><![CDATA[> --> &amp; &#x41; \x1b[31mred\x1b]8;;http://x\x07link\x1b]8;;\x07 "
    "\x9b2J \x00\x08\x7f \ud800 \udcff \ufffe \u202edesrever [red]x[/red] `tick` ``` **b** | [a](javascript:b) "
    "{{ 7 * 7 }} {% raise %} %0A::error::y\r\n::error title=z::stolen\n::stop-commands::word\n  ::add-mask::a\n"
    "##[error]old\n# head\n</code></td></table></testcase></failure>\u2028'\"\\"
)
LONG = TEXT + "megabytes " * 300_000


class Attacking(Loops):
    """The perfect framework, but for what it says: of i = 4 an error, of 5 a crash, of 6 that it cannot say it."""

    name = "attacking"

    @staticmethod
    def say(case: Case, route: str) -> Spelling | Unsupported:
        return Unsupported(LONG) if case.axes[0].i == 6 else Loops.say(case, route)

    def facts(self) -> dict[str, str]:
        return {"version": f"1.0 {TEXT}", "device": "cpu", f"fact {TEXT}": LONG}

    def run_one(self, call: Call) -> Result:
        if call.case.axes[0].i == 4:
            return Raised(f"Error{TEXT}", LONG)
        if call.case.axes[0].i == 5:
            os.write(2, LONG.encode("utf-8", "surrogatepass") + b"\xff\xfe\x80" + TEXT.encode("utf-8", "replace"))
            os.abort()
        return super().run_one(call)
