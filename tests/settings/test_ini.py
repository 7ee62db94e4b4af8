"""INI text: everything the existing tools write, changed without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.ini import Ini

AS_THE_AGENT_WRITES = """api_token=top-key
api_secret=top%secret

[agent]
port=9000
upload_workers=10
useconfigfile=true

[global]
default_profile=penn-lab

[penn-lab]
api_token=k
api_secret=s=%(x)s%

[staging]
api_host=https://api.pennsieve.net
upload_bucket=pennsieve-dev-uploads-v2-use1
db_path=`/home/a;b/#c`
note=" spaces "
"""


def test_what_the_existing_agent_writes() -> None:
    ini = Ini(AS_THE_AGENT_WRITES)
    assert ini.sections() == ["default", "agent", "global", "penn-lab", "staging"]
    assert ini.items("default") == {"api_token": "top-key", "api_secret": "top%secret"}
    assert ini.get("penn-lab", "api_secret") == "s=%(x)s%"
    assert ini.get("staging", "db_path") == "/home/a;b/#c"
    assert ini.get("staging", "note") == " spaces "
    assert ini.get("agent", "useConfigFile") == "true"
    assert ini.text == AS_THE_AGENT_WRITES


def test_what_people_write() -> None:
    text = (
        "\ufeff; mine\r\n[ Penn-Lab ] ; the lab\r\n  API_Token :  key  # a note\r\n"
        "api_secret\t=\t'quoted'\r\nempty=\r\n# api_secret=old\r\n[penn-lab]\r\nAPI_TOKEN=later"
    )
    ini = Ini(text)
    assert ini.sections() == ["Penn-Lab"]
    assert ini.items("PENN-LAB") == {"api_token": "later", "api_secret": "quoted", "empty": ""}
    assert ini.text == text


def test_a_change_touches_its_value_alone() -> None:
    ini = Ini("[a]\r\n  Key =  old  # why\r\n\r\n; b\r\n[b]\r\nx=1\r\n")
    ini.set("A", "key", "new")
    ini.set("a", "other", "2")
    assert ini.text == "[a]\r\n  Key =  new  # why\r\nother=2\r\n\r\n; b\r\n[b]\r\nx=1\r\n"


def test_a_comment_that_would_become_part_of_the_value_goes() -> None:
    ini = Ini('[a]\nk="old"# why\n')
    ini.set("a", "k", "new")
    assert ini.get("a", "k") == "new"
    assert Ini(ini.text).get("a", "k") == "new"


def test_new_sections_go_to_the_end() -> None:
    ini = Ini("[a]\nx=1")
    ini.set("new", "Key", "v")
    ini.set("new", "k2", "v2")
    assert ini.text == "[a]\nx=1\n\n[new]\nkey=v\nk2=v2\n"
    assert ini.sections() == ["a", "new"]
    empty = Ini()
    empty.set("new", "k", "v")
    assert empty.text == "[new]\nk=v\n"


def test_keys_without_a_header() -> None:
    ini = Ini("# head\n\napi_token=a\napi_secret=b\n\n# lab\n[lab]\nx=1\n")
    ini.set("default", "api_host", "https://api.pennsieve.net")
    assert Ini(ini.text).get("default", "api_host") == "https://api.pennsieve.net"
    ini.remove_section("default")
    assert ini.text == "# head\n\n\n# lab\n[lab]\nx=1\n"
    ini.set("default", "k", "v")
    assert ini.text == "k=v\n# head\n\n\n# lab\n[lab]\nx=1\n"


def test_removing_a_section_leaves_what_follows() -> None:
    text = "[a]\nx=1\n\n# old: y=3\n[b]\ny=2\n# inside\nz=3\n\n# about c\n[c]\nv=1\n[B]\nw=1\n"
    ini = Ini(text)
    ini.remove_section("b")
    assert ini.text == "[a]\nx=1\n\n# old: y=3\n\n# about c\n[c]\nv=1\n"
    ini.remove_section("nothing")
    ini.remove("a", "nothing")
    ini.remove("a", "X")
    assert ini.text == "[a]\n\n# old: y=3\n\n# about c\n[c]\nv=1\n"


def test_a_value_over_several_lines_is_one_value() -> None:
    text = '[a]\nx="""one\ntwo=2\n[three]"""\ny=1\n'
    ini = Ini(text)
    assert ini.items("a") == {"x": "one\ntwo=2\n[three]", "y": "1"}
    ini.set("a", "y", "2")
    assert ini.text == text.replace("y=1", "y=2")
    ini.set("a", "x", "short")
    assert ini.text == "[a]\nx=short\ny=2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nx=1\nSECRET\n", "line 3 .* neither"),
        ("=SECRET\n", "line 1 .* neither"),
        ("[a\nx=SECRET\n", "line 1 .* no name"),
        ("[ ]\n", "line 1 .* no name"),
        ("\n\nSECRET\0\n", "line 3 .* control"),
        ("x=SECRET\rmore\n", "line 1 .* control"),
        ("[a]\nx=`SECRET\n", "line 2 .* never closed"),
        ("<html>\n", "line 1 .* neither"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_by_number_only(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        Ini(text, where="/c.ini")
    error = caught.value
    assert "SECRET" not in f"{error!r} {error} {error.hint} {error.__context__}"
    assert error.where == "/c.ini"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\0", '`"', '`"""'])
