"""What pictures look like, in light and dark; the report's page draws with the same colours."""

from __future__ import annotations

STYLE = """
svg{--paper:#fff;--ink:#1d2024;--muted:#5c636b;--line:#8d959e;--unit:#a9c8ee;--out:#a6d9cd;--now:#14806a;--window:#1d2024;
--heat:#24508f;--extra:#b3690a;font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#16181b;--ink:#e4e6e9;--muted:#9ba3ac;--line:#717a84;--unit:#35588a;
--out:#2b6b60;--now:#7fe0cb;--window:#fff;--heat:#8db8f5;--extra:#e9a95c}}
text{fill:var(--ink);font-size:13px}.title{font-weight:600}.note{fill:var(--muted);font-size:12px}
.paper{fill:var(--paper)}.unit{fill:var(--unit)}.out{fill:var(--out)}
.padding,.overhang,.inserted{fill:none;stroke:var(--line)}.padding{stroke-dasharray:3 3}
.overhang{stroke-dasharray:1 4}.extra{fill:none;stroke:var(--extra);stroke-dasharray:3 3}
.dot{fill:var(--line)}.cropped{fill:var(--unit);opacity:.35}.strike{fill:none;stroke:var(--line)}
.window rect{fill:var(--window);fill-opacity:.28}
.window .frame{fill:none;stroke:var(--window);stroke-width:2;fill-opacity:1}
.window text{font-size:10px;text-anchor:middle}.now{fill:none;stroke:var(--now);stroke-width:3}
.value{font-size:12px;text-anchor:middle}.window .tap{font-size:8px;text-anchor:end}
.frame{fill:none;stroke:var(--line)}.heat{fill:var(--heat)}.blind{fill:var(--extra)}
.row{fill:none;stroke:var(--now);stroke-width:2}
"""
