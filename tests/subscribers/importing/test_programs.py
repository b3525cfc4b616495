"""The exports of other programs: known by their headers, and nobody who left there is written to from here."""

import io
import zipfile

import pytest

from subscribers import importing
from subscribers.models import Subscriber, Subscription, Suppression
from tests.factories import make_list, make_subscriber
from tests.subscribers.importing.conftest import reasons, told

pytestmark = pytest.mark.django_db

MAILCHIMP = (
    "Email Address,First Name,Last Name,Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{more}LEID,EUID,NOTES,TAGS\n"
)
ADA = "ada@example.org,Ada,Lovelace,Engines Ltd,2,2023-04-21 11:16:57,,2023-04-21 11:17:02,,,,,,Europe/London,GB,LND,"


def statuses():
    return dict(Subscription.objects.values_list("subscriber__key", "status"))


def joined(key):
    return Subscription.objects.get(subscriber__key=key).joined_at.isoformat()


def mailchimp_zip():
    subscribed = MAILCHIMP.format(more="LAST_CHANGED,") + ADA + '2024-01-01 00:00:00,1,a,,"""VIP"",""Berlin"""\n'
    unsubscribed = (
        MAILCHIMP.format(more="UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,")
        + ADA.replace("ada@", "bob@") + "2023-06-06 12:56:15,,,,,2,b,,\n"
    )  # fmt: skip
    cleaned = (
        MAILCHIMP.format(more="CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,")
        + ADA.replace("ada@", "cy@") + "2020-03-23 17:30:05,,,3,c,,\n" + "nobody,,,\n"
    )  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("subscribed_email_audience_export_0a1.csv", subscribed)
        archive.writestr("unsubscribed_email_audience_export_0a1.csv", unsubscribed)
        archive.writestr("cleaned_email_audience_export_0a1.csv", cleaned)
    return packed.getvalue()


def test_mailchimps_three_files_come_in_as_what_each_of_them_says(upload, load):
    assert importing.look(upload(mailchimp_zip(), "audience.zip")).format == "Mailchimp export (CSV in a zip file)"
    report = load(mailchimp_zip(), "audience.zip")
    assert told(report) == {"added": 1, "unsubscribed": 1, "suppressed": 1, "refused": 1}
    assert statuses() == {"ada@example.org": "active", "bob@example.org": "unsubscribed"}
    held = Suppression.objects.get()
    assert (held.key, held.kind, held.reason) == ("cy@example.org", "bounced", "imported from audience.zip")
    ada = Subscriber.objects.get(key="ada@example.org")
    assert (ada.name, ada.time_zone) == ("Ada Lovelace", "Europe/London")
    assert ada.fields == {
        "first_name": "Ada", "last_name": "Lovelace", "company": "Engines Ltd", "cc": "GB", "region": "LND",
    }  # fmt: skip
    assert {tag.title or tag.name for tag in ada.tags.all()} == {"VIP", "Berlin"}
    assert joined("ada@example.org") == "2023-04-21T11:17:02+00:00"


@pytest.mark.parametrize(
    ("member", "outcome"), [("unsubscribed_x.csv", "unsubscribed"), ("cleaned_x.csv", "suppressed")]
)
def test_one_of_mailchimps_files_alone_says_the_same(load, member, outcome):
    with zipfile.ZipFile(io.BytesIO(mailchimp_zip())) as archive:
        name = next(one for one in archive.namelist() if one.startswith(member.partition("_")[0]))
        report = load(archive.read(name), member)
    assert report.outcomes[outcome] == 1
    assert report.added == 0


@pytest.mark.parametrize(
    ("program", "text", "expected"),
    [
        (
            "Substack",
            (
                "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
                "ada@example.org,false,,other,false,2026-07-01T00:00:00.000Z,\n"
                "bob@example.org,true,2027-07-01T00:00:00.000Z,yearly,true,2026-06-01T00:00:00.000Z,\n"
            ),
            {"plan": "other", "active_subscription": False},
        ),
        (
            "Ghost",
            (
                "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,"
                "labels,tiers\n"
                'a1,ada@example.org,Ada,early,true,false,,2026-07-01T00:00:00.000Z,,"vip,Berlin",Gold\n'
                "b2,bob@example.org,Bob,,false,false,,2026-06-01T00:00:00.000Z,,,\n"
            ),
            {"note": "early", "complimentary_plan": False, "tiers": "Gold"},
        ),
        (
            "beehiiv",
            (
                "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,Free Tier,Premium Tier,"
                "unsubscribed_at,Subscription Date (Substack)\n"
                "ada@example.org,Ada,,active,free,2026-07-01 00:00:00 UTC,,Yes,No,,\n"
                "bob@example.org,Bob,,active,premium,2023-04-11 14:02:46 UTC,cus_1,No,Yes,2024-03-13 11:33:53 UTC,\n"
                "di@example.org,Di,,inactive,premium,2023-04-11 14:02:46 UTC,cus_1,No,Yes,,\n"
            ),
            {"first_name": "Ada", "tier": "free", "free_tier": True, "premium_tier": False},
        ),
        (
            "listmonk",
            (
                "uuid,email,name,attributes,status,created_at,updated_at\n"
                'u1,ada@example.org,Ada,"{""City"": ""Rome"", ""age"": 36, ""vip"": true}",enabled,'
                "2026-07-01T00:00:00Z,x\n"
                "u2,bob@example.org,Bob,{},disabled,2026-06-01T00:00:00Z,x\n"
            ),
            {"city": "Rome", "age": "36", "vip": "yes"},
        ),
        (
            "Buttondown",
            (
                "id,email_address,notes,metadata,tags,referrer_url,creation_date,secondary_id,type,source\n"
                'a,ada@example.org,,"{""plan"": ""gold""}",vip,,2026-07-01T00:00:00Z,1,regular,import\n'
                "b,bob@example.org,,,,,2026-06-01T00:00:00Z,2,unsubscribed,import\n"
            ),
            {"plan": "gold", "source": "import"},
        ),
    ],
)
def test_an_export_is_recognised_and_its_unsubscribed_stay_so(upload, load, program, text, expected):
    assert importing.look(upload(text)).format == f"{program} export (CSV)"
    report = load(text)
    assert report.outcomes["added"] == 1
    assert report.outcomes["unsubscribed"] >= 1
    assert {key for key, status in statuses().items() if status == "active"} == {"ada@example.org"}
    assert Subscriber.objects.get(key="ada@example.org").fields == expected
    assert joined("ada@example.org") == "2026-07-01T00:00:00+00:00"
    assert report.cells == 0


