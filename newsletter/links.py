"""Every address of our own that is written into a mail or a page."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote

from newsletter.config import Config

_PICTURE = re.compile(r"/pictures/([0-9a-f]{32})-(\d{1,5})x(\d{1,5})\.(png|jpg|gif)")


def click(config: Config, link: int, token: str) -> str:
    """Where a tracked link of a mail points; it leads on to the link's own address."""
    return f"{config.site.url}/c/{link}/{token}"


def pixel(config: Config, token: str) -> str:
    """The image whose loading counts as an open."""
    return f"{config.site.url}/o/{token}.gif"


UNSEEN = "?unseen"
"""How the address ends that no person sees."""


def unseen(config: Config, newsletter: str, slug: str) -> str:
    """Where the link leads that no person sees: to the issue's own page, told apart by its end."""
    return issue(config, newsletter, slug) + UNSEEN


def unsubscribe(config: Config, token: str) -> str:
    """One-click unsubscribe: POST ends the subscription, GET only asks."""
    return f"{config.site.url}/u/{token}"


def confirm(config: Config, token: str) -> str:
    """The page with the button that puts an address on a list."""
    return f"{config.site.url}/confirm/{token}"


def stay(config: Config, token: str) -> str:
    """The page with the button by which somebody who seems to read nothing goes on getting it."""
    return f"{config.site.url}/stay/{token}"


def preferences(config: Config, token: str) -> str:
    """Where a reader chooses lists, for the address that a message went to."""
    return f"{config.site.url}/p/{token}"


def like(config: Config, token: str) -> str:
    """Where a reader says that an issue was liked; GET only asks."""
    return f"{config.site.url}/l/{token}"


def vote(config: Config, token: str, poll: int, answer: int) -> str:
    """Where a reader gives an answer, both counted from 0, to a poll of an issue; GET only asks."""
    return f"{config.site.url}/v/{token}/{poll}/{answer}"


def reply_address(address: str, token: str) -> str:
    """Where an answer by mail goes: the address of config.yaml with a token that says whose it is, and to what."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def bounce_address(address: str, token: str) -> str:
    """Where the bounces of one message go, its envelope sender, made as `reply_address` is."""
    return reply_address(address, token)


def bounces_of(config: Config, newsletter: str) -> str | None:
    """The address of config.yaml that a newsletter's bounces go to; None if they go to its sender, and nobody reads."""
    letter = config.newsletters.get(newsletter)
    return (letter.sender.bounce_address if letter else None) or config.track.bounces.address


def report(config: Config, issue: int) -> str:
    """The page of the desk that says what becomes of an issue."""
    return f"{config.site.url}/desk/issue/{issue}/report/"


def checks(config: Config, issue: int) -> str:
    """The page of the desk that says what was found in an issue."""
    return f"{config.site.url}/desk/issue/{issue}/checks/"


def trial(config: Config, issue: int) -> str:
    """The page of the desk with an issue's A/B test."""
    return f"{config.site.url}/desk/issue/{issue}/ab/"


def preview(config: Config, issue: int) -> str:
    """The page of the desk that shows an issue as a mail."""
    return f"{config.site.url}/desk/issue/{issue}/preview/"


def desk_issue(config: Config, issue: int) -> str:
    """The page of the desk where an issue is edited, approved and steered."""
    return f"{config.site.url}/desk/newsletter/issue/{issue}/change/"


def desk(config: Config, path: str) -> str:
    """An address of the desk, for a mail to staff; `path` begins with a slash."""
    return f"{config.site.url}{path}"


def replies(config: Config, newsletter: str, slug: str) -> str:
    """The page with what readers have written about an issue, and the form to write there."""
    return f"{config.site.url}/issues/{newsletter}/{slug}/replies/"


def sign_in(config: Config, token: str) -> str:
    """The page with the button that signs a reader in."""
    return f"{config.site.url}/sign-in/{token}"


def own_data(config: Config, token: str) -> str:
    """The page with the button that hands a person the copy of what is kept of them."""
    return f"{config.site.url}/preferences/data/{token}"


def erase(config: Config, token: str) -> str:
    """The page with the button that erases a person."""
    return f"{config.site.url}/preferences/erase/{token}"


def archive(config: Config, newsletter: str) -> str:
    """The page that lists all issues of a newsletter."""
    return f"{config.site.url}/issues/{newsletter}/"


def subscribe(config: Config, newsletter: str, slug: str) -> str:
    """The page on which anybody subscribes to a newsletter, led there by an issue."""
    return f"{config.site.url}/subscribe/{newsletter}/?from={newsletter}/{slug}"


def issue(config: Config, newsletter: str, slug: str) -> str:
    """The page of an issue on the web."""
    return f"{config.site.url}/issues/{newsletter}/{slug}/"


def story(config: Config, newsletter: str, slug: str, place: int) -> str:
    """Where on the page of an issue its story of this place, counted from 1, stands."""
    return f"{issue(config, newsletter, slug)}#story-{place}"


def post(config: Config, number: int, title: str) -> str:
    """The page of a post that is published nowhere else."""
    return f"{config.site.url}/posts/{number}/{_slug(title)}/"


def file(config: Config, source: str, path: str) -> str:
    """An image that lies beside a folder source's posts."""
    return f"{config.site.url}/files/{source}/{quote(path)}"


class PictureName(NamedTuple):
    """What the address of an uploaded picture tells."""

    digest: str
    width: int
    height: int
    kind: str


def picture(config: Config, name: PictureName) -> str:
    """A picture that staff have uploaded. What lies there never changes."""
    return f"{config.site.url}/pictures/{name.digest}-{name.width}x{name.height}.{name.kind}"


def picture_named(config: Config, address: str) -> PictureName | None:
    """What an address of `picture` tells; None for any other."""
    match = _PICTURE.fullmatch(address.removeprefix(config.site.url)) if address.startswith(config.site.url) else None
    return PictureName(match[1], int(match[2]), int(match[3]), match[4]) if match else None


def asset(config: Config, address: str) -> str:
    """An address as config.yaml writes it: a URL, or `source:path` for a file of a folder source."""
    source, separator, path = address.partition(":")
    if separator and source in config.collect.sources:
        return file(config, source, path)
    return address


def shares(title: str, address: str) -> dict[str, str]:
    """Where a page can be passed on, by the network's name: plain addresses, which tell nobody that it was read."""
    said, there = quote(title, safe=""), quote(address, safe="")
    both = quote(f"{title} {address}", safe="")
    return {
        "Mail": f"mailto:?subject={said}&body={there}",
        "Bluesky": f"https://bsky.app/intent/compose?text={both}",
        "Mastodon": f"https://share.joinmastodon.org/#text={both}",
        "LinkedIn": f"https://www.linkedin.com/sharing/share-offsite/?url={there}",
        "Facebook": f"https://www.facebook.com/sharer/sharer.php?u={there}",
        "WhatsApp": f"https://wa.me/?text={both}",
    }


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "post"
