"""The front page, the list of issues, the privacy notice, and what machines ask for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from newsletter.config import Config
from newsletter.errands import captcha
from newsletter.reader.caching import public
from newsletter.reader.frame import frame_of, page
from newsletter.reader.known import known
from newsletter.reader.meta import Crumb, Meta, breadcrumbs, feeds, script, whole
from newsletter.reader.shelves import shelf
from newsletter.settings import current

ON_HOME = 5
# Addresses that belong to one reader, and the desk.
BARRED = ("/c/", "/confirm/", "/hooks/", "/l/", "/o/", "/p/", "/sign-in/", "/stay/", "/u/", "/v/", "/desk/")


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Every newsletter, each with its latest issues."""
    return public(request, lambda: _home(current(), request))


@require_safe
def archive(request: HttpRequest, newsletter: str) -> HttpResponseBase:
    """All issues of one newsletter, page by page."""
    config = current()
    known(config, newsletter)
    return public(request, lambda: _archive(config, request, newsletter))


@require_safe
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What is recorded, where the publication has no notice of its own."""
    config = current()
    meta = Meta(
        title=f"Privacy · {config.site.name}",
        description=f"What {config.site.name} records of its readers, and why.",
        canonical=whole(config, reverse("privacy")),
    )
    days = config.audience.subscribe.valid.days

    def shown() -> HttpResponse:
        return page(
            request, "privacy.html", frame_of(config), meta=meta, track=config.track, captcha=captcha.wanted(config),
            valid="a day" if days < 2 else f"{days} days",
        )  # fmt: skip

    return public(request, shown)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The archive may be searched; addresses that belong to one reader, and the desk, may not."""
    barred = "".join(f"Disallow: {path}\n" for path in BARRED)
    map_ = whole(current(), reverse("sitemap"))
    return HttpResponse(f"User-agent: *\n{barred}Allow: /\n\nSitemap: {map_}\n", "text/plain")


def _home(config: Config, request: HttpRequest) -> HttpResponse:
    shelves = [shelf(config, name, per_page=ON_HOME) for name in config.newsletters]
    taglines = [one.frame.tagline for one in shelves if one.frame.tagline]
    meta = Meta(
        title=config.site.name,
        description=" · ".join(taglines) or f"All issues of {config.site.name}.",
        canonical=whole(config, reverse("home")),
        feeds=feeds(config),
        json_ld=(
            script({
                "@context": "https://schema.org",
                "@type": "WebSite",
                "name": config.site.name,
                "url": whole(config, reverse("home")),
            }),
        ),
    )  # fmt: skip
    return page(request, "home.html", frame_of(config), shelves=shelves, meta=meta)


def _archive(config: Config, request: HttpRequest, newsletter: str) -> HttpResponse:
    found, path = shelf(config, newsletter, request.GET.get("page", "1")), reverse("archive", args=(newsletter,))
    here, title = found.page, found.frame.title
    crumbs = (Crumb(config.site.name, reverse("home")), Crumb(title, path))
    meta = Meta(
        title=f"{title}: all issues" + (f", page {here.number}" if here.number > 1 else ""),
        description=found.frame.tagline or f"All issues of {title}.",
        canonical=whole(config, path) + (f"?page={here.number}" if here.number > 1 else ""),
        feeds=feeds(config, newsletter),
        crumbs=crumbs,
        json_ld=(breadcrumbs(config, crumbs),),
    )
    return page(request, "archive.html", found.frame, shelf=found, meta=meta)
