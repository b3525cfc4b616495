"""Every address the web application answers, by room. Those of mails and readers are made in links.py."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from newsletter.reader import (
    answering,
    feeds,
    files,
    finding,
    issues,
    preferences,
    replies,
    share,
    signing_in,
    sitemap,
    subscribing,
)
from newsletter.reader import views as reader
from newsletter.settings import current
from newsletter.track import views as track
from newsletter.track.replies import sendgrid

handler404 = "newsletter.reader.errors.not_found"
handler500 = "newsletter.reader.errors.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    # track
    path("c/<int:link>/<str:token>", track.click, name="click"),
    path("o/<str:token>.gif", track.opened, name="opened"),
    path("u/<str:token>", track.leave, name="unsubscribe"),
    path("l/<str:token>", answering.like, name="like"),
    path("v/<str:token>/<int:poll>/", answering.results, name="results"),
    path("v/<str:token>/<int:poll>/<int:answer>", answering.vote, name="vote"),
    path("hooks/sendgrid/inbound/<str:secret>/", sendgrid.inbound, name="sendgrid-inbound"),
    # reader
    path("sign-in/", signing_in.ask, name="sign-in"),
    path("sign-in/<str:token>", signing_in.enter, name="sign-in-link"),
    path("sign-out/", signing_in.leave, name="sign-out"),
    path("issues/<slug:newsletter>/<slug:slug>/replies/", replies.page, name="replies"),
    path("issues/<slug:newsletter>/<slug:slug>/vote/", replies.vote, name="page-vote"),
    path("issues/<slug:newsletter>/<slug:slug>/like/", replies.like, name="page-like"),
    path("", reader.home, name="home"),
    path("issues/<slug:newsletter>/", reader.archive, name="archive"),
    path("issues/<slug:newsletter>/<slug:slug>/", issues.issue, name="issue"),
    path("posts/<int:number>/<slug:slug>/", issues.post, name="post"),
    path("search/", finding.search, name="search"),
    path("tags/<str:slug>/", finding.tag, name="tag"),
    path("authors/<str:slug>/", finding.author, name="author"),
    path("subscribe/", subscribing.subscriptions, name="subscriptions"),
    path("subscribe/<slug:newsletter>/welcome/", subscribing.subscribed, name="subscribed"),
    path("confirm/<str:token>", subscribing.confirm, name="confirm"),
    path("preferences/", preferences.mine, name="my-preferences"),
    path("p/<str:token>", preferences.by_link, name="preferences"),
    path("subscribe/<slug:newsletter>/", subscribing.subscribe, name="subscribe"),
    path("privacy/", reader.privacy, name="privacy"),
    path("feeds/<str:kind>", feeds.feed, name="feed"),
    path("feeds/<slug:newsletter>/<str:kind>", feeds.feed, name="newsletter-feed"),
    path("share/posts/<int:number>.png", share.of_post, name="share-post"),
    path("share/issues/<slug:newsletter>/<slug:slug>.png", share.of_issue, name="share"),
    path("files/<slug:source>/<path:path>", files.file, name="file"),
    path("healthz", reader.health, name="health"),
    path("robots.txt", reader.robots, name="robots"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", sitemap.sitemap, name="sitemap-part"),
    path("favicon.ico", RedirectView.as_view(url="/static/desk/icon.svg", permanent=True)),
    # desk
    path("desk/", include("newsletter.desk.urls")),
    path("desk/", admin.site.urls),
]

if current().track.replies.anymail.provider:
    from newsletter.track.replies import anymail

    urlpatterns.append(path("hooks/anymail/", include((anymail.urls(current()), "anymail"))))
