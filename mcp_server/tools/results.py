"""Results that a tool computes from a provider's values, beyond the values themselves."""

from pydantic import Field

from mcp_server.market_data import Bar, Interval, Number, Percent, Period, Stamped, Value


class PriceStatistics(Value):
    """Figures over the window, unless the name says otherwise. Computed from daily bars."""

    start_date: str = Field(description="Session that returns are measured from: the last before the window, if known.")
    start_price: Number = Field(description="Close on start_date.")
    end_price: Number = Field(description="Last close.")
    price_return_percent: Percent = Field(description="Change of the split-adjusted close; dividends not counted.")
    total_return_percent: Percent = Field(description="Change of the adjusted close; dividends reinvested.")
    annualised_volatility_percent: Percent = Field(
        description="Standard deviation of daily log returns in the window, times the square root of 252."
    )
    max_drawdown_percent: Percent = Field(description="Deepest fall from a peak close to a later close; 0 or negative.")
    max_drawdown_peak_date: str | None
    max_drawdown_trough_date: str | None
    high: Number = Field(description="Highest traded price in the window.")
    high_date: str | None
    low: Number = Field(description="Lowest traded price in the window.")
    low_date: str | None
    average_daily_volume: Number
    week_52_high: Number = Field(description="Highest traded price of the 52 weeks up to as_of.")
    week_52_low: Number = Field(description="Lowest traded price of the 52 weeks up to as_of.")
    sma_50: Number = Field(description="Mean close of the 50 sessions up to as_of.")
    sma_200: Number = Field(description="Mean close of the 200 sessions up to as_of.")


class PriceHistoryResult(Stamped):
    """How a price developed over a window."""

    symbol: str
    name: str | None
    period: Period
    interval: Interval
    first_date: str
    last_date: str
    sessions: int = Field(description="Trading days in the window.")
    statistics: PriceStatistics
    rows: list[Bar] = Field(description="The newest bars, ascending. Statistics cover the whole window.")


class ComparisonRow(Value):
    """One symbol of a comparison."""

    symbol: str
    name: str | None = None
    as_of: str | None = None
    currency: str | None = None
    price: Number = None
    price_return_percent: Percent = None
    total_return_percent: Percent = None
    annualised_volatility_percent: Percent = None
    max_drawdown_percent: Percent = None
    market_cap: Number = None
    trailing_pe: Number = None
    forward_pe: Number = None
    price_to_sales: Number = None
    ev_to_ebitda: Number = None
    profit_margin_percent: Percent = None
    revenue_growth_percent: Percent = None
    dividend_yield_percent: Percent = None
    missing: list[str] = Field(default_factory=list[str], description="What is not known of this symbol, and why.")


class Comparison(Stamped):
    """`currency` is null when the symbols trade in different ones: then each row has its own."""

    period: Period
    first_date: str | None = Field(description="Start of the common window that the returns are measured over.")
    last_date: str | None
    rows: list[ComparisonRow] = Field(description="In the order asked for.")


class MarketStatus(Stamped):
    """Whether an exchange is open, and its next sessions."""

    exchange: str
    mic: str = Field(description="ISO 10383 code of the exchange.")
    timezone: str
    is_open: bool
    reason: str = Field(description="open, weekend, holiday, before open or after close.")
    session_date: str | None = Field(description="Today's session in the exchange's time zone, if there is one.")
    opens_at: str | None = None
    closes_at: str | None = None
    is_early_close: bool = False
    next_open: str
    next_close: str
    last_session: str = Field(description="Date of the last session that has ended.")


class Chart(Stamped):
    """What the picture that comes with this result shows."""

    symbol: str
    title: str
    alt_text: str = Field(description="The picture in words, for people who cannot see it.")
    period: Period
    first_date: str
    last_date: str
    width: int
    height: int
    mime_type: str
