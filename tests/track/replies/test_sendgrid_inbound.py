"""SendGrid's Inbound Parse: forms in declared charsets, whole mails in one field, and attachments of any size."""

import io
import json
import tracemalloc

import pytest

from newsletter import links, tokens
from newsletter.models import Event, Payload, Rejected, Reply
from tests.track.mail import samples
from tests.track.replies.conftest import SECRET

pytestmark = pytest.mark.django_db
PATH = f"/hooks/sendgrid/inbound/{SECRET}/"
BOUNDARY = "xYzZY"


def form(fields, files=()):
    """A multipart body as SendGrid sends it: no charset on the parts, bytes as they came."""
    parts = []
    for name, value in fields.items():
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + data)
    for name, filename, data in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts.append(f"{head}Content-Type: image/png\r\n\r\n".encode() + data)
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def parsed(address, text=b"Lovely issue!", **more):
    headers = f"From: Maja <maja@example.org>\nTo: {address}\nSubject: Re: A whale falls\nMessage-ID: <s@x>\n"
    fields = {
        "headers": headers, "to": address, "from": "Maja <maja@example.org>", "text": text,
        "envelope": json.dumps({"to": [address], "from": "maja@example.org"}),
        "charsets": json.dumps({"to": "UTF-8", "text": "iso-8859-1", "html": "utf-8"}), **more,
    }  # fmt: skip
    return fields


def post(client, fields, files=(), path=PATH):
    return client.post(path, form(fields, files), content_type=f"multipart/form-data; boundary={BOUNDARY}")


def test_a_form_becomes_a_reply(client, address, message):
    answer = post(client, parsed(address, "Schön!".encode("latin-1")))
    assert (answer.status_code, answer.content) == (200, b"taken")
    reply = Reply.objects.get()
    assert (reply.text, reply.subscriber, reply.state) == ("Schön!", message.subscriber, "published")


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "utf-16"])
def test_fields_are_read_in_the_charset_they_are_declared_in(client, address, charset):
    charsets = json.dumps({"text": charset})
    post(client, parsed(address, "ありがとう".encode(charset), charsets=charsets))
    assert Reply.objects.get().text == "ありがとう"


@pytest.mark.parametrize("charsets", ["", "not json", "[]", '{"text": 7}', '{"text": "no-such"}'])
def test_a_wrong_charset_loses_no_word(client, address, charsets):
    post(client, parsed(address, "Schön".encode(), charsets=charsets))
    assert Reply.objects.get().text == "Schön"


def test_html_alone_is_enough(client, address):
    post(client, parsed(address, b"", html="<p>Hello <i>you</i></p><blockquote>old</blockquote>"))
    assert Reply.objects.get().text == "Hello you"


@pytest.mark.parametrize("envelope", ["", "{", "[]", '{"to": "x"}', '{"to": [null, 7], "from": 3}'])
def test_a_broken_envelope_does_not_matter(client, address, envelope):
    post(client, parsed(address, envelope=envelope))
    assert Reply.objects.count() == 1


def test_an_attachment_of_forty_megabytes_costs_nothing(client, address):
    body = form(parsed(address), [("attachment1", "whale.png", b"\0" * 40_000_000)])
    tracemalloc.start()
    answer = client.generic("POST", PATH, body, f"multipart/form-data; boundary={BOUNDARY}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 200
    reply = Reply.objects.get()
    assert (reply.text, reply.note) == ("Lovely issue!", "attachments were left out: whale.png")
    # The test's client holds the body itself once more; what is left is ours.
    assert peak < 50_000_000


def raw_mail(mail, attachment=b""):
    made = mail("Lovely issue!")
    if attachment:
        made.add_attachment(attachment, maintype="image", subtype="png", filename="whale.png")
    return made.as_bytes()


def test_the_raw_mode_is_read_too(client, mail, address, message):
    fields = {"email": raw_mail(mail), "envelope": json.dumps({"to": [address], "from": "maja@example.org"})}
    assert post(client, fields).status_code == 200
    assert Reply.objects.get().subscriber == message.subscriber


def test_the_raw_mode_with_forty_megabytes_is_read_as_far_as_needed(client, mail, address):
    post(client, {"email": raw_mail(mail, b"\0" * 30_000_000)})
    reply = Reply.objects.get()
    assert reply.text == "Lovely issue!"
    assert (reply.state, "too large to be read whole" in reply.note) == ("held", True)


def test_the_same_post_twice_is_one_reply(client, address):
    for _ in range(2):
        assert post(client, parsed(address)).status_code == 200
    assert Reply.objects.count() == 1


def test_an_automatic_answer_is_no_reply_and_the_post_answered(client, address, message):
    fields = parsed(address)
    fields["headers"] += "Auto-Submitted: auto-replied\n"
    assert post(client, fields).status_code == 200
    assert [(one.kind, one.message) for one in Event.objects.all()] == [("auto_reply", message)]
    assert not Reply.objects.exists()


def test_a_bounce_that_is_posted_whole_is_recognised(client, address, message, config, settings):
    way_out = links.unsubscribe(config, tokens.sign(message.pk, settings.SECRET_KEY))
    bounce = samples.postfix(address, returned=samples.original(message.pk, way_out))
    assert post(client, {"email": bounce}).status_code == 200
    assert Event.objects.get().kind == "bounced"


def test_a_bounce_that_is_not_understood_is_kept(client, address, message):
    bounce = samples.postfix(address)
    assert post(client, {"email": bounce}).status_code == 200
    kept = Payload.objects.get()
    assert (kept.source, kept.data, bool(kept.fault), bool(kept.done_at)) == ("mail", bounce, True, True)
    assert not Event.objects.exists()


@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], SECRET + "x", "ü"])
def test_a_wrong_secret_is_not_found(client, address, secret):
    assert post(client, parsed(address), path=f"/hooks/sendgrid/inbound/{secret}/").status_code == 404
    assert not Reply.objects.exists()


def test_without_a_secret_in_the_configuration_there_is_nothing(client, address, settings, make_config):
    settings.NEWSLETTER = make_config()
    assert post(client, parsed(address)).status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_it_is_only_posted_to(client, method):
    assert getattr(client, method)(PATH).status_code == 405


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"x=1", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"),
        (b"\xff" * 1000, "multipart/form-data"),
    ],
)
def test_what_is_no_mail_is_recorded_and_not_asked_for_again(client, body, kind):
    for _ in range(2):
        assert client.generic("POST", PATH, body, kind).status_code == 200
    assert Rejected.objects.get().why == "unreadable"


def test_no_cookie_is_asked_for(address):
    from django.test import Client

    assert post(Client(enforce_csrf_checks=True), parsed(address)).status_code == 200


def test_a_body_that_breaks_off_is_recorded(client, address):
    body = form(parsed(address))[:-40]
    answer = client.generic("POST", PATH, io.BytesIO(body).read(), f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == 200
    assert Reply.objects.count() + Rejected.objects.count() == 1
