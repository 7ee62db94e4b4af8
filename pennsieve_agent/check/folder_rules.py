"""Rules on the folders of a step, and on what it asks Pennsieve for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.python_folders import FolderUse
from pennsieve_agent.check.python_outside import TEMPORARY, writes_outside
from pennsieve_agent.check.rules import finding
from pennsieve_agent.check.sources import Language, Source
from pennsieve_agent.domain.code_findings import Finding

TOKENS = ("SESSION_TOKEN", "REFRESH_TOKEN", "PENNSIEVE_API_KEY", "PENNSIEVE_API_SECRET")
"""Under these names a step gets what opens Pennsieve (``contracts/upstream-2026-11.md`` 7)."""
_RUN = re.compile(r"/(?:compute/)?workflows/(?:runs|instances)\b")
_DATASET = re.compile(r"\bDATASET_ID\b")
_TOKEN = re.compile(rf"\b(?:{'|'.join(TOKENS)})\b")
_INPUT = r"""["']?\$\{?INPUT_DIR\b"""
_END = r"""[^\s;&|]*["']?\s*(?:$|[;&|)])"""
_SHELL_WRITES = re.compile(
    rf"(?:>>?\s*{_INPUT})"
    rf"|\b(?:mkdir|touch|rm|rmdir|tee|chmod|chown|mv|gunzip|gzip|truncate)\b[^;&|]*{_INPUT}"
    rf"|\b(?:cp|ln|rsync|install)\b[^;&|]*\s{_INPUT}{_END}"
    rf"|\b(?:tar|unzip)\b[^;&|]*\s-[Cd]\s*{_INPUT}"
)
_SHELL_LISTS = re.compile(
    r"""\$\{?INPUT_DIR\}?["']?/["']?\*(?!\*)|\bls\s+(?:-[a-zA-Z1]+\s+)*["']?\$\{?INPUT_DIR\}?["']?/?(?=["'\s)|;`]|$)"""
    r"""|\bfind\s+["']?\$\{?INPUT_DIR\}?["']?/?\s[^;|&)]*-maxdepth\s+1\b"""
)
_R_FOLDER = re.compile(r"\b(\w+)\s*(?:<-|=)\s*Sys\.getenv\(\s*[\"']INPUT_DIR[\"']")
_DEEP = {
    Language.PYTHON: re.compile(
        r"\bwalk\b|\brglob\b|\*\*/|recursive\s*=\s*True|is_dir\b|isdir\b|\bsubprocess\b|os\.system"
    ),
    Language.R: re.compile(r"recursive\s*=\s*T|\blist\.dirs\b|\bdir_ls\b|\bsystem2?\("),
    Language.SHELL: re.compile(
        r"\bfind\b(?![^;|&\n]*-maxdepth\s+1\b)|globstar|\*\*/|\bls\s+-\w*R|/\*/|-d\s+\"?\$|\bgrep\s+-\w*r"
    ),
}
"""With one of these a program may see folders, or wants them."""
_SHELL_OUTSIDE = re.compile(
    r"(?<![<&\d=>-])>>?\s*(?P<file>/[\w./-]+)|\b(?:cp|mv)\s+(?:-\w+\s+)*\S+\s+(?P<copy>/[\w./-]+)\s*(?:$|[;&|])"
)
_R_OUTSIDE = re.compile(
    r"\b(?:write\.(?:csv2?|table)|write_(?:csv|tsv|rds|xlsx)|saveRDS|fwrite|ggsave|writeLines|sink|pdf|"
    r"png|jpeg|tiff|svg)\((?P<before>[^()\n]*?)[\"'](?P<file>/?[\w.-]+(?:/[\w.-]+)*\.\w{2,7})[\"']"
    r"(?![^()\n]*\bpath\s*=)"
)


def folder_findings(code: Code) -> Iterator[Finding]:
    """What a program does with its folders that a node does not allow, support or keep."""
    uses = {
        source.name: FolderUse(source.tree, "INPUT_DIR")
        for source in code.program
        if "INPUT_DIR" in source.text and source.tree is not None
    }
    for source in code.program:
        for line in _input_writes(source, uses.get(source.name)):
            yield finding("input-written", source.name, line, "writes into INPUT_DIR")
        for line, place in _outside(source):
            yield finding("output-outside", source.name, line, f"writes {place}")
    if not any(_goes_deep(source) for source in code.program):
        for source in code.program:
            for line in _top_lists(source, uses.get(source.name))[:1]:
                text = "lists the top of INPUT_DIR, and nothing in the code looks into folders"
                yield finding("input-top-only", source.name, line, text)


def pennsieve_findings(code: Code) -> Iterator[Finding]:
    """What a program asks Pennsieve for, once for each file."""
    for source in code.program:
        hits = _matching(source, _RUN)
        if hits:
            reads = bool(_matching(source, _DATASET))
            text = "asks Pennsieve for its own run"
            mend = "it can read DATASET_ID, too, which it gets there" if reads else ""
            yield finding("own-run-read", source.name, hits[0][0], text, mend)
        hits = _matching(source, _TOKEN)
        if hits:
            names = sorted({word for _, word in hits}, key=TOKENS.index)
            yield finding("token-read", source.name, hits[0][0], f"reads {', '.join(names)}")


def _matching(source: Source, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
    if not pattern.search(source.text):
        return []
    return [(number, hit[0]) for number, line in source.lines for hit in pattern.finditer(line)]


def _input_writes(source: Source, use: FolderUse | None) -> list[int]:
    if use is not None:
        return use.writes()
    if source.language is Language.SHELL:
        return [number for number, line in source.lines if _SHELL_WRITES.search(line)]
    return []


def _top_lists(source: Source, use: FolderUse | None) -> list[int]:
    """The lines that list the top of ``INPUT_DIR``."""
    if use is not None:
        return use.lists()
    if source.language is Language.SHELL:
        return [number for number, line in source.lines if _SHELL_LISTS.search(line)]
    if source.language is Language.R:
        names = "|".join(map(re.escape, _R_FOLDER.findall(source.code))) or r"(?!)"
        lists = re.compile(
            rf"\b(?:list\.files|dir)\(\s*(?:path\s*=\s*)?(?:(?:{names})\b|Sys\.getenv\(\s*[\"']INPUT_DIR)"
        )
        return [source.line_at(hit.start()) for hit in lists.finditer(source.code)]
    return []


def _goes_deep(source: Source) -> bool:
    pattern = _DEEP.get(source.language)
    return pattern is None or pattern.search(source.code) is not None


def _outside(source: Source) -> list[tuple[int, str]]:
    """Where a file writes to a place that it spells out, outside ``OUTPUT_DIR``."""
    match source.language:
        case Language.PYTHON:
            return writes_outside(source)
        case Language.SHELL:
            hits = [
                (h.start(), h["file"] or h["copy"]) for h in _SHELL_OUTSIDE.finditer(source.code)
            ]
        case Language.R if "setwd(" not in source.code:
            hits = [(h.start(), h["file"]) for h in _R_OUTSIDE.finditer(source.code)]
        case _:
            hits = []
    return [
        (source.line_at(offset), place)
        for offset, place in hits
        # What is named again is read back: a step on the way, not a result.
        if not TEMPORARY.match(place) and source.text.count(place) == 1
    ]
