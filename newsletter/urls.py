"""Every address the web application answers, by room. Those of mails and readers are made in links.py."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from newsletter.reader import feeds, files, finding, issues, share, sitemap, subscribing
from newsletter.reader import views as reader
from newsletter.track import views as track

handler404 = "newsletter.reader.errors.not_found"
handler500 = "newsletter.reader.errors.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    # track
    path("c/<int:link>/<str:token>", track.click, name="click"),
    path("o/<str:token>.gif", track.opened, name="opened"),
    path("u/<str:token>", track.leave, name="unsubscribe"),
    # reader
    path("", reader.home, name="home"),
    path("issues/<slug:newsletter>/", reader.archive, name="archive"),
    path("issues/<slug:newsletter>/<slug:slug>/", issues.issue, name="issue"),
    path("posts/<int:number>/<slug:slug>/", issues.post, name="post"),
    path("search/", finding.search, name="search"),
    path("tags/<str:slug>/", finding.tag, name="tag"),
    path("authors/<str:slug>/", finding.author, name="author"),
    path("subscribe/", subscribing.subscriptions, name="subscriptions"),
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
