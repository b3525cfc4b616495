"""The exports of other programs, known by their headers, and what their columns are."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A program: the headers that give its export away, as `fields.slug` writes them, and what each of its columns is.

    A meaning is a key of MEANINGS; `yes_no`, `date` and `number` are fields of that kind. What is not named is `rest`:
    a field of a kind that is guessed, or skipped. `warning` is told before anything is imported.
    """

    name: str
    title: str
    marks: tuple[frozenset[str], ...]
    columns: dict[str, str] = field(default_factory=dict)
    rest: str = "field"
    warning: str = ""


def _columns(**of: str) -> dict[str, str]:
    """Meanings with their headers turned about: each header with its meaning."""
    return {header: meaning for meaning, headers in of.items() for header in headers.split()}


def _marks(*alternatives: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(headers.split()) for headers in alternatives)


PROGRAMS = (
    Program(
        "mailchimp", "Mailchimp", _marks("email_address leid euid", "email_address optin_time confirm_time"),
        _columns(
            email="email_address", first_name="first_name", last_name="last_name", joined_at="confirm_time",
            time_zone="timezone", tags="tags", unsubscribed_at="unsub_time", bounced_at="clean_time",
            skip="member_rating optin_time optin_ip confirm_ip latitude longitude gmtoff dstoff last_changed leid euid "
            "unsub_campaign_title unsub_campaign_id unsub_reason unsub_reason_other clean_campaign_title "
            "clean_campaign_id",
        ),
    ),
    Program(
        # active_subscription is about paying: who reads for free has false there.
        "substack", "Substack", _marks("email email_disabled"),
        _columns(
            email="email", opted_out="email_disabled", joined_at="created_at", name="name",
            yes_no="active_subscription", date="expiry first_payment_at",
            skip="digest_enabled prefer_digests stripe_connected_customer_id",
        ),
    ),
    Program(
        # What the dashboard exports: the columns that somebody has ticked, by labels that have changed over the years.
        # The cancel date is one of paying. Most of the rest counts opens and clicks.
        "substack_dashboard", "Substack dashboard",
        _marks("email subscription_type activity", "email stripe_plan cancel_date", "email stripe_plan start_date",
               "email type start_date activity", "email start_date emails_received_6mo"),
        _columns(
            email="email", name="name", joined_at="start_date subscription_date", tags="tags",
            field="type subscription_type stripe_plan subscription_interval country subscriber_country state_province "
            "subscription_source_free subscription_source_paid sections receiving_emails_for",
            date="cancel_date expiration_date expires_at first_paid_date first_payment_at paid_upgrade_date",
        ),
        rest="skip",
        warning="this export does not say who has turned mail off, and tells by “Cancel date” only who stopped paying; "
        "the zip of Settings → Exports says it: bring that in as well, or instead",
    ),
    Program(
        "ghost", "Ghost", _marks("email subscribed_to_emails", "email labels complimentary_plan"),
        _columns(
            email="email", name="name", status="subscribed_to_emails", joined_at="created_at", tags="labels",
            unsubscribed_at="deleted_at", yes_no="complimentary_plan", field="note tiers products",
            skip="id stripe_customer_id gift_id",
        ),
    ),
    Program(
        "beehiiv", "beehiiv",
        _marks("email status tier", "email status subscription_tier", "email status subscriber_id"),
        _columns(
            email="email", first_name="first_name", last_name="last_name", status="status", joined_at="created_at",
            unsubscribed_at="unsubscribed_at", yes_no="free_tier premium_tier", field="tier subscription_tier",
            skip="stripe_customer_id subscriber_id subscription_date_substack",
        ),
    ),
    Program(
        "listmonk", "listmonk", _marks("uuid email attributes status"),
        _columns(
            email="email", name="name", status="status", attributes="attributes", joined_at="created_at",
            skip="uuid updated_at",
        ),
    ),
    Program(
        "buttondown", "Buttondown",
        _marks("email creation_date type", "email_address creation_date type", "email creation_date subscriber_type",
               "email_address creation_date subscriber_type", "email creation_date secondary_id"),
        _columns(
            email="email email_address", status="type subscriber_type", joined_at="creation_date", tags="tags",
            attributes="metadata", field="notes referrer_url source utm_campaign utm_medium utm_source",
            skip="id secondary_id stripe_customer_id avatar_url ip_address",
        ),
    ),
)  # fmt: skip

# What columns are called where no program is recognised.
ELSEWHERE = _columns(
    email="email e_mail mail email_address e_mail_address emailaddress mail_address emailadresse e_mail_adresse "
    "email_adresse mailadresse courriel adresse_e_mail adresse_email correo correo_electronico",
    name="name full_name fullname display_name",
    first_name="first_name firstname fname given_name givenname forename vorname prenom",
    last_name="last_name lastname lname surname family_name familyname nachname nom_de_famille",
    language="language lang locale sprache langue",
    time_zone="time_zone timezone tz",
    joined_at="joined_at joined subscribed_at subscribed_on created_at signup_date date_added opt_in_time optin_time "
    "date_joined subscription_date confirmed_at",
    status="status subscribed subscription_status subscriber_status",
    opted_out="unsubscribed opted_out opt_out optout email_disabled do_not_email",
    unsubscribed_at="unsubscribed_at unsub_time date_unsubscribed",
    bounced_at="bounced_at",
    tags="tags labels",
    skip="lists suppressed",
)

OF_SUPPRESSIONS = _columns(
    email="email e_mail mail email_address address key",
    hash="hash sha256 sha_256 email_hash email_sha256 md5 email_md5 md5_hash md5_email email_address_md5",
    kind="kind type status",
    reason="reason note description bounce_reason",
)


def recognised(headers: frozenset[str]) -> Program | None:
    """The program whose export has these headers."""
    return next((one for one in PROGRAMS if any(marks <= headers for marks in one.marks)), None)


def title_of(name: str) -> str:
    """What a program is called."""
    return next((one.title for one in PROGRAMS if one.name == name), "")
