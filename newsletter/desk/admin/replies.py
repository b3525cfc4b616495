"""Moderation: what readers wrote, who is blocked, what was not taken, and the service mails."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsletter.desk.admin.base import DeskAdmin, IssueFilter, ReadOnlyAdmin, action, display, link
from newsletter.desk.admin.labels import NOTICES, REPLIES
from newsletter.desk.scope import only_theirs
from newsletter.models import Muted, Notice, Rejected, Reply

HELD_FIRST = Case(When(state=Reply.State.HELD, then=Value(0)), default=Value(1))


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    """What readers wrote back."""

    about = (
        "What readers wrote back, on the page and by mail; what waits for you comes first. What is held is seen by"
        " nobody until you approve it. Open one to answer it."
    )
    when_empty = (
        "No reader has written yet. Replies come by mail, if a newsletter's replies.address is set in config.yaml, and"
        " from the pages of issues."
    )
    list_display = ("said", "standing", "who", "issue", "received_at")
    list_display_links = None
    list_filter = ("state", "via", IssueFilter)
    list_select_related = ("issue", "subscriber")
    search_fields = ("text", "author_name", "subscriber__email")
    search_help_text = "Words of the reply, a name, or part of an email address"
    ordering = (HELD_FIRST.asc(), "-received_at", "-pk")
    actions = ("approve_selected", "hide_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        """Without what nobody has confirmed yet: it may have been typed by anybody."""
        found: QuerySet[Reply] = super().get_queryset(request)
        return found.exclude(state=Reply.State.UNCONFIRMED)

    def has_moderate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Replies are not edited, but who may change them may approve and hide them."""
        return request.user.has_perm("newsletter.change_reply")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A reply has a page of its own."""
        number = int(object_id) if object_id.isdecimal() else 0
        return HttpResponseRedirect(reverse("desk-reply", args=(number,)))

    @display(description="Reply")
    def said(self, reply: Reply) -> SafeString:
        """The beginning of the words, leading to all of them, and what is to be known of them."""
        words = " ".join(reply.text.split()) or "(nothing but what it quotes)"
        first = link(reverse("desk-reply", args=(reply.pk,)), words if len(words) <= 90 else f"{words[:89]}…")
        note = reply.note if len(reply.note) <= 120 else f"{reply.note[:119]}…"
        return format_html("{}<div class='desk-soft'>{}</div>", first, note) if note else first

    @display(description="From")
    def who(self, reply: Reply) -> SafeString:
        """The name, and under it the address we know the reader by."""
        known = reply.subscriber.email if reply.subscriber else "staff" if reply.by_staff else "(erased)"
        return format_html_join("", "<div>{}</div>", ((one,) for one in (reply.author_name, known) if one))

    @display(description="State", ordering="state", label=REPLIES)
    def standing(self, reply: Reply) -> str:
        """Where it stands."""
        return reply.state

    @action(description="Approve selected replies", permissions=["moderate"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Reply]) -> None:
        """Show them on the page."""
        self._move(request, queryset, Reply.State.PUBLISHED, "approved")

    @action(description="Hide selected replies", permissions=["moderate"])
    def hide_selected(self, request: HttpRequest, queryset: QuerySet[Reply]) -> None:
        """Keep them from the page."""
        self._move(request, queryset, Reply.State.HIDDEN, "hidden")

    def _move(self, request: HttpRequest, queryset: QuerySet[Reply], state: Reply.State, done: str) -> None:
        queryset = only_theirs(request.user, queryset, "change")
        log(request, list(queryset.order_by()), done)
        count = Reply.move(queryset.order_by(), state, timezone.now())
        messages.success(request, f"{count} {'reply is' if count == 1 else 'replies are'} {done}.")


@admin.register(Muted)
class MutedAdmin(DeskAdmin):
    """People whose replies are hidden as they come."""

    about = (
        "People whose replies are hidden as they come. They are kept all the same; delete a row to unblock somebody."
    )
    when_empty = "Nobody is blocked. Open a reply and press “Block sender” where somebody only disturbs."
    list_display = ("key", "reason", "created_at")
    search_fields = ("key", "reason")
    search_help_text = "Part of an address or reason"
    ordering = ("-pk",)
    fields = ("key", "reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Somebody is blocked from a reply of theirs."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Muted | None = None) -> tuple[str, ...]:
        """Another address is another row."""
        return ("key",)


@admin.register(Rejected)
class RejectedAdmin(ReadOnlyAdmin):
    """Mail to the reply address that was no reply."""

    about = "Mail to the reply address that was no reply, with the reason, so that nothing vanishes without a word."
    when_empty = (
        "Nothing was rejected. Mail to the reply address that is no reply is told of here, and nothing is to be done."
    )
    list_display = ("at", "why", "sender", "subject", "reason")
    list_filter = ("why",)
    search_fields = ("sender", "subject")
    search_help_text = "Part of an address or subject"
    ordering = ("-at", "-pk")
    fields = ("at", "why", "reason", "sender", "subject")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Mails to one person that belong to no issue."""

    about = (
        "Mails to one person each: sign-in links, answers. What is uncertain may or may not have arrived; it is never"
        " sent again by itself."
    )
    when_empty = (
        "No service mail has been sent yet. They come when people sign up or in, and when staff are told of news."
    )
    list_display = ("created_at", "kind", "to", "newsletter", "standing", "brief_reason", "attempts")
    list_filter = ("state", "kind")
    search_fields = ("to",)
    search_help_text = "Part of an email address"
    ordering = ("-pk",)
    # Not the facts: the link that lets somebody in is nobody else's.
    fields = ("kind", "newsletter", "to", "state", "reason", "attempts", "created_at", "retry_at", "submitted_at")
    actions = ("send_again",)

    def has_resend_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing in them can be edited, but who may change them may have them sent again."""
        return request.user.has_perm("newsletter.change_notice")

    @display(description="State", ordering="state", label=NOTICES)
    def standing(self, notice: Notice) -> str:
        """Where it stands."""
        return notice.state

    @display(description="Answer")
    def brief_reason(self, notice: Notice) -> str:
        """The beginning of the server's answer."""
        return notice.reason if len(notice.reason) <= 70 else f"{notice.reason[:69]}…"

    @action(description="Send selected mails again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """Have what failed or is uncertain tried once more; a person has decided that twice is better than never."""
        queryset = only_theirs(request.user, queryset, "change")
        log(request, list(queryset), "to be sent again")
        count = Notice.send_again(queryset.order_by(), timezone.now())
        messages.success(request, f"{count} {'mail is' if count == 1 else 'mails are'} to be sent again.")


def log(request: HttpRequest, rows: list[Any], done: str) -> None:
    """Remember who did what, where the desk's history looks for it."""
    if rows:
        LogEntry.objects.log_actions(int(request.user.pk or 0), rows, CHANGE, done)
