"""The outbox is read as a mailbox, and nothing outside of it is read at all."""

from email.message import EmailMessage

import pytest
from django.urls import reverse

from newsletter.desk import mailbox

pytestmark = pytest.mark.django_db
BAD = ["..", "../..", ".", "%2e%2e", "..%2f..", "a/b", "A", "x.eml", "-1", "test-", "test-x", "1\n", "¹", "٣"]


@pytest.fixture
def write(config):
    """Write a message as the outbox transport does."""

    def write(name="1", newsletter="weekly", slug="2026-11-20", html="<p>Hello</p>", **headers):
        message = EmailMessage()
        given = {"From": "The Weekly <weekly@news.example.org>", "To": "Maja <maja@example.org>",
                 "Subject": "🌍 A whale falls", "Date": "Fri, 20 Nov 2026 07:00:00 +0000",
                 "List-Unsubscribe": "<http://127.0.0.1:8000/u/x>", **headers}  # fmt: skip
        for header, value in given.items():
            message[header] = value
        message.set_content("Hello in text")
        if html:
            message.add_alternative(html, subtype="html")
        folder = config.outbox / newsletter / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(message.as_bytes())

    return write


def page(client, *where, **query):
    name = {0: "desk-outbox", 2: "desk-outbox-folder", 3: "desk-outbox-message"}[len(where)]
    answer = client.get(reverse(name, args=where), query)
    assert answer.status_code == 200
    return answer.content.decode()


def body(answer):
    data = b"".join(answer.streaming_content)
    answer.close()
    return data


def test_an_empty_outbox_says_what_to_do(staff):
    found = page(staff)
    assert "Nothing has been sent through the outbox yet" in found
    assert "newsletter send ISSUE --test" in found


def test_folders_are_listed_with_their_counts_the_latest_first(staff, write, config):
    import os

    write("1")
    write("2")
    write("test-1")
    write("3", slug="2026-11-13")
    os.utime(config.outbox / "weekly" / "2026-11-13", (1, 1))
    (config.outbox / "weekly" / "2026-11-20" / "4.123.part").write_text("half written")
    (config.outbox / "weekly" / "empty").mkdir()
    first, second = mailbox.folders(config.outbox)
    assert (first.slug, first.messages, first.tests) == ("2026-11-20", 2, 1)
    assert (second.slug, second.messages, second.tests) == ("2026-11-13", 1, 0)
    found = page(staff)
    assert found.index("weekly 2026-11-20") < found.index("weekly 2026-11-13")


def test_a_folder_lists_tests_first_then_by_number(staff, write, config):
    for name in ("10", "9", "test-1"):
        write(name, To=f"reader{name}@example.org")
    assert mailbox.names(config.outbox, "weekly", "2026-11-20") == ["test-1", "9", "10"]
    found = page(staff, "weekly", "2026-11-20")
    for part in ("reader9@example.org", "🌍 A whale falls", "20 Nov 2026", ">Test<"):
        assert part in found.replace("\n", "").replace("  ", "")


def test_fifty_messages_make_a_page_and_no_other_file_is_opened(staff, write, config):
    for number in range(1, 52):
        write(str(number), To=f"reader{number}@example.org")
    (config.outbox / "weekly" / "2026-11-20" / "51.eml").write_bytes(b"\xff not a message")
    first = page(staff, "weekly", "2026-11-20")
    assert "reader50@example.org" in first
    assert "Page 1 of 2" in first
    assert "(no subject)" in page(staff, "weekly", "2026-11-20", page=2)


def test_a_message_shows_its_headers(staff, write):
    write()
    found = page(staff, "weekly", "2026-11-20", "1")
    for part in ("The Weekly &lt;weekly@news.example.org&gt;", "Maja &lt;maja@example.org&gt;", "🌍 A whale falls",
                 "&lt;http://127.0.0.1:8000/u/x&gt;", "List-Unsubscribe"):  # fmt: skip
        assert part in found


def test_a_message_shows_as_html_text_and_source(staff, write):
    write(html="<p>Hello in HTML</p>")
    where = ("weekly", "2026-11-20", "1")
    html = page(staff, *where)
    assert f'src="{reverse("desk-outbox-html", args=where)}"' in html
    assert "375" in html
    assert "Hello in text" in page(staff, *where, part="text")
    assert "Content-Type: multipart/alternative" in page(staff, *where, part="source")
    assert "iframe" in page(staff, *where, part="nonsense")


def test_no_script_of_a_message_ever_runs(staff, write):
    write(html="<html><head></head><body><script>alert(1)</script></body></html>")
    answer = staff.get(reverse("desk-outbox-html", args=("weekly", "2026-11-20", "1")))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page(staff, "weekly", "2026-11-20", "1")


def test_a_message_without_html_says_so(staff, write):
    write(html="")
    assert "no HTML part" in page(staff, "weekly", "2026-11-20", "1")


def test_a_message_is_downloaded_as_it_is(staff, write, config):
    write("test-1")
    answer = staff.get(reverse("desk-outbox-eml", args=("weekly", "2026-11-20", "test-1")))
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["Content-Disposition"] == 'attachment; filename="weekly-2026-11-20-test-1.eml"'
    assert body(answer) == (config.outbox / "weekly" / "2026-11-20" / "test-1.eml").read_bytes()


@pytest.mark.parametrize("part", BAD)
def test_a_name_that_could_lead_elsewhere_is_no_name(write, config, part):
    write()
    (config.outbox / "x.eml").write_text("secret")
    assert mailbox.file_of(config.outbox, part, "2026-11-20", "1") is None
    assert mailbox.file_of(config.outbox, "weekly", part, "1") is None
    assert mailbox.file_of(config.outbox, "weekly", "2026-11-20", part) is None
    assert mailbox.names(config.outbox, part, "2026-11-20") == []
    assert mailbox.names(config.outbox, "weekly", part) == []


@pytest.mark.parametrize(
    "path", ["../../etc/passwd/", "..%2f..%2fetc/passwd/", "weekly/../1/", "weekly/2026-11-20/../"]
)
def test_a_path_out_of_the_outbox_is_not_found(staff, write, path):
    write()
    assert staff.get(f"/desk/outbox/{path}").status_code in (301, 302, 404)
    assert staff.get(f"/desk/outbox/{path}", follow=True).status_code in (200, 404)


@pytest.mark.parametrize("where", [("nobody", "2026-11-20"), ("weekly", "2020-01-01"), ("weekly", "2026-11-20", "99")])
def test_what_is_not_there_is_not_found(staff, write, where):
    write()
    name = "desk-outbox-folder" if len(where) == 2 else "desk-outbox-message"
    assert staff.get(reverse(name, args=where)).status_code == 404


def test_a_link_out_of_the_outbox_is_not_followed(write, config, tmp_path):
    write()
    (tmp_path / "secret").write_text("secret")
    (config.outbox / "weekly" / "2026-11-20" / "2.eml").symlink_to(tmp_path / "secret")
    assert mailbox.file_of(config.outbox, "weekly", "2026-11-20", "2") is None


def test_an_empty_outbox_says_what_to_do_and_where_mail_goes_that_does_not_come_here(staff, settings, make_config):
    assert "Send yourself a test" in page(staff)
    settings.NEWSLETTER = make_config(send={"transport": "smtp", "smtp": {"host": "127.0.0.1"}})
    assert "No newsletter goes by the outbox" in page(staff)