def test_values_that_cannot_be_written(value: str) -> None:
    ini = Ini("[a]\nx=1\n")
    with pytest.raises(SettingsError, match=r"the value of a\.x cannot be kept") as caught:
        ini.set("a", "x", value)
    assert value not in str(caught.value)
    assert ini.text == "[a]\nx=1\n"


NAMES = st.sampled_from(["default", "agent", "global", "lab", "Lab", "other"])
KEYS = st.sampled_from(["api_token", "API_Token", "api_secret", "x"])
VALUES = st.text(
    st.sampled_from("ab=:#;%'\"` \\[]é\u2028") | st.characters(categories=["L", "N", "P", "Zs"]),
    max_size=8,
).filter(lambda v: "`" not in v or ('"""' not in v and not v.endswith('"')))
LINES = st.one_of(
    NAMES.map(lambda name: f"[{name}]"),
    st.tuples(
        KEYS, st.sampled_from(["=", " = ", ":"]), VALUES.filter(lambda v: v[:1] not in '`"')
    ).map("".join),
    st.sampled_from(["", "  ", "# a note", "; [x]", "unknown_key=1", "x=1 # why", "y='a' ; b"]),
)
TEXTS = st.tuples(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda t: t[1].join(t[0]) + (t[1] if t[2] else "")
)
CHANGES = st.lists(
    st.tuples(st.just("set"), NAMES, KEYS, VALUES)
    | st.tuples(st.just("remove"), NAMES, KEYS, st.just("")),
    max_size=6,
)


def untouched(ini: Ini, changed: set[tuple[str, str]]) -> list[str]:
    """The lines that are not of a changed key, without their ends."""
    return [
        line.text.rstrip("\r\n")
        for line in ini._lines
        if (line.section, line.key) not in changed and not line.is_header and line.text.strip()
    ]


@given(TEXTS, CHANGES)
def test_any_changes_keep_all_other_lines(
    text: str, changes: list[tuple[str, str, str, str]]
) -> None:
    ini = Ini(text)
    assert ini.text == text
    changed = {(section.casefold(), key.casefold()) for _, section, key, _ in changes}
    before = untouched(ini, changed)
    expected = {(s.casefold(), k): v for s in ini.sections() for k, v in ini.items(s).items()}
    for what, section, key, value in changes:
        if what == "set":
            ini.set(section, key, value)
            expected[section.casefold(), key.casefold()] = value
        else:
            ini.remove(section, key)
            expected.pop((section.casefold(), key.casefold()), None)
    again = Ini(ini.text)
    found = {(s.casefold(), k): v for s in again.sections() for k, v in again.items(s).items()}
    assert found == expected
    assert untouched(again, changed) == before


@given(TEXTS, NAMES)
def test_removing_a_section_keeps_all_others(text: str, name: str) -> None:
    ini = Ini(text)
    others = {s: ini.items(s) for s in ini.sections() if s.casefold() != name.casefold()}
    ini.remove_section(name)
    again = Ini(ini.text)
    assert {s: again.items(s) for s in again.sections()} == others


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_text_breaks_the_reader(data: bytes) -> None:
    text = data.decode(errors="ignore")
    try:
        found = Ini(text)
    except SettingsError:
        return
    assert found.text == text
