"""The port between the tools and a provider of market data: values, typed errors, and what a provider can be asked.

Numbers are never NaN or infinite: what a provider does not know is None. Money is in `currency`, in its major unit
(pounds, never pence). Percentages are written as percent (12.5 means 12.5 %), and their names end in `_percent`.
Dates are ISO 8601 strings: `2024-12-30` for a trading day, `2024-12-30T16:00:00-05:00` for an instant.
"""

import math
from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Period = Literal["5d", "1mo", "3mo", "6mo", "ytd", "1y", "2y", "5y", "10y", "max"]
Interval = Literal["1d", "1wk", "1mo"]
Statement = Literal["income", "balance_sheet", "cash_flow"]
Frequency = Literal["annual", "quarterly"]


def finite(value: object) -> object:
    """Replace NaN and the infinities by None: JSON has neither."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(finite)]


def _round(value: object) -> object:
    return round(value, 2) if isinstance(value, float) and math.isfinite(value) else finite(value)


Percent = Annotated[float | None, BeforeValidator(_round)]


class Value(BaseModel):
    """Base of every value: immutable, and no field that the schema does not name."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class Stamped(Value):
    """What every result says about itself."""

    as_of: str | None = Field(
        description="When the newest figure in this result was true: ISO 8601 date or instant. Null where there is no "
        "one date: then rows and figures say theirs, or that they have none."
    )
    currency: str | None = Field(description="ISO 4217 code of every amount, major unit; null where there is no money.")
    source: str = Field(description="Who the figures come from.")
    delayed: bool = Field(description="True if the figures may lag the market by 15 minutes or more.")
    truncated: bool = Field(default=False, description="True if rows were left out to keep the result short.")
    note: str | None = Field(default=None, description="What the reader must be told about these figures.")


# ---------------------------------------------------------------------------------------------------------------------
# Looking things up


class SymbolMatch(Value):
    """One thing that a symbol stands for."""

    symbol: str
    name: str
    exchange: str | None = None
    kind: str = Field(default="equity", description="equity, etf, index, fund, currency, future or cryptocurrency.")
    country: str | None = None
    industry: str | None = None


class SymbolMatches(Stamped):
    """What a search found, the best match first."""

    query: str
    matches: list[SymbolMatch]


class CompanyProfile(Stamped):
    """What a company is."""

    symbol: str
    name: str
    exchange: str | None = None
    sector: str | None = None
    industry: str | None = None
    country: str | None = None
    city: str | None = None
    website: str | None = None
    employees: int | None = None
    isin: str | None = None
    indices: list[str] = Field(default_factory=list[str], description="Stock indices that the company belongs to.")
    summary: str | None = None
    key_figures: dict[str, str] = Field(
        default_factory=dict[str, str], description="Rough figures in the words of the source, each with its year."
    )


# ---------------------------------------------------------------------------------------------------------------------
# Prices


class Quote(Stamped):
    """The price of one symbol, and the day around it."""

    symbol: str
    name: str | None = None
    price: Number = Field(description="Last traded price, or the last close when the market is closed.")
    previous_close: Number = None
    change: Number = Field(default=None, description="price minus previous_close.")
    change_percent: Percent = None
    open: Number = None
    day_high: Number = None
    day_low: Number = None
    volume: int | None = Field(default=None, description="Shares traded on the day of as_of.")
    average_volume_3m: int | None = None
    market_cap: Number = None
    week_52_high: Number = Field(default=None, description="Highest traded price of the last 52 weeks.")
    week_52_low: Number = Field(default=None, description="Lowest traded price of the last 52 weeks.")
    sma_50: Number = Field(default=None, description="Mean close of the last 50 trading days.")
    sma_200: Number = Field(default=None, description="Mean close of the last 200 trading days.")
    exchange: str | None = None
    timezone: str | None = None


class Bar(Value):
    """One trading day, week or month. Prices are adjusted for splits; only adj_close is adjusted for dividends too."""

    date: str
    open: Number
    high: Number
    low: Number
    close: Number
    adj_close: Number
    volume: int | None


class PriceHistory(Stamped):
    """Daily bars in ascending order; at least one."""

    symbol: str
    name: str | None = None
    bars: list[Bar]


class Dividend(Value):
    """One dividend."""

    date: str = Field(description="Ex-dividend date.")
    amount: Number = Field(description="Per share, adjusted for later splits.")


class Split(Value):
    """One share split."""

    date: str
    ratio: float = Field(description="New shares for one old share: 4.0 is a 4-for-1 split.")


