"""Figures in a text, checked by code: each must stand in a recorded tool result, up to rounding.

A figure is supported if some number of the results, rounded as the text rounds it, is the same. Dates, years, ordinals,
windows ("50-day"), list numbers, codes and addresses are no figures. Numbers are read as English and as continental
Europe writes them; where both readings are possible, either may hold.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

_MONTH = (
    r"(?:jan(?:uar[yi])?|feb(?:ruar[yi])?|m(?:ar(?:ch)?|ärz|rz)|apr(?:il)?|ma[yi]|jun[ei]?|jul[yi]?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
_UNITS_OF_TIME = (
    r"(?:trading |calendar |business |fiscal )?(?:days?|weeks?|months?|years?|quarters?|sessions?|hours?|minutes?"
    r"|seconds?|decades?|bars?|tage?n?|wochen?|monate?n?|jahre?n?|quartale?n?|d|w|wk|mo|y|yr|yrs|h|min)"
)
_NO_FIGURES = re.compile(
    r"`[^`\n]*`"
    r"|!?\[[^\]\n]*\]\([^)\s]*\)"  # links: address and label
    r"|\bhttps?://\S+|\b\S+@\S+\.\S+"
    r"|\b\d{4}-\d{2}(?:-\d{2})?(?:T[\d:.+Z-]+)?\b"  # ISO dates and instants
    r"|\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of)? {_MONTH}\b\.?(?:,? (?:19|20)\d{{2}})?"
    rf"|\b{_MONTH}\b\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? (?:19|20)\d{{2}})?"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"  # times of day
    r"|\b\d+(?:st|nd|rd|th)\b"
    rf"|\b\d+(?:[.,]\d+)?(?:\s?[-\u2013]\s?\d+)?[-\u2010\u2011\s]?{_UNITS_OF_TIME}\b"
    r"|\b\d+(?:-(?:for|to|in)-\d+|:\d+)\b(?!\s?%)"  # splits
    r"|\b\d+-[A-Za-z]\w*\b|\b[A-Za-z]+-\d+\b"  # 10-K, COVID-19
    r"|\b\d+\.[A-Z]{1,4}\b"  # 7203.T
    r"|(?m:^\s*(?:#+\s*)?\d{1,2}[.)]\s)"  # numbered lists
    r"|\[\d{1,3}\]"
    r"|(?i:\b(?:attempt|step|part|page|section|table|figure|note|item|top|no\.|nr\.|level|version|phase|chapter|form"
    r"|rule|q|h|fy|fiscal|year|s&p|nasdaq|russell|ftse|dow|dax|cac|nikkei|stoxx|csi|ibex|sbf|tsx|asx|fortune|hang seng"
    r"|euro stoxx|stoxx europe|dow jones|mdax|sdax)[ \u00a0-]?\d{1,4}\b(?![.,]\d|\s?%))",
    re.IGNORECASE,
)
_CURRENCY = r"(?:US\$|[CAH]K?\$|[$\u20ac\u00a3\u00a5\u20b9]|(?-i:\b[A-Z]{3}\b))"
_SCALES = {
    "k": 1e3, "thousand": 1e3, "tausend": 1e3,
    "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "millones": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "billions": 1e9, "mrd": 1e9, "milliarden": 1e9, "milliards": 1e9,
    "t": 1e12, "tn": 1e12, "trn": 1e12, "trillion": 1e12, "trillions": 1e12, "billionen": 1e12,
}  # fmt: skip
_ATTACHED = {"k", "m", "b", "t", "mn", "mm", "bn", "tn", "trn"}
_WORDS = "|".join(sorted(_SCALES.keys() - {"k", "m", "b", "t"}, key=len, reverse=True))
_SPACES = "\u00a0\u202f\u2009"
_FIGURE = re.compile(
    rf"(?P<before>{_CURRENCY}\s?)?"
    r"(?<![\w.,])(?P<sign>(?<![\d\w%)])[-+\u2212\u2013]|[-+\u2212])?"
    rf"(?P<after_sign>{_CURRENCY}\s?)?"
    rf"(?P<digits>\d+(?:[.,'\u2019{_SPACES}]\d+)*)"
    rf"(?P<scale>(?:bn|tn|trn|mn|mm|[kKmMbBtT])(?![\w])|\s?(?:{_WORDS})\b\.?)?"
    r"(?P<percent>\s?(?:%|percent\b|per cent\b|percentage points?\b|pp\b|prozent\b|bps?\b|basis points?\b))?"
    r"(?P<times>\s?[x\u00d7](?!\w))?"
    rf"(?P<currency>\s?(?:{_CURRENCY}|euros?\b|dollars?\b|cents?\b))?"
    r"(?!\w)",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"(?:about|around|roughly|approximately|approx\.|nearly|almost|over|more than|less than|under|below|above|some"
    r"|close to|at least|up to|circa|ca\.|rund|etwa|fast|über|knapp|[~\u2248<>\u2264\u2265])\s*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d{2}")
_LINK = re.compile(r"\[[^\]\n]*\]\((?P<url>https?://[^)\s]+)\)")
_WHOLE_URL = re.compile(r"https?://[^\s\"<>]{1,1000}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\d\s(\[])|\n+")
_COUNTS = 12
"""Bare whole numbers up to this are counts of things in the text ("three of 4 segments"), where not a table's value."""

