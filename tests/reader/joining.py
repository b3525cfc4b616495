"""The forms of lists as tests send them, and what comes of them."""

from urllib.parse import urlsplit

from django.utils import timezone

from newsletter.models import Notice
from newsletter.reader.stamps import Stamp
from subscribers.models import Subscription
from tests.reader.doing import behind_the_answer
from tests.reader.pages import Page, faults

PATH = "/subscribe/weekly/"
LINKS = {"confirm": "confirm_url", "welcome": "preferences_url", "preferences": "preferences_url"}


def sound(answer):
    page = Page(answer)
    assert faults(page.source) == []
    return page


def stamp(name="readers", ago=10.0, **more):
    """The stamp of a form that was shown so many seconds ago."""
    return Stamp(name, timezone.now().timestamp() - ago, **more).sign()


def ask(client, email="Ada@example.org", path=PATH, **fields):
    """Send the form as somebody does who took ten seconds; then what follows from it is done."""
    headers = fields.pop("headers", {"Sec-Fetch-Site": "same-origin"})
    answer = client.post(path, {"email": email, "website": "", "stamp": stamp(), **fields}, headers=headers)
    behind_the_answer()
    return answer


def mailed(kind="confirm"):
    """The path of the link in the newest mail of this kind that is waiting."""
    return urlsplit(Notice.objects.filter(kind=kind).latest("pk").facts[LINKS[kind]]).path


def standing(email):
    held = Subscription.objects.filter(subscriber__key=email).order_by("list__name")
    return list(held.values_list("list__name", "status"))
