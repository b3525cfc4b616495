"""Every address the web application answers, by room. Those of mails and readers are made in links.py."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from newsletter.api import api
from newsletter.desk.pages.calendar import feed
from newsletter.reader import (
    answering,
    confirming,
    embedding,
    feeds,
    files,
    finding,
    health,
    issues,
    leaving,
    own_data,
    pictures,
    preferences,
    replies,
    share,
    signing_in,
    sitemap,
    staying,
    subscribing,
)
from newsletter.reader import views as reader
from newsletter.settings import current
from newsletter.track.replies import sendgrid
from newsletter.track.webhooks import sendgrid as sendgrid_events

handler404 = "newsletter.reader.errors.not_found"
handler500 = "newsletter.reader.errors.broken"

# Here, and not as the apps are set up: a process that shows no pages, such as the ingester, needs none of the desk.
admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    # track; links and the image of mails are answered before anything comes here (newsletter/track/ways/)
    path("l/<str:token>", answering.like, name="like"),
    path("v/<str:token>/<int:poll>/", answering.results, name="results"),
    path("v/<str:token>/<int:poll>/<int:answer>", answering.vote, name="vote"),
    path("hooks/sendgrid/inbound/<str:secret>/", sendgrid.inbound, name="sendgrid-inbound"),
    path("hooks/sendgrid/events/", sendgrid_events.events, name="sendgrid-events"),
    # staff, without signing in: whoever has the address
    path("calendar/<str:token>.ics", feed.feed, name="calendar-feed"),
    # reader
    path("u/<str:token>", leaving.leave, name="unsubscribe"),
    path("u/<str:token>/undo", leaving.undo, name="undo"),
    path("u/<str:token>/why", leaving.why, name="why"),
    path("u/<str:token>/<str:what>", leaving.less, name="less"),
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
    path("lists/<slug:name>/", subscribing.one_list, name="list"),
    path("lists/<slug:name>/welcome/", confirming.welcome, name="welcome"),
    path("lists/<slug:name>/embed/", embedding.embed, name="embed"),
    path("confirm/<str:token>", confirming.confirm, name="confirm"),
    path("stay/<str:token>", staying.stay, name="stay"),
    path("preferences/", preferences.mine, name="my-preferences"),
    path("preferences/data/", own_data.ask, name="my-data"),
    path("preferences/data/<str:token>", own_data.copy, name="my-data-link"),
    path("preferences/erase/<str:token>", own_data.erase_me, name="erase-me"),
    path("p/<str:token>", preferences.by_link, name="preferences"),
    path("subscribe/<slug:newsletter>/", subscribing.subscribe, name="subscribe"),
    path("privacy/", reader.privacy, name="privacy"),
    path("feeds/<str:kind>", feeds.feed, name="feed"),
    path("feeds/<slug:newsletter>/<str:kind>", feeds.feed, name="newsletter-feed"),
    path("share/posts/<int:number>.png", share.of_post, name="share-post"),
    path("share/issues/<slug:newsletter>/<slug:slug>.png", share.of_issue, name="share"),
    path("files/<slug:source>/<path:path>", files.file, name="file"),
    path("pictures/<str:name>", pictures.picture, name="picture"),
    path("healthz", health.health, name="health"),
    path("livez", health.live, name="live"),
    path("metrics", health.metrics, name="metrics"),
    path("robots.txt", reader.robots, name="robots"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", sitemap.sitemap, name="sitemap-part"),
    path("favicon.ico", RedirectView.as_view(url="/static/desk/icon.svg", permanent=True)),
    # api
    path("api/v1/", api.urls),
    # desk
    path("desk/", include("newsletter.desk.urls")),
    path("desk/", admin.site.urls),
]

if current().track.replies.anymail.provider:
    from newsletter.track.replies import anymail

    urlpatterns.append(path("hooks/anymail/", include((anymail.urls(current()), "anymail"))))

if current().track.anymail.provider:
    from newsletter.track.webhooks import anymail as anymail_events

    urlpatterns.append(path("hooks/anymail/", include((anymail_events.urls(current()), "anymail-events"))))