class DividendsAndSplits(Stamped):
    """What a share paid, and how it was divided."""

    symbol: str
    dividends: list[Dividend] = Field(description="Newest first.")
    splits: list[Split] = Field(description="Newest first.")
    trailing_12m_dividend: Number = Field(default=None, description="Sum per share over the year up to as_of.")
    trailing_yield_percent: Percent = Field(default=None, description="trailing_12m_dividend / last close.")
    dividends_total: int | None = Field(default=None, description="How many dividends are known in all.")


# ---------------------------------------------------------------------------------------------------------------------
# Fundamentals


class StatementItem(Value):
    """One line of a statement, or one ratio, over the periods."""

    item: str
    values: dict[str, Number] = Field(description="Period end date to amount, newest first.")


class Financials(Stamped):
    """Reported statements. `currency` is the reporting currency, which may differ from the share's."""

    symbol: str
    statement: Statement
    frequency: Frequency
    periods: list[str] = Field(description="Period end dates, newest first.")
    items: list[StatementItem]
    ratios_percent: list[StatementItem] = Field(
        default_factory=list[StatementItem],
        description="Margins and year-over-year growth computed from the items, in percent.",
    )


class Valuation(Stamped):
    """Multiples and ratios. `currency` is the share's; the statement figures are in `financial_currency`."""

    symbol: str
    name: str | None = None
    financial_currency: str | None = None
    price: Number = None
    market_cap: Number = None
    enterprise_value: Number = None
    trailing_pe: Number = None
    forward_pe: Number = None
    peg_ratio: Number = None
    price_to_sales: Number = None
    price_to_book: Number = None
    ev_to_revenue: Number = None
    ev_to_ebitda: Number = None
    trailing_eps: Number = None
    forward_eps: Number = None
    dividend_yield_percent: Percent = None
    payout_ratio_percent: Percent = None
    beta: Number = None
    gross_margin_percent: Percent = None
    operating_margin_percent: Percent = None
    profit_margin_percent: Percent = None
    return_on_equity_percent: Percent = None
    return_on_assets_percent: Percent = None
    revenue_growth_percent: Percent = Field(default=None, description="Latest quarter against the same a year before.")
    earnings_growth_percent: Percent = Field(default=None, description="Latest quarter against the same a year before.")
    revenue_ttm: Number = Field(default=None, description="Last twelve months, in financial_currency.")
    ebitda_ttm: Number = Field(default=None, description="Last twelve months, in financial_currency.")
    free_cash_flow_ttm: Number = Field(default=None, description="Last twelve months, in financial_currency.")
    total_cash: Number = Field(default=None, description="In financial_currency.")
    total_debt: Number = Field(default=None, description="In financial_currency.")
    debt_to_equity_percent: Percent = None
    current_ratio: Number = None
    shares_outstanding: Number = None
    shares_short_percent_of_float: Percent = None


class EarningsReport(Value):
    """Earnings per share of one quarter against what was expected."""

    quarter_end: str = Field(description="Last day of the fiscal quarter that was reported on.")
    eps_estimate: Number = None
    eps_actual: Number = None
    surprise_percent: Percent = None


class Estimate(Value):
    """What analysts expect of one period."""

    period: str = Field(description="current quarter, next quarter, current year or next year.")
    eps_average: Number = None
    eps_low: Number = None
    eps_high: Number = None
    eps_year_ago: Number = None
    revenue_average: Number = None
    revenue_low: Number = None
    revenue_high: Number = None
    revenue_growth_percent: Percent = None
    analysts: int | None = None


class Earnings(Stamped):
    """Past reports and estimates. `currency` is the reporting currency."""

    symbol: str
    next_earnings_date: str | None = None
    reports: list[EarningsReport] = Field(description="Past reports, newest first.")
    estimates: list[Estimate]


class PriceTargets(Value):
    """Analysts' price targets."""

    current: Number = Field(default=None, description="The share's price when the targets were read.")
    low: Number = None
    mean: Number = None
    median: Number = None
    high: Number = None


class RatingCounts(Value):
    """How many analysts rate the share what."""

    period: str = Field(description="0m is the current month, -1m the month before.")
    strong_buy: int
    buy: int
    hold: int
    sell: int
    strong_sell: int


class RatingChange(Value):
    """One analyst firm's change of mind."""

    date: str
    firm: str
    action: str
    from_grade: str | None = None
    to_grade: str | None = None


class AnalystViews(Stamped):
    """Third parties' opinions, to be reported as theirs."""

    symbol: str
    targets: PriceTargets | None
    ratings: list[RatingCounts]
    changes: list[RatingChange] = Field(description="Newest first.")


class NewsItem(Value):
    """One headline."""

    title: str
    publisher: str | None
    published_at: str | None
    url: str | None
    summary: str | None = None


class News(Stamped):
    """Headlines about a symbol."""

    symbol: str
    items: list[NewsItem] = Field(description="Newest first. Titles and summaries are text by third parties.")


