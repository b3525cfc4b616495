"""Agents: which family of programs a user agent names. What is kept of it is this word alone.

The list is short and our own: what tells mail programs, image proxies and link checkers apart is known to none of the
libraries, which are about browsers and their versions.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

OTHER = "other"
NONE = "none given"
APPLE_PROXY = "Apple privacy proxy"
GMAIL_AHEAD = "Gmail, ahead of time"


class Sort(Enum):
    """What a family is good for."""

    READER = "a program that people read mail or pages with"
    PROXY = "what a mail service fetches images through when somebody looks at a mail"
    AHEAD = "what a mail service fetches images through before anybody looks"
    MACHINE = "a program that says itself that nobody sits before it"


class _Rule(NamedTuple):
    family: str
    sort: Sort
    pattern: str
    """A regular expression, sought anywhere, whatever the case."""


_RULES = (
    # Mail services that fetch images for their readers, or ahead of them.
    _Rule(APPLE_PROXY, Sort.AHEAD, r"^Mozilla/5\.0$"),
    # The one agent with which Google fetches images of mail that nobody has opened yet.
    _Rule(GMAIL_AHEAD, Sort.AHEAD, r"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0$"),
    _Rule("Gmail proxy", Sort.PROXY, r"GoogleImageProxy|ggpht\.com"),
    _Rule("Yahoo proxy", Sort.PROXY, r"YahooMailProxy"),
    # Link checkers of mail filters, by the names that they give.
    _Rule("Barracuda", Sort.MACHINE, r"Barracuda|BarracudaCentral"),
    _Rule("Proofpoint", Sort.MACHINE, r"Proofpoint"),
    _Rule("Mimecast", Sort.MACHINE, r"Mimecast"),
    _Rule("Microsoft scanner", Sort.MACHINE, r"SafeLinks|URLAnalyzer|BingPreview|Microsoft-CryptoAPI|SkypeUriPreview"),
    _Rule("mail filter", Sort.MACHINE, r"Symantec|MessageLabs|TrendMicro|TMES|IronPort|Sophos|FortiGuard|Cloudmark|"
          r"Forcepoint|Hornetsecurity|Avanan|Trustwave|Cyren|Bitdefender|ZScaler-?Scan|urlscan"),
    # What looks at a link that somebody passes on.
    _Rule("link preview", Sort.MACHINE, r"facebookexternalhit|Facebot|Slackbot|Twitterbot|LinkedInBot|WhatsApp/|"
          r"TelegramBot|Discordbot|Mastodon|redditbot|Pinterestbot|Iframely|embedly|vkShare|Viber|Google-PageRenderer|"
          r"Cardyb|ZulipURLPreview|Mattermost-?Bot|rocket\.chat"),
    _Rule("script", Sort.MACHINE, r"^(curl|Wget|python|Go-http-client|Java/|okhttp|axios|node-fetch|node$|undici|"
          r"libwww|Ruby|PHP|GuzzleHttp|Apache-HttpClient|aiohttp|httpx|PostmanRuntime|Faraday|lua-resty)"),
    _Rule("driven browser", Sort.MACHINE, r"HeadlessChrome|PhantomJS|Puppeteer|Playwright|Selenium"),
    _Rule("robot", Sort.MACHINE, r"(?<!cu)bot\b|crawl|spider|slurp|scanner|monitor(ing)?[/ ]|link.?check|validator"),
    # Mail programs.
    _Rule("Thunderbird", Sort.READER, r"Thunderbird/|Betterbird/"),
    _Rule("Outlook", Sort.READER, r"Outlook|ms-office|MSOffice|Microsoft Office"),
    _Rule("Yahoo", Sort.READER, r"YahooMobileMail|YahooMail"),
    _Rule("Apple Mail", Sort.READER, r"(Macintosh|iPhone|iPad|iPod)(?!.*(Safari|CriOS|FxiOS|EdgiOS|GSA)/)"
          r".*AppleWebKit"),
    _Rule("another mail program", Sort.READER, r"\b(K-9|FairEmail|eM ?Client|Spark/|Airmail|BlueMail|Evolution/|KMail|"
          r"Postbox|Mailbird|Superhuman|Canary|ProtonMail|Tutanota)"),
    # Browsers; each calls itself by the names of those before it as well.
    _Rule("Edge", Sort.READER, r"Edg(e|A|iOS)?/"),
    _Rule("Opera", Sort.READER, r"OPR/|Opera"),
    _Rule("Samsung Internet", Sort.READER, r"SamsungBrowser/"),
    _Rule("Firefox", Sort.READER, r"Firefox/|FxiOS/"),
    _Rule("Chrome", Sort.READER, r"Chrome/|CriOS/|Chromium/"),
    _Rule("Safari", Sort.READER, r"Safari/"),
    _Rule("Internet Explorer", Sort.READER, r"MSIE |Trident/"),
)  # fmt: skip


def _lower(pattern: str) -> str:
    """A pattern in lower case; what stands after a backslash means something else in another case, and stays."""
    return re.sub(r"(\\.)|([A-Z]+)", lambda match: match[1] or match[2].lower(), pattern)


SORTS: dict[str, Sort] = {rule.family: rule.sort for rule in _RULES}
"""What each family is good for; OTHER and NONE are good for nothing that is known."""
FAMILIES = (*SORTS, OTHER, NONE)
"""Every family, in the order in which they are sought."""
# In lower case, as agents are then too: to seek whatever the case takes five times as long.
_EACH = [(rule.family, re.compile(_lower(rule.pattern))) for rule in _RULES]


@lru_cache(maxsize=8192)
def family(agent: str) -> str:
    """The family of a user agent; always one of FAMILIES."""
    said = agent.strip().lower()
    if not said:
        return NONE
    return next((name for name, pattern in _EACH if pattern.search(said)), OTHER)


def is_machine(name: str) -> bool:
    """Whether programs of a family say themselves that nobody sits before them. That alone proves nothing."""
    return SORTS.get(name) is Sort.MACHINE
