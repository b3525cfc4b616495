"""The lists and forms of the desk, a module for each room of the pipeline, in its order."""

from django.contrib import admin

from newsletter.desk.admin import (
    audit,
    collect,
    compose,
    fields,
    history,
    lists,
    mail,
    people,
    posted,
    replies,
    segments,
    send,
    staff,
    suppressions,
    test_groups,
    track,
)

__all__ = [
    "audit", "collect", "compose", "fields", "history", "lists", "mail", "people", "posted", "replies", "segments",
    "send", "staff", "suppressions", "test_groups", "track",
]  # fmt: skip

admin.site.index_title = "Today"
