"""An issue, and a post published nowhere else, are public once the issue has gone out."""

import pytest
from django.urls import reverse

from newsletter import links
from newsletter.models import Issue
from tests.factories import make_issue, make_item, make_post, make_sent_issue

pytestmark = pytest.mark.django_db
NOT_OUT = [one for one in Issue.Status if one not in ("sending", "sent", "paused")]


@pytest.fixture
def sent():
    issue = make_sent_issue()
    make_item(issue, make_post(title="A whale falls", url="", html="<p>Slowly.</p>"))
    return issue


def path_of(issue):
    return reverse("issue", args=(issue.newsletter, issue.slug))


@pytest.mark.parametrize("status", ["sending", "sent", "paused", "cancelled"])
def test_an_issue_that_goes_or_went_out_is_public(client, sent, status):
    Issue.objects.update(status=status)
    answer = client.get(path_of(sent))
    assert answer.status_code == 200
    assert "A whale falls" in answer.content.decode()


@pytest.mark.parametrize("status", NOT_OUT)
def test_no_other_issue_is(client, sent, status):
    Issue.objects.update(status=status, started_at=None)
    assert client.get(path_of(sent)).status_code == 404


@pytest.mark.parametrize("path", ["/issues/weekly/2020-01-01/", "/issues/nobody/2026-11-20/"])
def test_an_issue_that_is_not_there_is_not_found(client, sent, path):
    assert client.get(path).status_code == 404


def test_an_issue_of_a_newsletter_that_is_gone_is_not_found(client):
    assert client.get(path_of(make_sent_issue(newsletter="gone"))).status_code == 404


def test_a_browser_that_has_the_issue_need_not_fetch_it_again(client, sent):
    first = client.get(path_of(sent))
    assert client.get(path_of(sent), headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(path_of(sent), headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    assert "public" in first["Cache-Control"]


def test_a_new_title_of_the_newsletter_is_fetched(client, sent, settings, make_config):
    tag = client.get(path_of(sent))["ETag"]
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"title": "The Renamed"}})
    assert client.get(path_of(sent), headers={"If-None-Match": tag}).status_code == 200


def test_a_post_of_an_issue_that_went_out_is_public(client, sent, config):
    post = sent.items.get().post
    answer = client.get(links.post(config, post.pk, post.title))
    assert answer.status_code == 200
    assert "Slowly." in answer.content.decode()
    assert client.get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("status", NOT_OUT)
def test_a_post_of_no_such_issue_is_not(client, sent, config, status):
    Issue.objects.update(status=status, started_at=None)
    post = sent.items.get().post
    assert client.get(links.post(config, post.pk, post.title)).status_code == 404


def test_a_post_in_no_issue_is_not_found(client, config):
    post = make_post()
    make_item(make_issue())
    assert client.get(links.post(config, post.pk, post.title)).status_code == 404


def test_a_post_that_is_published_elsewhere_has_no_page_of_ours(client, sent, config):
    post = make_item(sent, make_post()).post
    assert client.get(links.post(config, post.pk, post.title)).status_code == 404
    assert client.get(f"/share/posts/{post.pk}.png").status_code == 404


def test_a_post_in_two_issues_is_found_once(client, sent, config):
    post = sent.items.get().post
    make_item(make_sent_issue(), post)
    assert client.get(links.post(config, post.pk, post.title)).status_code == 200


def test_a_post_under_an_earlier_title_is_led_to_its_present_one(client, sent):
    post = sent.items.get().post
    answer = client.get(reverse("post", args=(post.pk, "something-else")))
    assert (answer.status_code, answer["Location"]) == (301, f"http://127.0.0.1:8000/posts/{post.pk}/a-whale-falls/")
