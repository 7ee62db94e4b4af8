"""How lines, bars and dots look."""

from __future__ import annotations

CHARTS = """
svg{display:block;overflow:visible}
svg text{font-size:.75rem;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .strong{font-size:.8125rem;font-weight:600;fill:var(--ink)}
.grid{stroke:var(--faint);stroke-width:1}
.bar{fill:var(--idle)}
.bar.wait,.bar.queue{fill:var(--line)}
.bar.startup{fill:var(--idle)}
.bar.part{fill:var(--accent)}
.track{fill:var(--faint)}
.band{fill:var(--band)}
.expected{stroke:var(--accent);stroke-width:2}
.actual{fill:var(--ink);stroke:var(--page);stroke-width:2}
.dot{fill:var(--accent);fill-opacity:.55}
.dot.failed{fill:var(--bad);fill-opacity:.8}
.lane{display:grid;grid-template-columns:minmax(7rem,11rem) minmax(0,1fr) 6.5rem;gap:0 1rem;
align-items:center;padding:.35rem 0}
.lane+.lane{border-top:1px solid var(--faint)}
.lane.top{padding:0}
.lane .name{line-height:1.25}
.lane .name small{display:block}
.took{text-align:right;font-variant-numeric:tabular-nums;font-size:.875rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.8125rem;
color:var(--soft);margin-top:.8rem}
.key::before{content:"";display:inline-block;width:.7rem;height:.7rem;border-radius:2px;
margin-right:.45rem;background:var(--idle)}
.key.wait::before{background:var(--line);height:.25rem;margin-bottom:.2rem}
.progress{margin-top:1.4rem}
.progress .bar,.batch .bar{stroke:var(--page);stroke-width:1}
.bars{list-style:none}
.bars li{display:grid;grid-template-columns:minmax(7rem,13rem) minmax(0,1fr) 9.5rem;gap:0 1rem;
align-items:center;padding:.2rem 0;font-size:.875rem}
.estimate+.estimate{margin-top:1.6rem}
.verdict{font-size:1.0625rem}
.spreads{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr));
gap:1.6rem 3rem}
.meter{display:block;min-width:9rem}
.meter svg{margin-top:.25rem}
@media (max-width:40rem){
.lane{grid-template-columns:minmax(0,1fr) auto;gap:.3rem .6rem}
.lane svg{grid-column:1/-1;grid-row:2}
.lane.top span{display:none}
.bars li{grid-template-columns:minmax(0,1fr) auto}
.bars svg{grid-column:1/-1;grid-row:2}}
"""
"""Rules for what is drawn as SVG, and for the rows around it."""
