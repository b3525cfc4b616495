"""Browsers for the tests of replies: one that posts from our pages, and one that is signed in besides."""

from datetime import timedelta

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletter import tokens
from newsletter.models import Notice, SignIn
from newsletter.reader.signed_in import COOKIE
from tests.reader.doing import behind_the_answer

HERE = {"Sec-Fetch-Site": "same-origin"}


def browser(reader=None):
    """A browser whose forms come from our own pages; with a reader, one that they are signed in with."""
    client = Client(headers=HERE, enforce_csrf_checks=True)
    if reader is not None:
        now = timezone.now()
        made = SignIn.objects.create(subscriber=reader, created_at=now, used_at=now)
        until = now + timedelta(days=1)
        client.cookies[COOKIE] = tokens.sign_until(made.pk, until, settings.SECRET_KEY, tokens.SIGNED_IN)
    return client


def replies_of(issue):
    return reverse("replies", args=(issue.newsletter, issue.slug))


def mailed_link():
    """The path of the newest sign-in link that was mailed."""
    behind_the_answer()
    url = Notice.objects.filter(kind="sign_in").latest("pk").facts["sign_in_url"]
    return url.removeprefix("http://127.0.0.1:8000")


def text_of(answer):
    return answer.content.decode()
