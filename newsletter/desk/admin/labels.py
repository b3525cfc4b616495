"""The colour of each status and state, the same on every page of the desk."""

from __future__ import annotations

from newsletter.models import Issue, Message

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
