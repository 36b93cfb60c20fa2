"""The analyst: answers what people ask in a thread, from tool results of this conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from bot.sandbox.brain.explaining import explain
from bot.sandbox.brain.language import intents, mentioned, names, symbols
from bot.sandbox.brain.lines import Json, items
from bot.sandbox.brain.reading import ToolResult, company_in, question, results, since_question, symbol_in
from bot.sandbox.brain.telling import told_all
from bot.sandbox.brain.thought import Call, Output, Say, Situation
from bot.sandbox.brain.toolbox import MOST_CALLS, WITHOUT_SYMBOL, calls_for
from bot.sandbox.brain.wording import NO_ADVICE, NO_MODEL, listed, missing, notes
from bot.sandbox.brain.words import CAUSE, GREETING, HELP, WHY

_CAN = """I answer questions about listed companies and funds from market data. I can look up:

- prices, and how they developed over a period ("AAPL over five years")
- comparisons ("compare AAPL and MSFT"), charts, dividends and splits
- company profiles, statements, valuation, earnings, analysts' views
- news, options, holders, and whether a market is open

I do not give investment advice, and I only read: no trading, no reminders."""
_ABOUT = "I answer questions about listed companies and funds."
_WHICH = f"{_ABOUT} Which company do you mean? Name it, or give its ticker, such as AAPL."
_SIMILAR = 0.8
"""How alike two words are that may be one and the same with a slip, 1.0 being the same word."""


def think(situation: Situation) -> Sequence[Output]:
    """Ask for the tools that the question needs; with their results, answer."""
    asked = question(situation)
    since = since_question(situation)
    found = results(since)
    if not found:
        known = _without_tools(situation, asked)
        if known:
            return (_answer(known),)
        looked_up: list[str] = symbols(asked)
        unknown = names(asked, known=looked_up)
        if not unknown and not looked_up and not symbol_in(situation):
            unknown = mentioned(asked)
        if unknown and "search_symbols" in situation.functions and not _about_last(situation, unknown):
            return [Call(name="search_symbols", arguments={"query": name}) for name in unknown[:3]]
    searched = [result for result in found if result.tool == "search_symbols"]
    if len(searched) == len(found):
        calls = _calls(situation, asked, searched)
        offered = [call for call in calls if call.name in situation.functions]
        if offered:
            return offered
        if calls:
            return (_answer([f"That would need {_tools(calls)}, which I was not given."]),)
        if not searched:
            return (_answer([_WHICH]),)
    return (_answer(_written(asked, found)),)


def _without_tools(situation: Situation, asked: str) -> list[str]:
    """An answer that needs no tool, if there is one."""
    if not asked or GREETING.match(asked):
        return ["Ask about a company, a price or a comparison whenever you like."]
    if HELP.search(asked) and not symbols(asked):
        return [_CAN]
    if WHY.search(asked) and not CAUSE.search(asked):
        return explain(situation)
    return []


def _calls(situation: Situation, asked: str, searched: Sequence[ToolResult]) -> list[Call]:
    wanted = intents(asked)
    if CAUSE.search(asked):
        wanted = ["cause", *(name for name in wanted if name not in ("history", "price", "news"))]
    if "chart" in wanted:
        wanted = [name for name in wanted if name != "history"]
    about = symbols(asked) + [symbol for result in searched if (symbol := _best(result))]
    remembered = symbol_in(situation)
    if (not about and not searched) or ("compare" in wanted and len(about) == 1):
        about = [*([remembered] if remembered and remembered not in about else []), *about]
    about = list(dict.fromkeys(about))
    if not about:
        return calls_for(wanted, [], asked) if set(wanted) & WITHOUT_SYMBOL - {"symbol"} else []
    if wanted == ["symbol"]:
        return [] if searched else [Call(name="search_symbols", arguments={"query": about[0]})]
    return calls_for([name for name in wanted if name != "symbol"], about, asked)[:MOST_CALLS]


def _best(result: ToolResult) -> str:
    """The first match of a search that bears the name; what only resembles it is a guess of the tool's."""
    wanted = str(result.arguments.get("query") or "").lower()
    found = (item for item in items(result.value.get("matches")) if _bears(item, wanted))
    return next((str(item.get("symbol") or "") for item in found), "")


def _bears(match: Json, wanted: str) -> bool:
    """Whether a match has the symbol, or a word of the name, up to a slip."""
    if wanted in str(match.get("symbol") or "").lower().split("."):
        return True
    words = [word for word in re.findall(r"\w+", wanted) if len(word) > 1]
    names_of = re.findall(r"\w+", str(match.get("name") or "").lower())
    return any(
        name.startswith(word) or SequenceMatcher(None, word, name).ratio() >= _SIMILAR
        for word in words
        for name in names_of
    )


def _unheard(searched: Sequence[ToolResult]) -> str:
    looked_up = listed([f'"{result.arguments.get("query")}"' for result in searched])
    return f"I found no listed company by the name of {looked_up}. {_ABOUT} Name one, or give its ticker, such as AAPL."


def _about_last(situation: Situation, unknown: Sequence[str]) -> bool:
    """Whether the names are those of the company that the conversation is about."""
    last = symbol_in(situation)
    company = company_in(situation).lower()
    if last and company and all(word.lower() in company for word in unknown):
        return True
    for result in results(situation.entries):
        names_of = {str(item.get("name", "")).lower() for item in items(result.value.get("matches"))}
        names_of.add(str(result.value.get("name") or "").lower())
        if result.value.get("symbol") == last and all(
            any(word.lower() in name for name in names_of) for word in unknown
        ):
            return bool(last)
    return False


def _written(asked: str, found: Sequence[ToolResult]) -> list[str]:
    told_results = [result for result in found if result.tool != "search_symbols"]
    if not told_results:
        if intents(asked) != ["symbol"] and not any(result.error or _best(result) for result in found):
            return [_unheard(found)]
        told_results = list(found)
    lines = list(notes(told_results))
    if "advice" in intents(asked):
        lines.append(NO_ADVICE)
    if CAUSE.search(asked):
        lines.append("The figures show what happened, not why; headlines are named as they were published.")
    if lines:
        lines.append("")
    lines += told_all(told_results)
    gaps = missing(found)
    if gaps:
        lines += ["", f"**Missing:** {' '.join(gaps)}"]
    return lines or ["The tools had no figures for this."]


def _tools(calls: Sequence[Call]) -> str:
    return listed([f"`{name}`" for name in dict.fromkeys(call.name for call in calls)])


def _answer(lines: Sequence[str]) -> Say:
    return Say(text="\n".join(lines).strip() + f"\n\n{NO_MODEL}")
