"""The colour of each status and state, the same on every page of the desk."""

from __future__ import annotations

from newsletter.models import Issue, Message, Notice, Reply

_Status, _State = Issue.Status, Message.State

STATUSES = {
    _Status.DRAFT: "default",
    _Status.IN_REVIEW: "info",
    _Status.APPROVED: "primary",
    _Status.SCHEDULED: "info",
    _Status.SENDING: "warning",
    _Status.PAUSED: "danger",
    _Status.SENT: "success",
    _Status.SKIPPED: "default",
    _Status.CANCELLED: "default",
}
STATES = {
    _State.HELD: "info",
    _State.PENDING: "info",
    _State.SUBMITTING: "info",
    _State.SUBMITTED: "success",
    _State.DELIVERED: "success",
    _State.DEFERRED: "warning",
    _State.UNCERTAIN: "warning",
    _State.FAILED: "danger",
    _State.BOUNCED: "danger",
    _State.COMPLAINED: "danger",
}
REPLIES = {
    Reply.State.UNCONFIRMED: "default",
    Reply.State.HELD: "warning",
    Reply.State.PUBLISHED: "success",
    Reply.State.HIDDEN: "default",
    Reply.State.PRIVATE: "info",
}
NOTICES = {
    Notice.State.PENDING: "info",
    Notice.State.SUBMITTING: "info",
    Notice.State.SUBMITTED: "success",
    Notice.State.FAILED: "danger",
    Notice.State.UNCERTAIN: "warning",
}
