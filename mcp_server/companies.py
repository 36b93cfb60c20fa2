"""The companies of the big stock indices, from pytickersymbols: search, near misses, and a few facts on each."""

import difflib
import functools
import importlib.metadata
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import pytickersymbols

_FIGURES = ("employees", "revenue", "operating_income", "net_income", "total_assets", "total_equity", "founded")
_DATED = re.compile(r"\([^()]*\b(?:19|20)\d\d\b[^()]*\)|FY\s*'?\d{2}")
_UNDATED = "no date given"
_SHARE_CLASS = re.compile(r"^([A-Z]+)\.([AB])$")
_FORMER = {"FB": "META"}
"""Symbols that people and old data still use, and what they are now."""

_NOISE = re.compile(
    r"\b(inc|corp|corporation|co|company|plc|ag|se|sa|nv|ltd|group|holdings?|the|class [a-c])\b|[^\w&+ ]", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Company:
    """One company. `symbol` is its main listing in Yahoo's notation, `listings` are all of them."""

    symbol: str
    name: str
    listings: frozenset[str]
    country: str | None
    headquarters: str | None
    industries: tuple[str, ...]
    isin: str | None
    website: str | None
    indices: tuple[str, ...]
    key_figures: dict[str, str] = field(default_factory=dict[str, str])


class CompanyBook:
    """All companies, searchable. Built once; reading needs no lock."""

    def __init__(self, companies: Iterable[Company], *, version: str) -> None:
        self.version = version
        self._companies = sorted(companies, key=lambda company: (-len(company.indices), company.symbol))
        self._main = {company.symbol: company for company in self._companies}
        self._any = {symbol: company for company in self._companies for symbol in company.listings}
        self._names = [(_plain(company.name), company) for company in self._companies]
        self._by_name = dict(reversed(self._names))

    def find(self, symbol: str) -> Company | None:
        """Return the company with this symbol as any of its listings."""
        symbol = _FORMER.get(symbol, symbol)
        return self._main.get(symbol) or self._any.get(symbol)

    def search(self, query: str, *, limit: int) -> list[Company]:
        """Return the best matches by symbol and name, then near misses; at most `limit`."""
        wanted = _plain(query)
        exact = [found for found in (self.find(query.upper()), self._by_name.get(wanted)) if found and wanted]
        starts = [company for name, company in self._names if wanted and name.startswith(wanted)]
        words = [company for name, company in self._names if wanted and f" {wanted}" in f" {name}"]
        symbols = [company for company in self._companies if company.symbol.startswith(query.upper())]
        found = list(dict.fromkeys([*exact, *starts, *words, *symbols]))
        return found[:limit] or self.near(query, count=limit)

    def near(self, text: str, *, count: int = 3) -> list[Company]:
        """Return companies whose symbol or name resembles `text`, the likeliest first."""
        symbols = difflib.get_close_matches(text.upper(), self._main, n=count * 4, cutoff=0.6)
        # Letters in the wrong order are the commonest slip: APPL is nearer to AAPL than to any other.
        symbols.sort(key=lambda symbol: (_slip(text.upper(), symbol), -len(self._main[symbol].indices)))
        names = difflib.get_close_matches(_plain(text), self._by_name, n=count, cutoff=0.7) if len(text) > 3 else []
        by_symbol = [self._main[symbol] for symbol in symbols]
        by_name = [self._by_name[name] for name in names]
        return list(dict.fromkeys([*by_name, *by_symbol] if len(text) > 5 else [*by_symbol, *by_name]))[:count]


@functools.cache
def load_companies() -> CompanyBook:
    """Read the packaged list, 1,800 companies of 20 indices. Takes about a third of a second, once a process."""
    book = pytickersymbols.PyTickerSymbols()
    indices: dict[str, list[str]] = {}
    for index in book.get_all_indices():
        for stock in cast("Iterable[dict[str, Any]]", book.get_stocks_by_index(index)):
            indices.setdefault(str(stock["name"]), []).append(index.replace("_", " "))
    records = book.get_all_stocks()
    companies = [_company(record, tuple(indices.get(record["name"], ()))) for record in records if record.get("symbol")]
    return CompanyBook(companies, version=importlib.metadata.version("pytickersymbols"))


def _company(record: dict[str, Any], indices: tuple[str, ...]) -> Company:
    facts = cast("dict[str, Any]", record.get("metadata") or {})
    country = cast("str | None", record.get("country"))
    place = facts.get("headquarters") or (country if country and "," in country else None)
    symbol = _SHARE_CLASS.sub(r"\1-\2", record["symbol"])
    listings = [str(listing["yahoo"]) for listing in record.get("symbols", []) if listing.get("yahoo")]
    return Company(
        symbol=symbol,
        name=record["name"],
        listings=frozenset([symbol, *listings]),
        country=None if country and "," in country else country,
        headquarters=_tidy(place) if place else None,
        industries=tuple(record.get("industries") or ()),
        isin=next(iter(record.get("isins") or ()), None),
        website=_website(facts.get("website")),
        indices=indices,
        key_figures={name: _dated(name, _tidy(facts[name])) for name in _FIGURES if facts.get(name)},
    )


def _dated(name: str, text: str) -> str:
    """A figure with the year that it says it is from, "166,000 (2025)", or the word that it says none."""
    return text if name == "founded" or _DATED.search(text) else f"{text} ({_UNDATED})"


def _website(value: object) -> str | None:
    """Keep what is plainly a host name: the list also has remarks in this place."""
    text = str(value or "").strip()
    return text if re.fullmatch(r"(https?://)?[\w.-]+\.[a-z]{2,}(/[\w./-]*)?", text) else None


def _tidy(value: object) -> str:
    return re.sub(r"\s+([,;)])", r"\1", re.sub(r"\s+", " ", str(value))).replace("( ", "(").strip()


def _plain(name: str) -> str:
    return " ".join(_NOISE.sub(" ", name.lower()).split())


def _slip(text: str, symbol: str) -> int:
    """Return how many slips lie between two symbols: a letter too many, missing, another, or two exchanged."""
    before: list[int] = []
    row = list(range(len(symbol) + 1))
    for i, letter in enumerate(text, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(symbol, start=1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == symbol[j - 2] and text[i - 2] == other:
                steps = min(steps, earlier[j - 2] + 1)
            row.append(steps)
    return row[-1]