_PIECE = 2_000
"""Characters looked at together: some of the patterns take the square of that, which no text may stretch."""

_BEFORE = 24
"""Characters before a figure in which a word like "about" may stand."""

_EPSILON = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A figure as it stands in the text, and the values it may mean: (value, half of its last place)."""

    text: str
    readings: tuple[tuple[float, float], ...]
    sign: int = 0
    percent: bool = False
    bare: bool = False

    @property
    def counts(self) -> bool:
        """Whether it only counts things."""
        return self.bare and all(value <= _COUNTS for value, _ in self.readings)


class Facts:
    """All numbers of some tool results, sorted, and the web addresses that may be cited: each was given as such."""

    def __init__(self, results: Iterable[object], citations: Iterable[str] = ()) -> None:
        numbers: set[float] = set()
        self._given = {_bare_url(url): url for url in citations if url}
        for leaf in _leaves(list(results)):
            if isinstance(leaf, str):
                numbers.update(value for figure in figures_in(leaf) for value, _ in figure.readings)
                # An address among other words is a stranger's word for it, and supports nothing.
                if _WHOLE_URL.fullmatch(leaf):
                    self._given[_bare_url(leaf)] = leaf
            elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
                numbers.add(float(leaf))
        self._sizes = sorted(abs(number) for number in numbers)
        self._signed = sorted(numbers)

    def support(self, figure: Figure) -> bool:
        """Whether some number of the results is the figure, rounded as the text rounds it."""
        return any(self._has(value, slack, figure) for value, slack in figure.readings)

    def cites(self, text: str) -> bool:
        """Whether a piece of text links to an address that stands in a result or a citation."""
        return any(_bare_url(match["url"]) in self._given for match in _LINK.finditer(text))

    def linked(self, text: str) -> tuple[str, ...]:
        """The addresses that results or citations gave as such, and that stand in `text`."""
        bare = _bare_url(text)
        return tuple(url for known, url in self._given.items() if known in bare)

    def _has(self, value: float, slack: float, figure: Figure) -> bool:
        factors = [1.0]
        if figure.percent:
            factors.append(0.01)  # the result is a fraction
        elif value <= 1.5 and slack <= 0.005:
            factors.append(100.0)  # the result is in percent
        return any(self._near(value * factor, slack * factor, figure.sign) for factor in factors)

    def _near(self, value: float, slack: float, sign: int) -> bool:
        """A sign that is written must be the number's; without one "fell by 5 %" is -5 as well."""
        slack += _EPSILON + abs(value) * _EPSILON
        if sign:
            value = sign * value
        numbers = self._signed if sign else self._sizes
        index = bisect_left(numbers, value - slack)
        return index < len(numbers) and numbers[index] <= value + slack


def figures_in(text: str) -> Iterator[Figure]:
    """The figures of a text, in order."""
    for piece in _pieces(text):
        # What is no figure is blanked out, so that places stay what they were.
        blanked = _NO_FIGURES.sub(lambda match: " " * len(match[0]), piece)
        for match in _FIGURE.finditer(blanked):
            figure = _figure(match, blanked)
            if figure is not None:
                yield figure


