"""Symbols to suggest while somebody types one. A convenience: any other symbol may be typed as well."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 25
"""As many as Discord shows."""

_KNOWN = """\
AAPL Apple|MSFT Microsoft|NVDA NVIDIA|GOOGL Alphabet|AMZN Amazon|META Meta Platforms|AVGO Broadcom|TSLA Tesla|BRK-B Berkshire Hathaway
JPM JPMorgan Chase|LLY Eli Lilly|V Visa|MA Mastercard|UNH UnitedHealth|XOM Exxon Mobil|COST Costco|WMT Walmart|PG Procter & Gamble
JNJ Johnson & Johnson|HD Home Depot|ORCL Oracle|NFLX Netflix|ABBV AbbVie|BAC Bank of America|KO Coca-Cola|CRM Salesforce|CVX Chevron
MRK Merck|AMD Advanced Micro Devices|PEP PepsiCo|ADBE Adobe|TMO Thermo Fisher Scientific|LIN Linde|MCD McDonald's|CSCO Cisco|ACN Accenture
ABT Abbott|WFC Wells Fargo|GE GE Aerospace|IBM IBM|QCOM Qualcomm|TXN Texas Instruments|INTU Intuit|DIS Walt Disney|CAT Caterpillar
VZ Verizon|AMGN Amgen|PFE Pfizer|PM Philip Morris|NOW ServiceNow|GS Goldman Sachs|MS Morgan Stanley|ISRG Intuitive Surgical|UBER Uber
RTX RTX|SPGI S&P Global|T AT&T|NEE NextEra Energy|LOW Lowe's|HON Honeywell|BKNG Booking|UNP Union Pacific|AXP American Express
BLK BlackRock|ELV Elevance Health|SYK Stryker|TJX TJX|BA Boeing|C Citigroup|DE Deere|LMT Lockheed Martin|SCHW Charles Schwab|MU Micron
ADI Analog Devices|AMAT Applied Materials|LRCX Lam Research|KLAC KLA|PANW Palo Alto Networks|CRWD CrowdStrike|SNOW Snowflake|PLTR Palantir
INTC Intel|ARM Arm|ASML ASML|TSM Taiwan Semiconductor|SAP SAP|NVO Novo Nordisk|AZN AstraZeneca|SHEL Shell|TM Toyota|SONY Sony|BABA Alibaba
SHOP Shopify|SPOT Spotify|MELI MercadoLibre|NKE Nike|SBUX Starbucks|F Ford|GM General Motors|PYPL PayPal|COIN Coinbase|ABNB Airbnb
SAP.DE SAP (Xetra)|SIE.DE Siemens|ALV.DE Allianz|DTE.DE Deutsche Telekom|MC.PA LVMH|OR.PA L'Oréal|TTE.PA TotalEnergies|ASML.AS ASML (Amsterdam)
NESN.SW Nestlé|ROG.SW Roche|NOVN.SW Novartis|AZN.L AstraZeneca (London)|SHEL.L Shell (London)|HSBA.L HSBC|ULVR.L Unilever|7203.T Toyota (Tokyo)
6758.T Sony (Tokyo)|9988.HK Alibaba (Hong Kong)|0700.HK Tencent|RY.TO Royal Bank of Canada|SPY S&P 500 ETF|QQQ Nasdaq 100 ETF|^GSPC S&P 500
^IXIC Nasdaq Composite|^DJI Dow Jones|^STOXX50E Euro Stoxx 50|^GDAXI DAX|^FTSE FTSE 100|^N225 Nikkei 225"""  # noqa: E501 - a table

_TABLE = [(symbol, name) for symbol, _, name in (one.partition(" ") for one in _KNOWN.replace("\n", "|").split("|"))]


def suggest(typed: str, recent: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Symbols and labels for what was typed so far: what it is, then `recent` ones, then well-known companies."""
    word = typed.strip().lstrip("$").upper()
    names = dict(_TABLE)
    found: dict[str, str] = {}
    if word and word not in names:
        found[word] = word
    lately = [symbol for symbol in recent if symbol.startswith(word)]
    first = [symbol for symbol in names if symbol.startswith(word)]
    called = [symbol for symbol, name in _TABLE if word and any(part.startswith(word) for part in name.upper().split())]
    for symbol in (*lately, *first, *called):
        found.setdefault(symbol, f"{symbol} · {names[symbol]}" if symbol in names else symbol)
    return list(found.items())[:MOST]
