"""How facts, states, tables, lists and pictures look."""

from __future__ import annotations

PARTS = """
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));
gap:.9rem 2rem}
.facts dt,.figures dt,.four dt{font-size:.8125rem;color:var(--soft)}
.facts dd small{display:block}
.figures{display:flex;flex-wrap:wrap;margin:1.6rem 0;border-block:1px solid var(--line)}
.figures>div{flex:1 1 10rem;padding:.9rem 1.2rem .9rem 0}
.figures dd{font-size:1.5rem;font-weight:600;letter-spacing:-.015em;line-height:1.25;
font-variant-numeric:tabular-nums}
.figures dd small{display:block;font-weight:400;letter-spacing:0}
.four{display:flex;flex-wrap:wrap;gap:.2rem 2rem;font-variant-numeric:tabular-nums}
.mark,.sign{color:var(--soft);white-space:nowrap}
.sign{font-size:0}
.sign::before{font-size:.875rem}
.mark::before,.sign::before{display:inline-block;width:1.25em;content:"\\25CB"/"";font-weight:700}

.file-there{color:var(--ok)}
.file-there::before{content:"\\2713"/""}
.file-missing{color:var(--bad)}
.file-missing::before{content:"\\2715"/""}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.875rem}
caption.hidden{display:block;padding:0}
caption{text-align:left;color:var(--soft);font-size:.8125rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.45rem 1rem .45rem 0;
border-bottom:1px solid var(--faint);font-weight:400}
thead th{color:var(--soft);font-size:.8125rem;border-bottom-color:var(--line);white-space:nowrap;
overflow-wrap:normal}
tbody th{min-width:7rem}
td small{display:block}
.figure{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.files td code{font-size:.75rem}
.files{min-width:34rem}
.happened{min-width:16rem}
.attempts{min-width:58rem}
.parameters{min-width:0}
.subjects tbody th{font-weight:600}
.subjects a{text-decoration-color:var(--line)}
.subjects th:nth-last-child(2),.subjects th:nth-last-child(3),
.files th:nth-child(2){text-align:right}
.attempts th:is(:nth-child(2),:nth-child(3),:nth-child(n+6)){text-align:right}
@media (max-width:40rem){.subjects tr{background:var(--page)}
.subjects th:first-child{position:sticky;left:0;background:inherit}}
.subjects tr.failed{background:var(--bad-tint)}
.subjects th:first-child{padding-left:.6rem}
.choice>span{font-size:.875rem;color:var(--soft);margin-right:.6rem}
.choice>input{position:absolute;opacity:0}
.choice>label{display:inline-block;padding:.25rem .8rem;margin:0 .4rem .4rem 0;cursor:pointer;
border:1px solid var(--line);border-radius:99px;font-size:.875rem}
.choice>input:checked+label{background:var(--ink);color:var(--page);border-color:var(--ink)}
.choice>input:focus-visible+label{outline:3px solid var(--accent);outline-offset:2px}
.choice>.scroll{margin-top:.8rem}
details>summary{cursor:pointer;padding:.35rem 0;color:var(--link)}
.subject-files details{border-bottom:1px solid var(--faint)}
.subject-files summary{color:var(--ink)}
.subject-files summary small{margin:0 .8rem}
.subject-files details>div{padding:.3rem 0 1.2rem 1.1rem;font-size:.875rem}
.subject-files h3{font-size:.8125rem;color:var(--soft);margin:.8rem 0 .1rem}
.subject-files ul{list-style:none}
.subject-files li{padding:.2rem 0;border-bottom:1px solid var(--faint)}
.subject-files li code{display:block;font-size:.75rem;color:var(--soft)}
.failures{list-style:none}
.failures>li{border-left:3px solid var(--bad);padding:.1rem 0 .1rem 1rem}
.failures>li+li{margin-top:1.4rem}
.why{font-size:1rem}
#reason .why{border-left:3px solid var(--bad);padding-left:1rem;white-space:pre-wrap}
.reasons{padding-left:1.2rem}
.names{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem;margin-top:.5rem}
.names li{background:var(--tint);border:1px solid var(--line);border-radius:4px;padding:0 .45rem;
font-size:.8125rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));
gap:1.4rem}
.pictures img{width:100%;height:12rem;object-fit:contain;background:#fff;
border:1px solid var(--line);border-radius:8px;padding:.4rem}
figcaption{font-size:.8125rem;margin-top:.35rem}
figcaption small{display:block}
.step{border:1px solid var(--line);border-radius:10px;padding:1rem 1.2rem;background:var(--raised)}
.step .scroll{margin-top:1rem}
.side+.side{margin-top:1.8rem}
"""
"""Rules for what the sections have."""
