"""Sources and the posts they brought: to be looked at, not changed, for the next visit would undo it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsletter import roles
from newsletter.collect import adding
from newsletter.config.telling import masked
from newsletter.desk.admin.base import ReadOnlyAdmin, display, link
from newsletter.models import Post, Source
from newsletter.settings import current


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Where posts come from, and how the last visit went; those that editors bring in have a source of their own."""

    about = (
        "Where posts come from. Sources are named in config.yaml, under collect.sources; here is how their last"
        " visits went. Each has a page of its own, where it can be visited at once."
    )
    when_empty = "No source has been visited yet. Name one under `collect.sources` in config.yaml."
    list_before_template = "sources_before.html"
    list_display = ("name", "kind", "standing", "feeds", "checked_at", "succeeded_at", "posts_added", "error_in_short")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """Those that feed a newsletter of theirs."""
        found: QuerySet[Source] = super().get_queryset(request)
        names = sources_of(request.user, "newsletter.view_source")
        return found if names is None else found.filter(name__in=names)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With those that config.yaml names and nobody has visited yet."""
        names, known = sources_of(request.user, "newsletter.view_source"), current().collect.sources
        visited = set(Source.objects.values_list("name", flat=True))
        new = [name for name in known if name not in visited and (names is None or name in names)]
        answer: HttpResponse = super().changelist_view(request, {"new_sources": new, **(extra_context or {})})
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Go to the source's own page; nothing is changed by hand."""
        if request.method == "POST":
            raise PermissionDenied
        found = self.get_object(request, object_id)
        to = reverse("desk-source", args=(found.name,)) if found else reverse("admin:newsletter_source_changelist")
        return HttpResponseRedirect(to)

    @display(description="Feeds")
    def feeds(self, source: Source) -> str:
        """The newsletters that take its posts."""
        letters = current().newsletters.values()
        return ", ".join(one.title for one in letters if source.name in one.sources) or "no newsletter"

    @display(
        description="Standing", ordering="failures", label={"failing": "danger", "odd": "warning", "well": "success"}
    )
    def standing(self, source: Source) -> str:
        """How the source is doing, in a word."""
        if source.failures:
            return "failing"
        if source.kind == adding.KIND:
            return "by hand"
        if source.checked_at is None:
            return "not visited yet"
        return "odd" if source.warning else "well"

    @display(description="Error", empty_value="")
    def error_in_short(self, source: Source) -> str:
        """The first line of what went wrong."""
        return _short(masked(source.error))


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    """Stories as they were collected."""

    about = "Stories as they were collected, newest first. What an issue holds is a copy: see Issues."
    when_empty = "No post has been collected yet. See Sources for how the last visits went."
    list_display = ("title", "source", "published_at", "tag_list", "words")
    list_filter = ("source",)
    list_select_related = ("source",)
    search_fields = ("title", "summary", "url")
    search_help_text = "Words of the title or summary, or part of the address"
    ordering = ("-published_at", "-pk")
    fields = (
        "title", "source", "address", "published_at", "collected_at", "updated_at", "author_list", "tag_list", "words",
        "summary", "story",
    )  # fmt: skip
    readonly_fields = ("address", "author_list", "tag_list", "story")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        """Without the whole story, which a list has no use for."""
        found: QuerySet[Post] = super().get_queryset(request).defer("html")
        names = sources_of(request.user, "newsletter.view_post")
        return found if names is None else found.filter(source__name__in=names)

    @display(description="Tags")
    def tag_list(self, post: Post) -> str:
        """The post's tags, with commas between them."""
        return ", ".join(map(str, post.tags))

    @display(description="Authors")
    def author_list(self, post: Post) -> str:
        """Who wrote it."""
        return ", ".join(map(str, post.authors))

    @display(description="Address")
    def address(self, post: Post) -> SafeString | str:
        """Where it was published."""
        return link(post.url, post.url) if post.url.startswith(("http://", "https://")) else "Published by us alone"

    @display(description="Story")
    def story(self, post: Post) -> SafeString | str:
        """The story as it reads, in a frame where no script runs."""
        if not post.html:
            return "—"
        return format_html('<iframe class="desk-story" title="The story" sandbox srcdoc="{}"></iframe>', post.html)


def sources_of(user: Any, permission: str) -> list[str] | None:
    """The names of the sources that feed the newsletters for which somebody holds a permission; None for all."""
    letters = roles.newsletters_of(user, permission)
    if letters is None:
        return None
    known = current().newsletters
    return sorted({source for name in letters if name in known for source in known[name].sources})


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 80 else f"{line[:79]}…"
