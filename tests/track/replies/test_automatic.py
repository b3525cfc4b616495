"""Mails that nobody wrote are dropped and recorded; what only looks like one is held for a person to read."""

import pytest

from newsletter.models import Rejected, Reply

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto-Submitted": "auto-replied"}, "automatic"),
        ({"Auto-Submitted": "auto-generated; x=y"}, "automatic"),
        ({"X-Autoreply": "yes"}, "automatic"),
        ({"X-Autorespond": ""}, "automatic"),
        ({"X-Auto-Response-Suppress": "OOF, AutoReply"}, "automatic"),
        ({"Precedence": "auto_reply"}, "automatic"),
        ({"Precedence": "Bulk"}, "automatic"),
        ({"List-Id": "<talk.example.org>"}, "list"),
        ({"Return-Path": "<>"}, "bounce"),
        ({"X-Failed-Recipients": "x@example.org"}, "bounce"),
        ({"From": "Mail Delivery System <MAILER-DAEMON@mx.example.org>"}, "bounce"),
        ({"From": "weekly@news.example.org"}, "loop"),
        ({"From": "Reply <Reply+abc@in.example.org>"}, "loop"),
        ({"Message-ID": "<17.weekly.2026-11-20@news.example.org>"}, "loop"),
        ({"Message-ID": "<notice-4.weekly.notices@NEWS.example.org>"}, "loop"),
        ({"X-Loop": "reply@in.example.org"}, "loop"),
    ],
)
def test_what_nobody_wrote_is_rejected_with_its_reason(arrive, mail, headers, why):
    found = arrive(mail(**headers))
    assert isinstance(found, Rejected)
    assert found.why == why
    assert found.reason


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"X-Autoreply": "no"},
        {"Precedence": "normal"},
        {"X-Auto-Response-Suppress": "None"},
        {"Return-Path": "<maja@example.org>"},
        {"Message-ID": "<CAF17.weekly@news.example.org>"},
        {"Message-ID": "<1.other.2026-11-20@news.example.org>"},
        {"X-Loop": "somebody@example.org"},
    ],
)
def test_what_a_person_may_have_written_is_not(arrive, mail, headers):
    assert isinstance(arrive(mail(**headers)), Reply)


@pytest.mark.parametrize("envelope_from", ["", "<>", "MAILER-DAEMON@mx.example.org"])
def test_an_empty_return_path_on_the_envelope_is_a_bounces(arrive, mail, envelope_from):
    assert arrive(mail(), envelope_from=envelope_from).why == "bounce"


def test_a_delivery_report_is_a_bounce(arrive, address):
    raw = (
        f"From: postbox@example.org\r\nTo: {address}\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n--b--\r\n"
    )
    assert arrive(raw.encode()).why == "bounce"


@pytest.mark.parametrize(
    "subject",
    ["Out of Office: Re: A whale falls", "Automatic reply: x", "Abwesenheitsnotiz", "Automatische Antwort: x",
     "Réponse automatique : x", "Absence du bureau", "Fuera de la oficina", "Respuesta automática",
     "Risposta automatica", "Fuori sede", "Automatisch antwoord", "Frånvaro", "自動返信", "不在通知", "自动回复",
     "부재중 자동 회신", "Автоответ"],
)  # fmt: skip
def test_an_out_of_office_subject_alone_is_held_and_with_a_mark_dropped(arrive, mail, subject):
    held = arrive(mail(Subject=subject))
    assert (held.state, "out-of-office" in held.note) == ("held", True)
    assert arrive(mail(Subject=subject, Auto_Submitted="auto-replied", Message_ID="<2@x>")).why == "automatic"


@pytest.mark.parametrize("subject", ["Re: A whale falls", "My office is a lighthouse", "Antwort", "I was away"])
def test_other_subjects_are_not_taken_for_one(arrive, mail, subject):
    assert arrive(mail(Subject=subject)).state == "published"
