"""One Markdown file of a folder, in the ways of Jekyll, Hugo and nobody in particular."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from newsletter import links
from newsletter.collect import frontmatter
from newsletter.collect.dates import moment
from newsletter.collect.entry import Call, Draft, Entry
from newsletter.collect.header import ENOUGH, size_of
from newsletter.collect.personal import Aside
from newsletter.collect.templating import without_tags
from newsletter.config.values import zone
from newsletter.markup import markdown, urls
from newsletter.markup.clean import Addresses, clean, plain
from newsletter.markup.directives import Fault
from newsletter.markup.images import UNKNOWN, Size, in_words

_DATED = re.compile(r"(\d{4}-\d\d?-\d\d?)[-_ ](.+)")
_DATE_PARTS = {"year": "%Y", "month": "%m", "day": "%d"}
_MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)


class Article:
    """A file that has been read.

    `missing` and `large` name images that are absent or too big, `left_out` the tags that only its site knows, and
    `faults` what is wrong with its directives, and with what it says to each reader.
    """

    def __init__(self, call: Call, root: Path, path: PurePosixPath, source: str) -> None:
        self._call, self._root, self.path = call, root, path
        self._head, body = frontmatter.split(source)
        self._jekyll = "_posts" in (root.name, *path.parts)
        self._aside = Aside(body, call.examine)
        above = source.count("\n") - body.count("\n")
        self._of_tags = [Fault(above + line, reason) for line, reason in self._aside.faults]
        self._body, self.left_out = without_tags(self._aside.text, self._jekyll)
        self._lines = source.count("\n")
        self.missing: list[str] = []
        self.large: list[str] = []
        self.faults: list[Fault] = sorted(self._of_tags)
        self._sizes: dict[str, Size] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read: a file that was made and not yet written."""
        return not self._head.values and not self._body.strip()

    @property
    def is_public(self) -> bool:
        """Whether its author means it to be out now; a date ahead is for the issue to look at."""
        head, now = self._head, self._call.now
        if head.says("draft", "true", "yes", "1") or head.says("published", "false", "no", "0"):
            return False
        begins, ends = self._moment("publishdate"), self._moment("expirydate")
        return not (begins and begins > now) and not (ends and ends <= now)

    def entry(self) -> Entry:
        """The story, cleaned, with what it says to each reader."""
        return self._aside.restored(self.draft().finish(self._call))

    def draft(self) -> Draft:
        """The story as it stands in the file."""
        head, url = self._head, self._url()
        title, body = self._title_and_body()
        ours = self.path.suffix != ".html"
        source = self._rendered(body) if ours else body
        return Draft(
            guid=str(self.path),
            url=urls.canonical(url),
            title=title or self._name(),
            summary=self._summary(body),
            html=source,
            addresses=Addresses(
                lambda link: urls.link(url, link),
                lambda image: self._image(url, image),
                lambda address: self._sizes.get(address, UNKNOWN),
            ),
            authors=head.texts("authors", "author"),
            tags=head.words("tags", "tag", "categories", "category", "keywords"),
            image_url=head.text("image", "cover", "thumbnail", "featured_image", "images"),
            image_alt=head.text("image_alt", "cover_alt", "alt") or self._alt_of("image") or self._alt_of("cover"),
            image_dark=head.text("image_dark", "cover_dark"),
            language=head.text("lang", "language"),
            published_at=self._moment("date", "publishdate") or self._date_of_name(),
            trusted=ours,
        )

    def _rendered(self, body: str) -> str:
        """The HTML of the body; the lines of what is wrong in it are those of the file."""
        html, faults = markdown.read(body)
        above = self._lines - body.count("\n")
        self.faults = sorted([*self._of_tags, *(Fault(max(1, above + line), reason) for line, reason in faults)])
        return html

    def _title_and_body(self) -> tuple[str, str]:
        """The title, and the body without a heading that only says it again."""
        given, (heading, rest) = self._head.text("title"), markdown.heading(self._body)
        heading = plain(markdown.inline(heading))
        return (given or heading, rest) if given in ("", heading) else (given, self._body)

    def _moment(self, *names: str) -> datetime | None:
        found = (moment(self._head.text(name), self._call.config.site.time_zone) for name in names)
        return next(filter(None, found), None)

    def _date_of_name(self) -> datetime | None:
        match = _DATED.match(self._stem)
        return moment(match[1], self._call.config.site.time_zone) if match else None

    @property
    def _stem(self) -> str:
        """What names the story: its file, or, where that is only an index, its folder."""
        bundle = self.path.stem.lower() == "index" and self.path.parent.name
        return bundle or self.path.stem

    def _name(self) -> str:
        dated = _DATED.match(self._stem)
        words = re.sub(r"[-_]+", " ", dated[2] if dated else self._stem).strip()
        return words[:1].upper() + words[1:]

    def _summary(self, body: str) -> str:
        own = self._head.text("summary", "description", "excerpt")
        if own:
            return plain(markdown.inline(own))
        before, *after = _MORE.split(body, maxsplit=1)
        return clean(markdown.render(before), Addresses.against("")).text if after else ""

    def _alt_of(self, name: str) -> str:
        holder = self._head.values.get(name)
        return str(holder.get("alt", "")) if isinstance(holder, dict) else ""

    def _url(self) -> str:
        """Where the story is published: as its front matter says, else by its place under base_url; else nowhere."""
        base = self._call.source.base_url
        own = self._head.text("canonical_url", "canonical", "url", "link")
        if re.match(r"https?://", own, re.IGNORECASE):
            return own
        return base + "/" + (self._permalink(own)).lstrip("/") if base else ""

    def _permalink(self, own: str) -> str:
        pattern = own or self._head.text("permalink")
        parent, dated = self.path.parent, _DATED.match(self._stem)
        slug = self._head.text("slug") or (dated[2] if dated and self._jekyll else self._stem)
        if self._jekyll:
            pattern = pattern or "/:categories/:year/:month/:day/:title.html"
        elif not pattern:
            folder = parent.parent if self.path.stem.lower() == "index" else parent
            return quote(f"{folder}/{slug}/".removeprefix("./"))
        return self._filled(pattern, slug)

    def _filled(self, pattern: str, slug: str) -> str:
        """A permalink of Jekyll with its placeholders filled in."""
        day = self._date_of_name() or self._moment("date")
        local = day.astimezone(zone(self._call.config.site.time_zone)) if day else None
        parts = {"title": slug, "slug": slug, "categories": "/".join(self._head.words("categories", "category"))}
        parts |= {name: f"{local:{code}}" if local else "" for name, code in _DATE_PARTS.items()}
        filled = re.sub(r":(\w+)", lambda match: parts.get(match[1], match[0]), pattern)
        return quote(re.sub(r"/{2,}", "/", filled), safe="/%#?=&")

    def _image(self, url: str, image: str) -> str:
        """An image as the story's page means it, or, where it has none, as a file of the folder."""
        elsewhere = re.match(r"[a-z]+:|//", image, re.IGNORECASE)
        path = "" if elsewhere else self._inside(unquote(image.partition("?")[0].partition("#")[0]))
        if url or elsewhere:
            address = urls.absolute(url or "https:", image)
        elif path:
            address = links.file(self._call.config, self._call.name, path)
        else:
            self.missing.append(image)
            return ""
        if path and address not in self._sizes:
            self._sizes[address] = self._measured(path)
        return address

    def _measured(self, path: str) -> Size:
        """The size of an image that lies in the folder."""
        file, limit = self._root / path, self._call.config.collect.max_image_bytes
        try:
            length = file.stat().st_size
            if length > limit:
                self.large.append(f"{path} ({in_words(length)})")
                return Size(too_big=length)
            with file.open("rb") as handle:
                return size_of(handle.read(ENOUGH * 4))
        except OSError:  # it cannot be read; whoever serves it will say so
            return UNKNOWN

    def _inside(self, image: str) -> str:
        """The path within the folder of a file that is there; empty if it is not, or lies outside."""
        beside, top = self._root / self.path.parent, self._root
        for start in [top] if image.startswith("/") else [beside, top]:
            try:
                found = (start / image.lstrip("/")).resolve()
                if found.is_file():
                    return found.relative_to(self._root).as_posix()
            except (ValueError, OSError):  # outside the folder, a NUL in the name, a name too long
                continue
        return ""
