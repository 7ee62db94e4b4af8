"""How the page looks: light and dark, wide and narrow, on paper.

No element has a style of its own, as the page's policy allows this sheet alone, by its hash.
"""

from __future__ import annotations

from pennsieve_agent.domain.receipt.page.style_charts import CHARTS
from pennsieve_agent.domain.receipt.page.style_parts import PARTS
from pennsieve_agent.domain.receipt.page.style_states import STATES_STYLE

_LIGHT = """
--page:#fff;--tint:#f5f7f6;--raised:#fff;--ink:#1b2326;--soft:#566168;--line:#dde3e1;
--faint:#e9eeec;
--link:#0b5f63;--accent:#10767a;--band:#b5d9d6;--ok:#1c7a48;--bad:#b3261e;--run:#1d5fb8;
--wait:#6a757c;
--off:#865400;--idle:#c4cdcb;--bad-tint:#fcf1ef;"""
_DARK = """
--page:#12171a;--tint:#182023;--raised:#1b2326;--ink:#e5eaeb;--soft:#a3afb5;--line:#2c373c;
--faint:#232d31;
--link:#7fd0cc;--accent:#5bbcb8;--band:#255653;--ok:#61c78f;--bad:#ff8f85;--run:#86b4ff;
--wait:#99a5ac;
--off:#e2b14a;--idle:#47535a;--bad-tint:#2a1b1b;"""

_BASE = """
*{box-sizing:border-box}
html{font:16px/1.55 -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",
system-ui,sans-serif;
color:var(--ink);background:var(--page);-webkit-text-size-adjust:100%;overflow-wrap:anywhere}
body{margin:0}
h1,h2,h3,p,dl,dd,ul,ol,figure,pre{margin:0;padding:0}
h1{font-size:clamp(1.6rem,1.1rem + 2.4vw,2.5rem);line-height:1.15;letter-spacing:-.02em;
font-weight:650;text-wrap:balance}
h2{font-size:1.15rem;line-height:1.3;font-weight:650;letter-spacing:-.005em}
h3{font-size:1rem;line-height:1.4;font-weight:600;margin:0 0 .4rem}
h3 small{font-weight:400;margin-left:.35rem}
small{font-size:.8125rem;color:var(--soft)}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
bdi,code{unicode-bidi:isolate}
code{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--tint);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;
margin:.4rem 0 1.1rem;
white-space:pre-wrap;user-select:all}
.quiet,.note{color:var(--soft)}
.note{font-size:.875rem;margin-top:.35rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
.skip{position:absolute;left:-99rem;background:var(--page);padding:.5rem 1rem;z-index:2}
.skip:focus{left:1rem;top:1rem}
.inner,section{max-width:76rem;margin:0 auto;padding:0 clamp(1rem,4vw,3rem)}
header.top{background:var(--tint);border-top:6px solid var(--wait);
border-bottom:1px solid var(--line);
padding:clamp(1.6rem,4vw,3.2rem) 0 clamp(1.4rem,3vw,2.4rem)}
.over{font-size:.8125rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft);
margin-bottom:.5rem}
.lead{font-size:1.0625rem;margin-top:.8rem}
.lead .mark{font-weight:650;margin-right:.35rem}
section{padding-top:clamp(1.6rem,3.4vw,2.6rem);padding-bottom:clamp(1.6rem,3.4vw,2.6rem)}
section+section .head,section+section .body{position:relative}
main section+section::before{content:"";display:block;border-top:1px solid var(--line);
margin-top:calc(-1*clamp(1.6rem,3.4vw,2.6rem));
margin-bottom:clamp(1.6rem,3.4vw,2.6rem);grid-column:1/-1}
.body>*+*{margin-top:1.2rem}
.head{margin-bottom:1.1rem}
footer{border-top:1px solid var(--line);padding:1.4rem 0 2.4rem;color:var(--soft);font-size:.875rem}
@media (min-width:64rem){
main section{display:grid;grid-template-columns:14rem minmax(0,1fr);column-gap:3rem}
main :is(#subjects,#measured){display:block}
.head{margin:0}
#subjects .head,#measured .head{margin-bottom:1.1rem}}
@media print{
:root{LIGHT}
html{font-size:11px}header.top{background:none}
.skip,.choice>:not(.scroll){display:none}
details::details-content{content-visibility:visible;display:block;height:auto}
.scroll{overflow:visible}section{break-inside:auto}h2,h3,summary{break-after:avoid}tr,figure,
.lane{break-inside:avoid}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
"""


STYLE = "".join(
    (
        f":root{{color-scheme:light dark;{_LIGHT}}}\n",
        f"@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}",
        _BASE.replace("LIGHT", _LIGHT),
        PARTS,
        CHARTS,
        STATES_STYLE,
    )
)
"""The style sheet, as it stands in the page and as its hash is in the policy."""
