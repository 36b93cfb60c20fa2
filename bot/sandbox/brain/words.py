"""The words and phrases that the rules know: what each intent, each period and each kind of remark sounds like."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{phrase}" for phrase in phrases), re.IGNORECASE | re.DOTALL)


NOT_TICKERS = _words(
    """A AI AM AN AND API ARE AS AT BE BUY CAGR CEO CFO COO CTO DCF DID DO EBIT EBITDA EPS ESG ETF ETFS EU EUR EV FAQ
    FED FOR FX GBP GDP GO HI HOLD HOW I IN IPO IS IT JPY LLM ME MY NAV NEWS NO NOT NYSE NASDAQ OF OK ON OR PE PEG
    PLEASE PM Q1 Q2 Q3 Q4 R ROE ROI SEC SELL SO SMA THE THIS TO TTM UK UP US USA USD VS WAS WE WHAT WHY YES YTD"""
)
"""Words in capitals that are no tickers, or hardly ever meant as such."""

COMPANIES = _words(
    """adobe alibaba alphabet amazon amd apple boeing cisco disney facebook ford google ibm intel meta microsoft
    netflix nike nvidia oracle paypal pfizer qualcomm salesforce samsung sap siemens tesla toyota visa walmart"""
)
"""Companies that people write in small letters. Only to notice a name: the symbol always comes from the search tool."""

NOT_NAMES = _words(
    """about after again also and any are can chart compare could describe did does draw explain find for from give has
    hello help here hey how is it its let list look market may me more news now over people please plot price should
    show since summarise summarize symbol tell thank thanks that the their them then there this today us was what when
    where which who why will with would yes you your january february march april june july august september october
    november december monday tuesday wednesday thursday friday saturday sunday research clew earnings dividends"""
)
"""Words that may begin a sentence, or follow `about`, and are no company's name."""

COMMON = _words(
    """about also and are because been did does explain for from have how into its mean more not said say says tell
    than that the their them then there these they this those was were what when where which why with would you your"""
)
"""Words that say nothing about what a question is about."""

PERIODS: Mapping[str, re.Pattern[str]] = {
    "max": _any(r"all[- ]time\b", r"ever\b", r"since the beginning\b", r"max(imum)? period\b"),
    "10y": _any(r"(10|ten)[- ]?(years?|y)\b", r"decade\b"),
    "5y": _any(r"(5|five)[- ]?(years?|y)\b"),
    "2y": _any(r"(2|two|couple of)[- ]?(years?|y)\b"),
    "6mo": _any(r"(6|six)[- ]?(months?|mo)\b", r"half[- ]year\b"),
    "3mo": _any(r"(3|three)[- ]?(months?|mo)\b", r"quarter\b"),
    "ytd": _any(r"ytd\b", r"year[- ]to[- ]date\b", r"this year\b"),
    "1y": _any(r"(1|one|last|past)[- ]?(year|y)\b", r"(12|twelve) months\b", r"year\b"),
    "1mo": _any(r"month\b", r"(30|thirty) days\b"),
    "5d": _any(r"weeks?\b", r"(5|five|7|seven|few) days\b"),
}
"""Windows of the market-data tools; the first that a question names is meant."""

INTENTS: Mapping[str, re.Pattern[str]] = {
    "advice": _any(
        r"should (i|we|one)\b",
        r"(buy|sell|short|hold) (it|this|them|the (share|stock))",
        r"worth buying\b",
        r"good (investment|buy)\b",
        r"invest in\b",
        r"buy or sell\b",
    ),
    "compare": _any("compar", r"versus\b", r"vs\b", r"against\b", r"better than\b", r"side by side\b", r"peers?\b"),
    "dividends": _any("dividend", "payout", r"splits?\b", "yield"),
    "earnings": _any(
        r"earnings\b", r"eps\b", r"next report\b", r"report next\b", r"beat\b", r"estimates?\b", "surprise"
    ),
    "financials": _any(
        "revenue",
        r"income\b",
        r"margins?\b",
        "profit",
        "balance sheet",
        r"debt\b",
        "cash ?flow",
        r"statements?\b",
        r"financials?\b",
        r"sales\b",
    ),
    "valuation": _any(
        "valuation",
        r"p/?e\b",
        r"multiples?\b",
        r"market (cap|value)",
        r"expensive\b",
        r"cheap\b",
        r"ratios?\b",
        r"beta\b",
    ),
    "news": _any(r"news\b", r"headlines?\b", r"happen(ed|ing|s)\b", "announce"),
    "options": _any(r"options?\b", r"implied\b", r"put[- /]call\b", r"calls and puts\b"),
    "holders": _any(r"holders?\b", r"own(s|ed|ers?|ership)\b", r"insiders?\b", "institution", r"shareholders?\b"),
    "analysts": _any(r"analysts?\b", r"price targets?\b", r"ratings?\b", "upgrade", "downgrade", r"brokers?\b"),
    "market": _any(
        r"markets? (is |are |of \S+ )?(open|closed?|hours)",
        r"(open|closed) (now|today|right now)\b",
        r"trading hours\b",
        "holiday",
        r"is the (market|exchange)\b",
        "exchange (open|hours)",
    ),
    "chart": _any(r"charts?\b", r"plot\b", r"graph\b", r"draw\b", r"picture\b"),
    "profile": _any(
        r"what does .+ do\b",
        r"profile\b",
        r"sector\b",
        r"industry\b",
        r"employees\b",
        "headquarter",
        r"business\b",
        r"who is\b",
        r"about the company\b",
        r"what is .+ (company|business)\b",
    ),
    "symbol": _any(r"ticker\b", r"symbol (of|for)\b", r"find (a |the )?(symbol|company)"),
    "history": _any(
        "perform",
        r"history\b",
        r"returns?\b",
        "trend",
        "volatil",
        "drawdown",
        r"fall(en)?\b",
        r"fell\b",
        "drop",
        "rise",
        r"rose\b",
        r"risen\b",
        "52[- ]week",
        "risk",
        r"moving averages?\b",
    ),
    "price": _any(
        r"price\b",
        r"quote\b",
        r"costs?\b",
        r"trad(es?|ing) at\b",
        r"how much (is|are|for|does \S+ cost)\b",
        r"last close\b",
        r"worth\b",
    ),
}
"""What people want to know, in the order in which it is answered."""

LATELY = _any(
    r"how did\b",
    r"doing\b",
    r"done\b",
    r"since\b",
    r"over (the|a|one|two|five|ten|\d+)\b",
    r"(last|past|this) (week|month|quarter|year|\w+ (days|weeks|months|years))\b",
)
"""A time that is meant for whatever was asked about; where nothing else was, for the price."""

ABOUT_ELSE = _words("financials dividends earnings valuation options holders analysts profile chart")
"""Intents that a time belongs to, if one is named."""

HELP = _any(
    r"what can (you|i)\b",
    r"help\b",
    r"who are you\b",
    r"what are you\b",
    r"what do you do\b",
    r"how do (i|you) work\b",
)
WHY = _any(
    r"why\b",
    "explain",
    "what does .+ mean",
    "how (do|did) you (know|get)",
    r"sources?\b",
    r"where (does|did|do)\b",
    r"what do you mean\b",
    r"elaborate\b",
    r"tell me more\b",
    "more detail",
)
CAUSE = _any(r"why\b.*\b(fall|fell|drop|down|rise|rose|up|jump|crash|move|lose|lost|gain|declin)")
GREETING = re.compile(
    r"^\W*(hi|hello|hey|thanks?|thank you|good (morning|evening)|cheers|great|ok(ay)?)\b[\W\w]{0,20}$", re.IGNORECASE
)
