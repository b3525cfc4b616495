"""Errands: what was asked for is done once, and what fails is tried again with nothing half done."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsletter import errands, pipeline
from newsletter.errands import signing_in
from newsletter.models import Errand, Notice, SignIn, Turn
from subscribers.models import Consent, Subscriber, Subscription
from tests.factories import NOW, make_list, make_notice, make_subscriber, occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def ctx(settings, make_config):
    settings.NEWSLETTER = make_config()
    return pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY)


def wish(**changes):
    how = {"source": "page", "address": "203.0.113.0", "form": "/lists/readers/", "words": "Yes.", "issue": ""}
    held = {"list": "readers", "newsletter": "weekly", "email": "ada@example.org", **changes}
    Errand.leave(Errand.Kind.SIGN_UP, {"wish": held, "how": how}, timezone.now())


def test_an_errand_is_done_once_though_two_workers_have_it(ctx):
    wish()
    one, other = Errand.objects.get(), Errand.objects.get()
    assert errands.carry_out(ctx.config, ctx.key, one, ctx.clock()) is True
    assert errands.carry_out(ctx.config, ctx.key, other, ctx.clock()) is False
    assert Notice.objects.count() == Consent.objects.count() == 1


def test_what_fails_is_undone_and_tried_again_and_keeps_nobody_waiting(ctx, caplog):
    wish(wrong="field")
    wish()
    pipeline.do_errands(ctx)
    assert Notice.objects.count() == 1
    left = Errand.objects.get()
    assert left.due_at > timezone.now() + timedelta(seconds=50)
    assert "is tried again in a minute" in caplog.text
    assert Errand.due(timezone.now()) == []
    pipeline.do_errands(ctx)
    assert Errand.objects.count() == 1


def test_a_list_that_left_config_yaml_meanwhile_is_nobodys_errand(ctx, caplog):
    wish(list="gone")
    wish(newsletter="gone")
    pipeline.do_errands(ctx)
    assert not Errand.objects.exists()
    assert not Subscriber.objects.exists()
    assert "no longer in config.yaml" in caplog.text


def test_tidying_forgets_who_never_confirmed_and_the_mail_that_asked_them(ctx, now):
    wish()
    pipeline.do_errands(ctx)
    Notice.objects.update(state="submitted")
    make_notice(state="submitted")
    long_ago = timezone.now() - timedelta(days=8)
    Subscription.objects.filter(status="pending").update(changed_at=long_ago)
    Notice.objects.update(created_at=long_ago)
    Errand.leave(Errand.Kind.SIGN_UP, {}, long_ago)
    pipeline.tidy(ctx)
    assert not Subscriber.objects.filter(key="ada@example.org").exists()
    assert [notice.kind for notice in Notice.objects.all()] == ["sign_in"]
    assert not Errand.objects.exists()


def test_signing_in_asks_the_database_the_same_for_a_stranger_and_a_reader(ctx):
    make_subscriber("known@example.org")
    counts = []
    for email in ("known@example.org", "stranger@example.org"):
        Turn.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            signing_in.take(email, "203.0.113.7", "/", NOW)
        counts.append([one["sql"].partition(" ")[0] for one in asked])
    assert counts[0] == counts[1]
    pipeline.do_errands(ctx)
    assert (SignIn.objects.count(), Notice.objects.get().to) == (1, "known@example.org")


def test_words_that_wait_for_a_sign_in_are_dropped_with_their_issue(ctx):
    make_subscriber("known@example.org")
    words = {"issue": 999, "text": "Hello", "name": "", "parent": None}
    signing_in.take("known@example.org", "203.0.113.7", "/", NOW, "weekly", words)
    pipeline.do_errands(ctx)
    assert SignIn.objects.get().reply is None


def test_an_old_wish_still_finds_its_list(ctx):
    make_list("readers")
    wish()
    pipeline.do_errands(ctx)
    assert Consent.objects.get().wording.text == "Yes."
    assert occasion().at == NOW
