"""What machines ask for, and what every public page promises a browser."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from newsletter.reader import errors

pytestmark = pytest.mark.django_db


def test_robots_may_read_the_archive_and_not_what_belongs_to_one_reader_or_staff(client):
    answer = client.get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"] == "text/plain"
    barred = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow")]
    assert barred == ["/c/", "/confirm/", "/hooks/", "/l/", "/o/", "/p/", "/sign-in/", "/stay/", "/u/", "/v/", "/desk/"]
    assert lines[-1] == "Sitemap: http://127.0.0.1:8000/sitemap.xml"


@pytest.mark.parametrize("path", ["/", "/nowhere", "/u/x", "/healthz"])
def test_public_pages_run_no_script_and_take_nothing_from_elsewhere_but_pictures(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; img-src https: http: data: 'self'; style-src 'unsafe-inline' 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )


def test_the_desk_keeps_its_scripts(client):
    assert "Content-Security-Policy" not in client.get("/desk/login/").headers


def test_a_page_that_is_not_there_points_to_those_that_are(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


def test_a_fault_of_ours_is_owned_up_to_without_asking_the_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = errors.broken(rf.get("/"))
    assert answer.status_code == 500
    assert "The fault is ours" in answer.content.decode()


def test_a_fault_in_a_view_shows_that_page():
    def gone(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/robots.txt", "/issues/weekly/"])
def test_pages_are_only_read(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


def test_a_page_has_its_language_and_landmarks(client):
    page = client.get("/").content.decode()
    for part in ('<html lang="en" dir="ltr">', "<header", '<main id="content"', "<footer", 'href="#content"', "<h1"):
        assert part in page