def unsupported(text: str, facts: Facts, *, strict: bool = False) -> tuple[int, list[str]]:
    """How many figures `text` has, and those that no result shows, as they stand there.

    A sentence that links to a known source may state figures of its own. `strict`: small whole numbers count too.
    """
    checked = 0
    missing: list[str] = []
    for sentence in _SENTENCE.split(text):
        cited = facts.cites(sentence)
        for figure in figures_in(sentence):
            if figure.counts and not strict:
                continue
            checked += 1
            if not cited and not facts.support(figure):
                missing.append(figure.text)
    return checked, list(dict.fromkeys(missing))


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of bounded length, cut between words where there are any."""
    start = 0
    while start < len(text):
        end = start + _PIECE
        if end < len(text):
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1 or end
        yield text[start:end]
        start = end


def _figure(match: re.Match[str], text: str) -> Figure | None:
    digits, scale_word = match["digits"], (match["scale"] or "").strip(" .").lower()
    currency = bool(match["before"] or match["after_sign"] or match["currency"])
    unit = bool(match["percent"] or match["times"] or scale_word)
    if _YEAR.fullmatch(digits) and not unit and not _money(match):
        return None
    scale = _SCALES.get(scale_word, 1.0)
    percent_word = (match["percent"] or "").strip().lower()
    if percent_word.startswith(("bp", "basis")):
        scale = 0.01
    hedged = _HEDGE.search(text, max(0, match.start() - _BEFORE), match.start()) is not None
    readings = tuple(
        (value * scale, (0.5 * step if not hedged else max(0.5 * step, _round_step(value, step))) * scale)
        for value, step in _readings(digits)
    )
    sign = match["sign"] or ""
    whole = all(step == 1.0 for _, step in _readings(digits))
    return Figure(
        text=_trimmed(match),
        readings=readings,
        sign=0 if not sign or sign == "\u2013" else 1 if sign == "+" else -1,
        percent=bool(match["percent"]),
        bare=whole and not currency and not unit,
    )


def _money(match: re.Match[str]) -> bool:
    return any(sign in (match["before"] or match["after_sign"] or "") for sign in "$\u20ac\u00a3\u00a5\u20b9")


def _trimmed(match: re.Match[str]) -> str:
    """The figure as it stands, without a three-letter word that is no currency's code."""
    start = match.start("before") if match["before"] and not match["before"].strip().isalpha() else -1
    if start < 0:
        start = match.start("sign") if match["sign"] else match.start("digits")
    ends = [match.end(name) for name in ("digits", "scale", "percent", "times") if match[name]]
    return match.string[start : max(ends)].strip(" .")


def _readings(digits: str) -> Sequence[tuple[float, float]]:
    """The values that the digits may mean, each with the size of its last place."""
    plain = re.sub(f"['\u2019{_SPACES}]", "", digits)
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        return ((float(plain), 1.0),)
    last = marks[-1]
    groups = re.split(r"[.,]", plain)
    grouped = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    if len(set(marks)) == 2 or (len(marks) > 1 and not grouped):
        # Both marks: the last one is the decimal point. "1.2.3" is no number at all, and reads as one that nothing is.
        whole, _, fraction = plain.rpartition(last)
        return ((float(re.sub(r"[.,]", "", whole) + "." + fraction), 10.0 ** -len(fraction)),)
    if len(marks) > 1:
        return ((float("".join(groups)), 1.0),)
    decimal = (float(f"{groups[0]}.{groups[1]}"), 10.0 ** -len(groups[1]))
    whole_number = (float("".join(groups)), 1.0)
    if not grouped or groups[0] == "0":
        return (decimal,)
    # "1,234" is 1234 to most and 1.234 to some; "1.234" is the other way round.
    return (whole_number, decimal) if last == "," else (decimal, whole_number)


def _round_step(value: float, step: float) -> float:
    """For "about 1,500": the size of the last place that is not zero."""
    size = step
    while step >= 1.0 and value >= size * 10 and value % (size * 10) == 0:
        size *= 10
    return size


def _bare_url(url: str) -> str:
    return url.replace("%28", "(").replace("%29", ")").rstrip("/.,;")


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for item in cast("dict[object, object]", value).values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _leaves(item)
    else:
        yield value
