"""What helps while somebody writes: a look at the words, pasted text, emoji, pictures, who else is there."""

from __future__ import annotations

from functools import lru_cache

import emoji
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from newsletter import render as rendering
from newsletter.desk.actions import SeeOther
from newsletter.desk.editor import pictures
from newsletter.desk.editor.forms import LONGEST
from newsletter.desk.pages.base import staff_page
from newsletter.markup.clean import LONGEST as LONGEST_PASTED
from newsletter.markup.pasted import to_markdown
from newsletter.models import Issue
from newsletter.models.editing import Opened
from newsletter.settings import current

CHANGE = "newsletter.change_issue"
SHOWN = 80
"""Emoji that are offered at once."""
FIRST = """
👋 ✨ 🎉 🚀 🔥 ⭐ ❤️ 👍 👏 🙌 💡 📝 📰 📅 🔔 📣 📚 📖 🔖 📌 🔗 📧 📷 🎨 🎵 🎥 🎧
🎙️ 🌍 🌎 🌏 🌱 🌿 🍃 🌻 🌊 🐋 🐦 🐕 🐈 ☀️ 🌧️ ❄️ 🌈 ☕ 🍕 🎂 🏆 ⚽ 🚲 🚆 ✈️ 🏠 🏭 🏥 🏫 🏦 💰 📈 ⚙️ 🔧 🔬 🔭
🧬 🧠 🤖 💻 🔒 🔑 ❓ ❗ ✅ ❌ ⚠️ ➡️ 👉 👀 🤔 😄 😂 😢 🙏 🤝 🗳️ 🧭
"""


@staff_page(CHANGE, posts=True)
def look(request: HttpRequest, number: int) -> HttpResponse:
    """What is being written, as readers will see it; nothing is kept."""
    issue = get_object_or_404(Issue, pk=number)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    context: dict[str, object] = {}
    if len(text) > LONGEST:
        context["fault"] = f"This has {len(text):,} characters, and {LONGEST:,} is the most."
    else:
        try:
            context["blocks"] = rendering.own_for_nobody(text, issue, current())
        except rendering.RenderError as error:
            context["fault"] = str(error)
    return render(request, "editor_look.html", context)


@staff_page(CHANGE, posts=True)
def paste(request: HttpRequest, number: int) -> HttpResponse:
    """Pasted HTML as Markdown."""
    source = request.POST.get("html", "")
    if len(source) > LONGEST_PASTED:
        said = f"What you pasted is too long: {LONGEST_PASTED:,} characters at most. Paste it in parts."
        return JsonResponse({"error": said}, status=413)
    pasted = to_markdown(source)
    said = ""
    if pasted.left_out:
        what = "A picture was" if pasted.left_out == 1 else f"{pasted.left_out} pictures were"
        said = f"{what} left out of what you pasted. Upload pictures with the picture button."
    return JsonResponse({"text": pasted.text, "said": said})


@staff_page(CHANGE, posts=True)
def picture(request: HttpRequest, number: int) -> HttpResponse:
    """Keep an uploaded picture, and say how it is written in Markdown."""
    issue = get_object_or_404(Issue, pk=number)
    by_script = request.headers.get("Accept", "").startswith("application/json")
    upload, words = request.FILES.get("file"), " ".join(request.POST.get("alt", "").split())[:1_000]
    error, address = "", ""
    if upload is None or upload.file is None:
        error = "Choose a picture first."
    elif not words:
        error = "Say what the picture shows: it is read out to whoever does not see it."
    else:
        try:
            kept = pictures.keep(upload.file, upload.size or 0, request.user)
            address = pictures.address(current(), kept)
        except pictures.PictureRefused as refused:
            error = str(refused)
    words = words.replace("[", "(").replace("]", ")")
    if by_script:
        given = {"error": error} if error else {"url": address, "text": f"![{words}]({address})"}
        return JsonResponse(given, status=422 if error else 200)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, f"The picture is kept. Put this where it belongs: ![{words}]({address})")
    return SeeOther(f"{reverse('desk-edit', args=(issue.pk,))}#pictures")


@staff_page(CHANGE, posts=True)
def here(request: HttpRequest, number: int) -> HttpResponse:
    """Note that somebody has the issue open; say who else has, and which version it is at."""
    issue = get_object_or_404(Issue, pk=number)
    now = timezone.now()
    if request.method == "POST":
        Opened.beat(issue, request.user, now)
    last = issue.revisions.select_related("by").defer("state").first()
    return JsonResponse({
        "others": Opened.others(issue, request.user, now),
        "version": issue.version,
        "by": (last.by.get_full_name() or last.by.get_username()) if last and last.by else "",
        "at": f"{timezone.localtime(last.at):%H:%M:%S %Z}" if last else "",
        "editable": issue.status in Issue.EDITABLE,
    })  # fmt: skip


@staff_page("newsletter.view_issue")
def emojis(request: HttpRequest) -> HttpResponse:
    """Emoji by a word of their names; without one, some that newsletters use."""
    return JsonResponse({"found": found(request.GET.get("q", ""))})


def found(query: str) -> list[tuple[str, str]]:
    """Emoji whose names hold all words of a query, those with the shortest names first, each with its name."""
    words = query.lower().replace("_", " ").split()[:5]
    if not words:
        return [(one, _names()[one]) for one in FIRST.split()]
    fits = ((one, name) for one, name in _names().items() if all(word in name for word in words))
    return sorted(fits, key=lambda pair: len(pair[1]))[:SHOWN]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """The name of each emoji that fully counts as one, and its other English names behind it."""
    known = {}
    for one, about in emoji.EMOJI_DATA.items():
        if about["status"] == emoji.STATUS["fully_qualified"]:
            names = (about["en"], *about.get("alias", ()))
            known[one] = ", ".join(dict.fromkeys(name.strip(":").replace("_", " ").lower() for name in names))
    return known
