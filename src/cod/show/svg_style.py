"""The looks of a picture: one hue for what devices are doing, greys for all else, on light and on dark."""

from __future__ import annotations

_LIGHT = """\
.ground { fill: #ffffff; stroke: #d4dbe5 }
text { fill: #1d2430 }
.quiet, .note { fill: #5d6878 }
.heading { fill: #3a4453 }
.box { stroke: #cbd3de }
.numa, .elsewhere { fill: #f5f7fa }
.root { fill: #ebeff5 }
.switch { fill: #dfe6ef; stroke: #b9c4d3 }
.free .card, .part.free, .parent .card { fill: #ffffff; stroke: #3b6fc4 }
.held .card, .part.held { fill: #3b6fc4; stroke: #3b6fc4 }
.unready .card, .part.unready { fill: #eef1f5; stroke: #8a94a3 }
.bare .card, .part.bare { fill: #f8f9fb; stroke: #b4bdc9 }
.mark { fill: none; stroke: #3b6fc4 }
.held .mark { fill: #ffffff; stroke: #ffffff }
.held text { fill: #ffffff }
.unready .mark { stroke: #6f7b8b }
.unready text, .bare text { fill: #5d6878 }
.line { fill: #4d5868 }
.wire { stroke: #3b6fc4 }
.knot { fill: #3b6fc4 }
.band { fill: #f5f7fa; stroke: #cbd3de }
"""

_DARK = """\
.ground { fill: #0f141b; stroke: #2b3543 }
text { fill: #e6eaf0 }
.quiet, .note { fill: #9aa6b6 }
.heading { fill: #c4cdda }
.box { stroke: #334052 }
.numa, .elsewhere { fill: #151c26 }
.root { fill: #1b2431 }
.switch { fill: #243042; stroke: #43536b }
.free .card, .part.free, .parent .card { fill: #0f141b; stroke: #79a6f2 }
.held .card, .part.held { fill: #79a6f2; stroke: #79a6f2 }
.unready .card, .part.unready { fill: #1a222d; stroke: #6d7889 }
.bare .card, .part.bare { fill: #131922; stroke: #455164 }
.mark { fill: none; stroke: #79a6f2 }
.held .mark { fill: #0d1420; stroke: #0d1420 }
.held text { fill: #0d1420 }
.unready .mark { stroke: #97a3b4 }
.unready text, .bare text { fill: #9aa6b6 }
.line { fill: #b3bdcb }
.wire { stroke: #79a6f2 }
.knot { fill: #79a6f2 }
.band { fill: #151c26; stroke: #334052 }
"""

_SHAPES = """\
svg { font-family: system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 11px }
.title { font-size: 18px; font-weight: 600 }
.quiet { font-size: 13px }
.heading { font-size: 12px; font-weight: 600 }
.name { font-size: 13px; font-weight: 600 }
.end { text-anchor: end }
.middle { text-anchor: middle }
.box, .card, .band { stroke-width: 1 }
.card { stroke-width: 1.3 }
.unready .card, .bare .card, .part.unready { stroke-dasharray: 3 2.5 }
.mark { stroke-width: 1.6; stroke-linecap: round }
.wire { fill: none; stroke-width: 1.2 }
"""

STYLE = f"<style>\n{_SHAPES}{_LIGHT}@media (prefers-color-scheme: dark) {{\n{_DARK}}}\n</style>"
