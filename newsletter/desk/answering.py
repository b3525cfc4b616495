"""Answering a reader in the publication's name, by mail and, if it is meant for all, on the issue's page."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from newsletter import links, render, tokens
from newsletter.markup.said import tidied
from newsletter.models import Edition, Notice, Reply
from newsletter.models.reply import digest
from newsletter.pipeline import Context


def answer(ctx: Context, reply: Reply, by: Any, text: str, public: bool) -> Notice | None:
    """Answer a reader in the publication's name: by mail, and if public on the page. Return the mail, if there is one.

    The mail's Reply-To knows this answer, so that the reader's next words come to the same thread.
    """
    top, now = reply.parent or reply, ctx.clock()
    letter, reader = ctx.config.newsletters.get(reply.issue.newsletter), reply.subscriber
    name = by.get_full_name() or (letter.title if letter else ctx.config.site.name)
    with transaction.atomic():
        if public:
            for one in {reply.pk, top.pk}:
                Reply.move(Reply.objects.filter(pk=one), Reply.State.PUBLISHED, now)
        answer, _ = Reply.take(
            digest(f"answer {reply.pk} {text}"), issue=reply.issue, parent=top, staff=by, author_name=name,
            via=Reply.Via.DESK, state=Reply.State.PUBLISHED if public else Reply.State.PRIVATE, text=tidied(text),
            received_at=now, published_at=now if public else None,
        )  # fmt: skip
        if reader is None or letter is None:
            return None
        facts = {
            "issue_title": _title(reply), "public": public, "your_words": reply.text, "answer": answer.text,
            "issue_url": links.replies(ctx.config, reply.issue.newsletter, reply.issue.slug), "answered_by": name,
        }  # fmt: skip
        until = now + ctx.config.track.replies.valid
        token = tokens.sign_until(answer.pk, until, ctx.key, tokens.THREAD) if letter.replies.address else ""
        return Notice.queue(
            Notice.Kind.ANSWER, reply.issue.newsletter, reader.email, facts, now, digest(f"answer {answer.pk}"),
            subscriber=reader, name=reader.name, answers_to=token,
        )  # fmt: skip


def _title(reply: Reply) -> str:
    """What the issue went out as to whoever replied, as it reads for nobody in particular."""
    edition = Edition.of(reply.issue, reply.message.variant if reply.message else "")
    return (render.for_nobody(edition, "subject") if edition else "") or reply.issue.slug
