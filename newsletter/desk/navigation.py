"""The desk's sidebar, in the order of the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from newsletter import roles
from newsletter.models import Reply
from newsletter.models.payload import Posted
from newsletter.track import mail, webhook_sources

OWNERS = "owners"
"""Stands where a permission does: owners alone."""
# Heading: (title, icon, address, permission, further addresses that belong to it)
PAGES = {
    "Publication": (
        ("Newsletters", "menu_book", "desk-newsletters", "newsletter.view_issue"),
        ("Senders", "alternate_email", "desk-senders", "newsletter.view_issue"),
        ("Configuration", "tune", "desk-configuration", OWNERS),
    ),
    "Collect": (
        ("Sources", "rss_feed", "admin:newsletter_source_changelist", "newsletter.view_source"),
        ("Posts", "article", "admin:newsletter_post_changelist", "newsletter.view_post"),
    ),
    "Compose": (
        ("Inbox", "inbox", "desk-inbox", "newsletter.triage_post"),
        ("Issues", "newspaper", "admin:newsletter_issue_changelist", "newsletter.view_issue"),
        ("Calendar", "calendar_month", "desk-calendar", "newsletter.view_issue"),
        ("Themes", "palette", "desk-gallery", "newsletter.view_issue"),
        ("Test groups", "science", "admin:newsletter_testgroup_changelist", "newsletter.view_testgroup"),
    ),
    "Send": (
        ("Messages", "mail", "admin:newsletter_message_changelist", "newsletter.view_message"),
        ("Service mails", "mark_email_read", "admin:newsletter_notice_changelist", "newsletter.view_notice"),
        ("Outbox", "outbox", "desk-outbox", "newsletter.view_message"),
    ),
    "Track": (
        ("Engagement", "insights", "desk-letters", "newsletter.view_issue"),
        ("Events", "ads_click", "admin:newsletter_event_changelist", "newsletter.view_event"),
        ("Replies", "forum", "admin:newsletter_reply_changelist", "newsletter.view_reply"),
        ("Blocked addresses", "person_off", "admin:newsletter_muted_changelist", "newsletter.view_muted"),
        ("Webhook posts", "webhook", "admin:newsletter_posted_changelist", "newsletter.view_posted"),
        ("Unclear mail", "mark_email_unread", "admin:newsletter_payload_changelist", "newsletter.view_payload"),
        ("Rejected mail", "unsubscribe", "admin:newsletter_rejected_changelist", "newsletter.view_rejected"),
    ),
    "Audience": (
        ("Lists", "group", "admin:subscribers_list_changelist", "subscribers.view_list"),
        ("Subscribers", "person", "admin:subscribers_subscriber_changelist", "subscribers.view_subscriber"),
        ("Segments", "filter_alt", "admin:subscribers_segment_changelist", "subscribers.view_segment"),
        ("Tags", "sell", "admin:subscribers_tag_changelist", "subscribers.view_tag"),
        ("Fields", "data_object", "admin:subscribers_field_changelist", "subscribers.view_field"),
        ("Imports", "upload_file", "admin:subscribers_import_changelist", "subscribers.view_import"),
        ("Bulk changes", "checklist", "admin:subscribers_bulk_changelist", "subscribers.view_bulk"),
        ("Suppressions", "block", "admin:subscribers_suppression_changelist", "subscribers.view_suppression"),
        ("Consents", "handshake", "admin:subscribers_consent_changelist", "subscribers.view_consent"),
        ("Growth", "monitoring", "desk-growth", "subscribers.view_list"),
        ("Hygiene", "cleaning_services", "desk-hygiene", "subscribers.view_subscriber"),
    ),
    "Staff": (
        ("Users", "badge", "admin:auth_user_changelist", OWNERS),
        ("Groups", "groups", "admin:auth_group_changelist", OWNERS),
        ("Changes", "history", "admin:admin_logentry_changelist", "admin.view_logentry"),
    ),
}
# Pages of our own that belong to a list: Preview and Report are an issue's.
BELONGS = {
    "admin:newsletter_source_changelist": "/desk/source/",
    "admin:newsletter_issue_changelist": "/desk/issue/",
    "admin:newsletter_reply_changelist": "/desk/reply/",
    "admin:subscribers_subscriber_changelist": "/desk/person/",
    "admin:subscribers_import_changelist": "/desk/import/",
    "admin:subscribers_bulk_changelist": "/desk/bulk/",
    "admin:subscribers_suppression_changelist": "/desk/suppressions/",
    "admin:subscribers_segment_changelist": "/desk/segment/",
    "admin:subscribers_field_changelist": "/desk/field/",
    "admin:auth_user_changelist": "/desk/staff/",
}


def _not_understood() -> QuerySet[Any]:
    return Posted.not_understood().filter(source__in=webhook_sources())


# What is counted beside a title, where there is any.
WAITING: dict[str, Callable[[], QuerySet[Any]]] = {
    "admin:newsletter_reply_changelist": Reply.held,
    "admin:newsletter_posted_changelist": _not_understood,
    "admin:newsletter_payload_changelist": mail.not_understood,
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups and links that this member of staff may use."""
    groups = (
        {"title": heading, "items": [_item(request, *page) for page in pages if _may(request, page[3])]}
        for heading, pages in PAGES.items()
    )
    return [group for group in groups if group["items"]]


def _item(request: HttpRequest, title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    address = reverse(name)
    active = request.path.startswith((address, BELONGS.get(name, address)))
    # Unfold asks a plain bool's type for a way to call it, so the answer comes as a function.
    return {"title": title, "icon": icon, "link": address, "active": lambda _: active, **_badge(name)}


def _badge(name: str) -> dict[str, Any]:
    count = WAITING[name]().count() if name in WAITING else 0
    return {"badge": count, "badge_variant": "warning"} if count else {}


def _may(request: HttpRequest, permission: str) -> bool:
    """Whether they may anywhere: the page that is shown may be about one newsletter, the sidebar is not."""
    user: Any = request.user
    if permission == OWNERS:
        return roles.is_owner(user)
    return user.is_superuser or any(permission in one for one in roles.held(user).values())