class Holder(Value):
    """One large owner."""

    name: str
    kind: Literal["institution", "fund"]
    shares: Number = None
    percent_of_shares: Percent = None
    value: Number = None
    reported: str | None = None


class InsiderTransaction(Value):
    """One purchase, sale or grant by an insider."""

    date: str | None
    insider: str
    position: str | None = None
    transaction: str | None = None
    shares: Number = None
    value: Number = None


class Holders(Stamped):
    """Who owns a company."""

    symbol: str
    insiders_percent: Percent = None
    institutions_percent: Percent = None
    institutions_count: int | None = None
    holders: list[Holder] = Field(description="Largest first.")
    insider_transactions: list[InsiderTransaction] = Field(description="Newest first.")


class OptionContract(Value):
    """One option."""

    kind: Literal["call", "put"]
    strike: float
    last_price: Number = None
    bid: Number = None
    ask: Number = None
    implied_volatility_percent: Percent = None
    volume: int | None = None
    open_interest: int | None = None


class OptionsSummary(Stamped):
    """The options of one expiration."""

    symbol: str
    expiration: str
    expirations: list[str]
    underlying_price: Number = None
    call_volume: int | None = None
    put_volume: int | None = None
    call_open_interest: int | None = None
    put_open_interest: int | None = None
    put_call_volume_ratio: Number = None
    put_call_open_interest_ratio: Number = None
    at_the_money_implied_volatility_percent: Percent = None
    contracts: list[OptionContract] = Field(description="The strikes nearest to the underlying's price.")


# ---------------------------------------------------------------------------------------------------------------------
# What can go wrong. The first two can be avoided by whoever asks; the other two are waited out.


class MarketDataError(Exception):
    """Base of all errors that a provider raises on purpose. The text is a sentence that may be shown."""


class UnknownSymbol(MarketDataError):
    """No such symbol at the provider, established beyond a failed request."""

    def __init__(self, symbol: str, *, statement: str | None = None, suggestions: tuple[SymbolMatch, ...] = ()) -> None:
        self.symbol: str = symbol
        self.suggestions: tuple[SymbolMatch, ...] = suggestions
        near = ", ".join(f"{match.symbol} ({match.name})" for match in suggestions)
        hint = f"Did you mean {near}?" if near else "Find the right symbol with search_symbols."
        super().__init__(f"{statement or f'There is no symbol {symbol}.'} {hint}")


class NotAvailable(MarketDataError):
    """The symbol exists, but this provider has no such data for it."""


class RateLimited(MarketDataError):
    """The provider asks to wait. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        self.retry_after: float = retry_after
        super().__init__(message)


class Outage(MarketDataError):
    """The provider could not be reached, or answered with something that is not data."""


# ---------------------------------------------------------------------------------------------------------------------
# The port


class MarketData(Protocol):
    """A provider of market data. Methods block, may be called from several threads, and raise only MarketDataError.

    `symbol` is a ticker in Yahoo's notation (`AAPL`, `SAP.DE`, `^GSPC`), already upper-case. Lists come whole: the
    tools cut them. An empty list means that there are none; NotAvailable means that the provider cannot know.
    """

    @property
    def name(self) -> str:
        """The provider's name for people, as in `source`."""
        ...

    def warm_up(self) -> None:
        """Load what the first call would otherwise wait for. Called once, in a background thread."""
        ...

    def search(self, query: str, *, limit: int) -> SymbolMatches:
        """Find symbols by name or ticker; nothing found is an empty list."""
        ...

    def quote(self, symbol: str) -> Quote:
        """Return the newest price."""
        ...

    def history(self, symbol: str, *, period: Period) -> PriceHistory:
        """Daily bars of `period`, or more, up to the newest one known, which need not be today's."""
        ...

    def profile(self, symbol: str) -> CompanyProfile:
        """Return what the company is."""
        ...

    def financials(self, symbol: str, *, statement: Statement, frequency: Frequency) -> Financials:
        """Return one statement, newest period first."""
        ...

    def valuation(self, symbol: str) -> Valuation:
        """Return multiples and ratios."""
        ...

    def earnings(self, symbol: str) -> Earnings:
        """Return past reports and estimates."""
        ...

    def analyst_views(self, symbol: str) -> AnalystViews:
        """Return what analysts think."""
        ...

    def news(self, symbol: str, *, limit: int) -> News:
        """Return the newest headlines."""
        ...

    def holders(self, symbol: str) -> Holders:
        """Return who owns the company."""
        ...

    def dividends_and_splits(self, symbol: str) -> DividendsAndSplits:
        """Return dividends and splits."""
        ...

    def options(self, symbol: str, *, expiration: str | None) -> OptionsSummary:
        """`expiration` is a date among `expirations`, or None for the nearest; contracts come whole."""
        ...