DASHBOARDS = [
    (
        "Email,Name,Subscription type,Activity,Subscription date,Revenue,Comments (all time),Subscriber country,"
        "Email opens (last 7 days),Expires at,First payment at,Paid upgrade date,Cancel date,Receiving emails for"
    ),
    (
        "Email,Name,Stripe plan,Cancel date,Start date,Paid upgrade date,First paid date,Type,Activity,Revenue,Country,"
        "Emails received (6mo),Emails opened (6mo),Last email open,Post views (30d),Expiration date,Sections"
    ),
]


@pytest.mark.parametrize("header", DASHBOARDS)
def test_what_substacks_dashboard_exports_is_known_in_its_old_and_its_new_form(upload, load, header):
    given = {"Email": "ada@example.org", "Name": "Ada", "Subscription type": "free", "Type": "free",
             "Subscription date": "2026-07-01T00:00:00.000Z", "Start date": "2026-07-01T00:00:00.000Z",
             "Cancel date": "2026-08-01T00:00:00.000Z", "Activity": "5", "Country": "IT"}  # fmt: skip
    text = f"{header}\n{','.join(given.get(name, '') for name in header.split(','))}\n"
    look = importing.look(upload(text))
    assert look.format == "Substack dashboard export (CSV)"
    assert "does not say who has turned mail off" in look.warnings[0]
    report = load(text)
    assert (told(report), report.cells) == ({"added": 1}, 0)
    ada = Subscriber.objects.get()
    assert (ada.name, joined(ada.key), statuses()) == ("Ada", "2026-07-01T00:00:00+00:00", {ada.key: "active"})
    assert ada.fields.items() >= {"cancel_date": "2026-08-01"}.items()
    assert ada.fields.keys() <= {"cancel_date", "subscription_type", "type", "country"}


@pytest.mark.parametrize(
    ("program", "header", "row", "outcome", "kind"),
    [
        ("listmonk", "uuid,email,attributes,status", "u,ada@example.org,,blocklisted", "suppressed", "manual"),
        ("beehiiv", "email,status,tier", "ada@example.org,pending,free", "refused", None),
        ("beehiiv", "email,status,tier", "ada@example.org,,free", "refused", None),
        ("Buttondown", "email,creation_date,type", "ada@example.org,,unactivated", "refused", None),
        ("Buttondown", "email,creation_date,type", "ada@example.org,,spammy", "suppressed", "manual"),
        ("Buttondown", "email,creation_date,type", "ada@example.org,,paused", "added", None),
        ("beehiiv", "email,status,tier", "ada@example.org,paused,free", "refused", None),
        ("Ghost", "email,subscribed_to_emails", "ada@example.org,TRUE", "added", None),
    ],
)
def test_what_a_word_means_depends_on_who_says_it_and_what_is_not_clear_is_refused(
    load, program, header, row, outcome, kind
):
    report = load(f"{header}\n{row}\n")
    assert told(report) == {outcome: 1}
    assert importing.look(report.job).format == f"{program} export (CSV)"
    assert list(Suppression.objects.values_list("kind", flat=True)) == ([kind] if kind else [])


def test_who_left_there_is_taken_off_the_list_here_and_it_is_kept_why(load):
    make_subscriber("ada@example.org")
    report = load("email,unsubscribed\nada@example.org,yes\n")
    assert told(report) == {"unsubscribed": 1}
    row = Subscription.objects.get()
    assert (row.status, row.how, row.import_number) == ("unsubscribed", "imported from people.csv", report.job.pk)
    assert list(row.subscriber.consents.values_list("action", flat=True)) == ["left"]


def test_a_status_of_another_meaning_is_a_field(load):
    load("email,status\nada@example.org,gold\nbob@example.org,silver\n")
    assert statuses() == {"ada@example.org": "active", "bob@example.org": "active"}
    assert Subscriber.objects.get(key="ada@example.org").fields == {"status": "gold"}


def test_attributes_that_are_no_object_are_reported(load):
    make_list()
    text = "uuid,email,attributes,status\nu,ada@example.org,[broken,enabled\n"
    report = load(text)
    assert (told(report), report.cells) == ({"added": 1}, 1)
    assert "this is no object of JSON" in reasons(report)[0][2]
