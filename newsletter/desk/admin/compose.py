"""Issues: where each stands, whom it goes to, and the buttons that take it further. The editor has what it says."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from newsletter.desk import actions
from newsletter.desk.admin.archive import CorrectionInline, sign
from newsletter.desk.admin.base import DeskAdmin, action, badge, display, link
from newsletter.desk.admin.labels import STATUSES
from newsletter.models import Correction, Edition, Issue, Item, Message
from newsletter.render import for_nobody

Status = Issue.Status
FACTS = (
    ("due_at", "sent", "kind"), ("since_at", "cut_off_at"), ("approved_at", "approved_by"),
    ("send_at", "local_time", "retry_at"), ("started_at", "finished_at"),
)  # fmt: skip
SAID = ("subject", "preheader")
MEANT = ("segment", "left_out")
EDITABLE = Issue.EDITABLE


def _goes_to_nobody(issue: Issue) -> bool:
    """Whether it was stopped because nobody is meant: then others can be, before it is let go on."""
    return issue.status == Status.PAUSED and not issue.messages.exclude(state=Message.State.EXCLUDED).exists()


@admin.register(Issue)
class IssueAdmin(DeskAdmin):
    """Editions of the newsletters."""

    about = "Editions of the newsletters, drawn up by themselves at each cut-off; each is edited on a page of its own."
    when_empty = "No issue has been drawn up yet. That happens at each newsletter's next cut-off."
    list_per_page = 20
    list_display = ("name", "due_at", "standing", "reason", "posts", "sent")
    list_filter = ("status", "kind", "newsletter")
    search_fields = ("newsletter", "slug", "subject")
    search_help_text = "Newsletter, date or subject"
    ordering = ("-due_at", "-pk")
    fieldsets = (
        (None, {"fields": ("status_badge", "reason", *SAID)}),
        ("Audience", {"fields": (MEANT, "goes_to")}),
        ("Facts", {"fields": FACTS}),
    )
    inlines = (CorrectionInline,)

    actions_detail = ("contents", "preview", "report", *actions.VERBS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        """Each issue with how many posts it holds, how many people it is for and how many messages have left."""
        messages_of = Message.objects.filter(issue=OuterRef("pk"))
        return super().get_queryset(request).annotate(  # type: ignore[no-any-return]
            post_count=_count(Item.objects.filter(issue=OuterRef("pk"))),
            for_count=_count(messages_of.exclude(state=Message.State.EXCLUDED)),
            sent_count=_count(messages_of.filter(state__in=(Message.State.SUBMITTED, Message.State.DELIVERED))),
        )  # fmt: skip

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Issue | None:
        """The issue; while an edit of it is being saved, nobody else can take it further."""
        found: Issue | None = super().get_object(request, object_id, from_field)
        if found and request.method == "POST":
            list(Issue.objects.select_for_update().filter(pk=found.pk).values_list("pk"))
            found.refresh_from_db()
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Issue | None = None) -> Any:
        """Once something was approved, subject and preheader as they are sent; a pattern may have made them."""
        if obj is None or obj.edition is None:
            return self.fieldsets
        first = ("status_badge", "reason", "sent_subject", "sent_preheader")
        return ((None, {"fields": first}), *self.fieldsets[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Issue | None = None) -> tuple[str, ...]:
        """All but MEANT; once sending has started, those too, as long as it goes to anybody."""
        said = (*SAID, "sent_subject", "sent_preheader")
        fixed = ("status_badge", "reason", "goes_to", *said, *(name for row in FACTS for name in row))
        if obj is None or obj.status in EDITABLE or _goes_to_nobody(obj):
            return fixed
        return (*fixed, *MEANT)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Issues are drawn up by the pipeline."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Until sending starts its readers can be chosen, then it is corrected; buttons ask about no issue at all."""
        return super().has_change_permission(request, obj) and (
            not isinstance(obj, Issue) or obj.status in EDITABLE or obj.is_public or _goes_to_nobody(obj)
        )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Issues are cancelled, not deleted: the ledger hangs on them."""
        return False

    def save_model(self, request: HttpRequest, obj: Issue, form: Any, change: bool) -> None:
        """Keep the fields that can be edited, and nothing else of this copy of the row."""
        if obj.status in EDITABLE or _goes_to_nobody(obj):
            obj.save(update_fields=MEANT)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Sign corrections with the name of who writes them."""
        if formset.model is Correction:
            sign(formset, request.user)
        super().save_formset(request, form, formset, change)

    @display(description="Issue", ordering="newsletter")
    def name(self, issue: Issue) -> str:
        """The newsletter and the date."""
        return str(issue)

    @display(description="Status", ordering="status", label=STATUSES)
    def standing(self, issue: Issue) -> tuple[str, str]:
        """Where the issue stands."""
        return issue.status, issue.get_status_display()

    @display(description="Status")
    def status_badge(self, issue: Issue) -> SafeString:
        """The same as a badge, for the form."""
        return badge(issue.get_status_display(), STATUSES[Status(issue.status)])

    @display(description="It goes to")
    def goes_to(self, issue: Issue) -> SafeString:
        """How many people; asked after the page is there, for a million take a moment to count.

        An issue that found nobody to go to has begun, but has no audience yet.
        """
        return render_to_string("issue_goes_to.html", {"issue": issue, "frozen": issue.messages.exists()})

    @display(description="Subject")
    def sent_subject(self, issue: Issue) -> str:
        """The subject in the mail."""
        return _said(issue.edition, "subject")

    @display(description="Preheader")
    def sent_preheader(self, issue: Issue) -> str:
        """The preheader in the mail."""
        return _said(issue.edition, "preheader")

    @display(description="Posts", ordering="post_count")
    def posts(self, issue: Any) -> int:
        """How many posts it holds."""
        return int(issue.post_count)

    @display(description="Sent")
    def sent(self, issue: Any) -> SafeString | str:
        """How many of its messages have left; the whole story is in the report."""
        if not issue.for_count:
            return "—"
        return link(reverse("desk-report", args=(issue.pk,)), f"{issue.sent_count} of {issue.for_count}")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Only the buttons that the issue's status allows."""
        # Not get_object: Unfold asks before the transaction that its lock needs.
        issue = Issue.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        barred = {
            f"newsletter_issue_{name}" for name, verb in actions.VERBS.items() if not verb.offered(request.user, issue)
        }
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name not in barred]

    @action(description="Edit", icon="edit", permissions=["view"], url_path="see-contents", variant=actions.PRIMARY)
    def contents(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page on which the issue is made."""
        return HttpResponseRedirect(reverse("desk-edit", args=(object_id,)))

    @action(description="Preview", icon="visibility", permissions=["view"], url_path="see-preview")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that shows the issue as a mail."""
        return HttpResponseRedirect(reverse("desk-preview", args=(object_id,)))

    @action(description="Report", icon="monitoring", permissions=["view"], url_path="see-report")
    def report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that says what became of it."""
        return HttpResponseRedirect(reverse("desk-report", args=(object_id,)))

    @action(description="Approve", icon="check", permissions=["view"], variant=actions.PRIMARY)
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then bind an approval to what the issue says now."""
        return actions.ask("approve", request, object_id)

    @action(description="Schedule", icon="schedule", permissions=["view"], variant=actions.PRIMARY)
    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask when, then schedule."""
        return actions.ask("schedule", request, object_id)

    @action(description="Send now", icon="send", permissions=["view"])
    def send(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then send at once."""
        return actions.ask("send", request, object_id)

    @action(description="Pause", icon="pause", permissions=["view"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then pause."""
        return actions.ask("pause", request, object_id)

    @action(description="Resume", icon="play_arrow", permissions=["view"], variant=actions.PRIMARY)
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then resume."""
        return actions.ask("resume", request, object_id)

    @action(description="Cancel", icon="cancel", permissions=["view"], variant=actions.DANGER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then cancel."""
        return actions.ask("cancel", request, object_id)


def _said(edition: Edition | None, part: str) -> str:
    """A part of what was approved, as it reads for nobody in particular."""
    return for_nobody(edition, part) if edition else ""


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many rows belong to the outer one, counted apart so that two counts do not multiply."""
    counted = rows.order_by().values("issue").annotate(counted=Count("pk")).values("counted")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
