"""Films: where an embedded player's film is watched, and what it looks like before it starts.

Mail programs play nothing. What stands in a page as a player becomes a picture that leads to the film.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_YOUTUBES = r"(?:embed/(?!videoseries)|v/|shorts/|live/|watch\?(?:[^#]*&)?v=)([\w-]{11})(?![\w-])"
_ID = r"([\w-]{6,64})"
# Each player's address, and where its film is watched. PeerTube may stand on any host.
_PLAYERS = tuple(
    (re.compile(rf"https?://{player}", re.IGNORECASE), watch)
    for player, watch in (
        (rf"(?:www\.|m\.)?youtube(?:-nocookie)?\.com/{_YOUTUBES}", "https://www.youtube.com/watch?v={0}"),
        (r"youtu\.be/([\w-]{11})(?![\w-])", "https://www.youtube.com/watch?v={0}"),
        (r"player\.vimeo\.com/video/(\d+)\?(?:[^#]*&)?h=(\w+)", "https://vimeo.com/{0}/{1}"),
        (r"player\.vimeo\.com/video/(\d+)", "https://vimeo.com/{0}"),
        (rf"(?:www\.)?dailymotion\.com/embed/video/{_ID}", "https://www.dailymotion.com/video/{0}"),
        (rf"geo\.dailymotion\.com/player[^?]*\?(?:[^#]*&)?video={_ID}", "https://www.dailymotion.com/video/{0}"),
        (r"embed(?:-ssl)?\.ted\.com/(?:talks/)(?:lang/[\w-]+/)?(\w+)", "https://www.ted.com/talks/{0}"),
        (rf"(?:www\.)?loom\.com/embed/{_ID}", "https://www.loom.com/share/{0}"),
        (r"([\w.:-]+)/videos/embed/([\w-]{20,40})", "https://{0}/videos/watch/{1}"),
    )
)
_YOUTUBE = re.compile(r"https://www\.youtube\.com/watch\?v=([\w-]{11})")
_DAILYMOTION = re.compile(r"https://www\.dailymotion\.com/video/(\w+)")
# What players are titled when nobody gave them a title.
_NO_TITLE = re.compile(r"(youtube|vimeo|dailymotion)?[\s-]*(embedded\s+)?(video)?[\s-]*(player)?", re.IGNORECASE)


@dataclass(frozen=True)
class Video:
    """A film: where it is watched, its picture if its address tells one, and its title or else its host."""

    href: str
    thumbnail: str = ""
    title: str = ""


def embedded(url: str, title: str = "") -> Video | None:
    """The film that a frame at this address plays; None for a frame that is no player we know."""
    for player, watch in _PLAYERS:
        if match := player.match(url):
            return at(watch.format(*match.groups()), title=title)
    return None


def at(href: str, thumbnail: str = "", title: str = "") -> Video:
    """A film at this address."""
    found = "" if _NO_TITLE.fullmatch(title.strip()) else title.strip()
    host = (urlsplit(href).hostname or "").removeprefix("www.")
    return Video(href, thumbnail or _thumbnail(href), found or host)


def _thumbnail(href: str) -> str:
    """The picture of a film whose address tells where its picture lies; Vimeo's does not."""
    if match := _YOUTUBE.match(href):
        # The largest size that every film has.
        return f"https://i.ytimg.com/vi/{match[1]}/hqdefault.jpg"
    match = _DAILYMOTION.match(href)
    return f"https://www.dailymotion.com/thumbnail/video/{match[1]}" if match else ""
