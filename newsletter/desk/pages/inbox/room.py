"""What the pages of the inbox have in common: who may use them, and which newsletter they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from newsletter import compose, roles
from newsletter.collect import adding
from newsletter.config import Newsletter
from newsletter.desk.pages.base import View
from newsletter.models.inbox import Inbox
from newsletter.settings import current

RIGHT = "newsletter.triage_post"


def triage_page(view: View) -> View:
    """Let in staff who may decide about posts, to look and to act."""
    asked = permission_required(RIGHT, raise_exception=True)(view)
    allowed = require_http_methods(["GET", "HEAD", "POST"])(asked)

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return admin.site.admin_view(allowed)(request, *args, **kwargs)

    return page


def newsletters_of(request: HttpRequest) -> Mapping[str, Newsletter]:
    """The newsletters whose inbox this member of staff may use."""
    known = current().newsletters
    return {name: known[name] for name in roles.among(request.user, RIGHT, known)}


@dataclass(frozen=True)
class Said:
    """What is said of the last press, and the buttons that go with it: `back` undoes it, `why` asks for a reason."""

    text: str
    level: str
    back: str = ""
    why: str = ""


def said(request: HttpRequest) -> list[Said]:
    """What is to be said on this page, once."""
    found = []
    for message in messages.get_messages(request):
        tags = (message.extra_tags or "").split()
        why = next((tag for tag in tags if tag.startswith("why:")), "")
        back = next((tag for tag in tags if tag.startswith(("undo:", "read:", "unread:"))), "")
        found.append(Said(str(message), message.level_tag, back, why))
    return found


@dataclass(frozen=True)
class Room:
    """The inbox of one newsletter."""

    name: str
    newsletter: Newsletter
    inbox: Inbox

    @classmethod
    def of(cls, request: HttpRequest, name: str) -> Room:
        """The one of this name; Http404 if there is none."""
        newsletter = newsletters_of(request).get(name)
        if newsletter is None:
            raise Http404(f"config.yaml has no newsletter '{name}'")
        return cls(name, newsletter, Inbox(name, newsletter.sources))

    @property
    def address(self) -> str:
        """Where its list is."""
        return reverse("desk-inbox-of", args=(self.name,))

    @property
    def sources(self) -> list[str]:
        """Where its posts come from."""
        return [*self.newsletter.sources, adding.NAME]

    @property
    def sections(self) -> list[str]:
        """The titles of its parts."""
        return [section.title for section in compose.sections_of(self.newsletter)]

    def story(self, number: int) -> str:
        """Where one post is shown."""
        return reverse("desk-inbox-post", args=(self.name, number))
