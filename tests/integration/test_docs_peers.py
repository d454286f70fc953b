"""What the page of parameters says of Tianshou and Stable-Baselines3 is so: peer_defaults.toml has their defaults.

A source names a library, and behind it a value that is not ours: "SB3; Tianshou 1e-3", "SB3's TRPO and Tianshou 5", "Tianshou v2 false".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
PEERS = tomllib.loads((FOLDER / "peer_defaults.toml").read_text(encoding="utf-8"))
PAGE = (FOLDER.parents[1] / "docs" / "params.md").read_text(encoding="utf-8")
VALUE = r"none|true|false|cuda|ReLU|Tanh|a million|\[[\d., ]*\]|[−-]?\d[\d.]*(?:e-?\d+)?"
PEER = r"(?P<peer>Tianshou|SB3)(?:'s (?P<of>scripts? for \w+|\w+))?(?: (?P<version>v[12]))?\b"
TOKEN = re.compile(rf"{PEER}|(?<![\w.])(?P<value>{VALUE})(?!\w)")


class Row(NamedTuple):
    """Of a table of the page, its class or algorithm in front."""

    of: str
    name: str
    default: Any
    source: str


class Claim(NamedTuple):
    """What is said of one library's default; version None is said of all."""

    library: str
    of: str | None
    version: str | None
    value: Any


def value(text: Any) -> Any:
    """As it is written on the page or in the file: numbers of any notation are equal, none is None."""
    if isinstance(text, list):
        return text
    match str(text).replace("−", "-"):
        case "none" | "true" | "false" as word:
            return {"none": None, "true": True, "false": False}[word]
        case "True" | "False" as word:
            return word == "True"
        case "a million":
            return 1e6
        case listed if listed.startswith("["):
            return [float(each) for each in re.findall(r"[\d.]+", listed)]
        case word:
            return float(word) if re.fullmatch(r"-?\d[\d.]*(e-?\d+)?", word) else word


def rows() -> Iterator[Row]:
    for heading, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL):
        of = heading.removeprefix("What ").removesuffix(" puts in").strip("`").removesuffix("Params")
        for line in re.findall(r"^\| (`.*) \|$", text, re.MULTILINE):
            name, default, *_, source = line.split(" | ")
            amounts_to = re.match(rf"({VALUE}): ", source)
            yield Row(of, name.strip("`"), value(amounts_to[1] if amounts_to else default), source[amounts_to.end() if amounts_to else 0 :])


def claims(row: Row) -> Iterator[Claim]:
    """A value belongs to all that stand before it in its clause."""
    for clause in re.sub(r"\([^)]*\)", "", row.source).split(";"):
        waiting: list[re.Match[str]] = []
        for found in TOKEN.finditer(clause):
            if found["peer"]:
                waiting.append(found)
                continue
            yield from (Claim(each["peer"], each["of"], each["version"], value(found["value"])) for each in waiting)
            waiting = []
        yield from (Claim(each["peer"], each["of"], each["version"], row.default) for each in waiting)


def defaults(library: str, of: str | None, row: Row) -> dict[str, Any]:
    """Theirs by version, of the setting of a row; empty where it is not known of them."""
    if of is None:
        tables = PEERS[library.lower()]
        theirs = tables.get(row.of, {}).get(row.name, tables.get("SamplingConfig", {}).get(row.name))
    else:
        tables = PEERS["scripts"] if of.startswith("script") else PEERS[library.lower()]
        theirs = tables.get(row.of if of.startswith("script") else of, {}).get(row.name)
    if theirs is None:
        return {}
    return {version: value(each) for version, each in (theirs if isinstance(theirs, dict) else {"": theirs}).items()}


def test_defaults_that_a_row_gives_for_another_library_are_those_of_that_library():
    wrong = []
    for row in rows():
        for claim in claims(row):
            known = defaults(claim.library, claim.of, row)
            theirs = [each for version, each in known.items() if claim.version in (None, version)]
            wrong += [] if theirs and all(each == claim.value for each in theirs) else [(row, claim, known)]
    assert wrong == []


def test_a_row_whose_default_differs_from_another_librarys_says_theirs():
    silent = []
    for row in rows():
        said = {(each.library, each.version) for each in claims(row) if each.of in (None, row.of)}
        for library in ("Tianshou", "SB3"):
            differing = {version for version, theirs in defaults(library, None, row).items() if theirs != row.default}
            silent += [(row.of, row.name, library, version) for version in differing if not said & {(library, None), (library, version)}]
    assert silent == []


def test_every_default_of_tianshou_has_a_row_and_that_of_alpha_a_sentence():
    listed = {(row.of, row.name) for row in rows()}
    missing = {(of, name) for of, table in PEERS["tianshou"].items() for name in table} - listed
    assert missing == {("SAC", "alpha"), ("DiscreteSAC", "alpha"), ("REDQ", "alpha")}
    for of, _ in missing:
        introduction = PAGE.partition(f"## `{of}Params`")[2].partition("\n| ")[0]
        assert f"Tianshou's default of {PEERS['tianshou'][of]['alpha']}" in introduction


def test_the_versions_that_are_compared_are_named():
    for version in (each for versions in PEERS["versions"].values() for each in versions):
        assert version in PAGE.partition("\n## ")[0]
