"""Every code that a finding may have: its level, group and meaning. docs/checks.md is drawn from this table."""

from __future__ import annotations

from typing import NamedTuple

from newsletter.config.preflight import Level


class Code(NamedTuple):
    """What is looked for under one code."""

    level: Level
    group: str
    title: str
    means: str


LINKS, READING, WORDS, SUBJECT, LAW, AUDIENCE, TRIAL, SENDING = (
    "Links and images", "Reading", "Words", "Subject", "What the law asks for", "Audience and stories", "A/B test",
    "Sending",
)  # fmt: skip
CODES: dict[str, Code] = {
    "render": Code(
        "blocker", WORDS, "It cannot be rendered",
        "the issue cannot be made into a mail at all",
    ),
    "link-broken": Code(
        "blocker", LINKS, "Broken link",
        "the server says that there is nothing (404, 410), or there is no such host",
    ),
    "link-relative": Code(
        "blocker", LINKS, "Relative link",
        "an address without `https://` and a host, which leads nowhere from a mail; or a jump to a place that the "
        "mail does not have",
    ),
    "link-staging": Code(
        "blocker", LINKS, "Link to a private place",
        "localhost, private addresses, `.local`, `.internal`, `.test`, `.example`, `example.org` and the like; a "
        "note where our own site lies there too, a warning for hosts called `staging` or `preview`",
    ),
    "link-private": Code(
        "blocker", LINKS, "Link that ends at a private address",
        "a public name, or a redirect, that leads to an address inside a private network",
    ),
    "link-plain-http": Code(
        "warning", LINKS, "Link without encryption",
        "the address begins with `http://`; browsers warn of such pages",
    ),
    "link-shortened": Code(
        "warning", LINKS, "Shortened link",
        "a link shortener hides where it leads; spam filters dislike that",
    ),
    "link-doubtful": Code(
        "warning", LINKS, "Link that did not answer",
        "no answer in time, a fault of the server (5xx), or no way there from here; it may pass",
    ),
    "link-tls": Code(
        "warning", LINKS, "Link with a bad certificate",
        "the certificate of the site is not valid, so browsers warn",
    ),
    "link-refused": Code(
        "note", LINKS, "Link that programs may not look at",
        "the server lets no program in (401, 403, 405, 429 and the like); a person may well see the page",
    ),
    "link-redirects": Code(
        "note", LINKS, "Link that has moved for good",
        "the server says that the page has another address now",
    ),
    "link-unchecked": Code(
        "warning", LINKS, "Links not looked at yet",
        "nobody has looked yet whether these lead anywhere",
    ),
    "link-text": Code(
        "warning", READING, "Link that says nothing",
        "the words of a link are `here`, `read more` and the like, in the newsletter's language or in English",
    ),
    "link-silent": Code(
        "warning", READING, "Link without words",
        "there is nothing to hear or to read in the link: no text, or an image without words",
    ),
    "image-alt": Code(
        "warning", READING, "Image without words",
        "no alternative text; many readers see the words alone. A note where a feed brought the picture",
    ),
    "image-broken": Code(
        "blocker", LINKS, "Broken image",
        "the image is not where its address says",
    ),
    "heading-order": Code(
        "warning", READING, "Headings out of order",
        "no first heading, several of them, or a level left out",
    ),
    "contrast-light": Code(
        "warning", READING, "Faint words",
        "words and what is behind them are too alike in the light look",
    ),
    "contrast-dark": Code(
        "warning", READING, "Faint words in the dark",
        "the same where mail is shown light on dark",
    ),
    "css-support": Code(
        "warning", READING, "Style that a big mail program lacks",
        "our own markup uses a style without which it falls apart in some program",
    ),
    "weight": Code(
        "warning", READING, "Heavy mail",
        "the HTML weighs more than `compose.preflight.weight`, 85 kB",
    ),
    "weight-clipped": Code(
        "blocker", READING, "Mail that Gmail clips",
        "the HTML weighs more than `compose.preflight.weight_most`, 102 kB; its end is hidden, the way to "
        "unsubscribe with it",
    ),
    "placeholder": Code(
        "blocker", WORDS, "Left-over placeholder",
        "`{{ … }}`, `*|…|*`, `lorem ipsum`, `TK` in our own words",
    ),
    "placeholder-perhaps": Code(
        "warning", WORDS, "Perhaps a placeholder",
        "`XXX`, `TODO`, `FIXME`; or anything of the above in a story that others wrote",
    ),
    "year": Code(
        "warning", WORDS, "Date far from the issue's",
        "a date in the subject or the editor's words lies far from the day the issue is due, or its weekday is "
        "another",
    ),
    "field-empty": Code(
        "warning", WORDS, "Empty for some readers",
        "what is shown of the reader is not known of all of them, and there is nothing to say instead",
    ),
    "field-default": Code(
        "note", WORDS, "Said otherwise to some readers",
        "how many readers get the words that stand in for what is not known",
    ),
    "subject-length": Code(
        "warning", SUBJECT, "Long subject",
        "longer than `compose.preflight.subject_longest`; phones show about 40 characters",
    ),
    "subject-capitals": Code(
        "warning", SUBJECT, "Loud subject",
        "mostly capitals, or several exclamation marks: so write those whom filters stop",
    ),
    "preheader-empty": Code(
        "note", SUBJECT, "No preheader",
        "mail programs then show the first words of the mail after the subject",
    ),
    "emoji-new": Code(
        "warning", WORDS, "Emoji too new",
        "an emoji of a version after `compose.preflight.newest_emoji`, in subject, preheader, titles or the "
        "editor's words",
    ),
    "postal-address": Code(
        "blocker", LAW, "No postal address",
        "the newsletter's postal address is missing from the HTML or from the plain text",
    ),
    "unsubscribe": Code(
        "blocker", LAW, "No way to unsubscribe",
        "the link to unsubscribe is missing from the HTML, hidden in it, or missing from the plain text",
    ),
    "audience-empty": Code(
        "warning", AUDIENCE, "It goes to nobody",
        "nobody would get it as things stand",
    ),
    "audience-unknown": Code(
        "warning", AUDIENCE, "Nobody knows to whom it goes",
        "a segment that says who is meant is gone or cannot be followed; sending would stop at once",
    ),
    "audience-unusual": Code(
        "warning", AUDIENCE, "Unusual audience",
        "many more or fewer readers than the last issues had",
    ),
    "audience-uncounted": Code(
        "note", AUDIENCE, "Audience not counted",
        "counting would have taken too long; the numbers are estimates",
    ),
    "double-booked": Code(
        "note", AUDIENCE, "Another issue to the same people",
        "some of its readers get another issue within `compose.apart`, 12 hours",
    ),
    "section-short": Code(
        "warning", AUDIENCE, "Section under its minimum",
        "fewer stories than `min` of the section, or of the newsletter, asks for",
    ),
    "story-again": Code(
        "warning", AUDIENCE, "Story of an earlier issue",
        "the same story, by its address, was in an earlier issue",
    ),
    "story-alike": Code(
        "warning", AUDIENCE, "Title of an earlier issue",
        "a title that is nearly the same was in an earlier issue, or stands twice in this one",
    ),
    "trial": Code(
        "blocker", TRIAL, "A/B test that cannot be",
        "its variants are too few, too many or the same, or nothing is counted by which a winner could be found",
    ),
    "trial-small": Code(
        "warning", TRIAL, "A/B test that tells little",
        "so few people get each variant that only a very large difference would be seen",
    ),
    "sender-spf": Code(
        "warning", SENDING, "SPF",
        "the domain that bounces go to has no SPF record, or more than one",
    ),
    "sender-dmarc": Code(
        "warning", SENDING, "DMARC",
        "the sender's domain has no DMARC record; the big receivers ask for one",
    ),
    "sender-dkim": Code(
        "warning", SENDING, "DKIM",
        "no key is published under `sender.dkim_selector`",
    ),
    "sender-reserved": Code(
        "note", SENDING, "Sender's domain is an example",
        "the domain is reserved for examples and tests: no receiver can answer or check it",
    ),
    "sender-unknown": Code(
        "note", SENDING, "Sender's domain not looked up",
        "the name servers did not answer, or not in time",
    ),
    "site-plain-http": Code(
        "warning", SENDING, "Our site without encryption",
        "`site.url` begins with `http://`, so every link past us does; one-click unsubscribe asks for https",
    ),
    "site-tls": Code(
        "warning", SENDING, "Certificate of our site",
        "it is not valid, or ends within two weeks",
    ),
    "spam-score": Code(
        "warning", SENDING, "A spam filter dislikes it",
        "rspamd or SpamAssassin gives it `compose.preflight.spam_score` or more, or would not let it pass",
    ),
    "spam-unknown": Code(
        "note", SENDING, "Spam filter not asked",
        "the filter that config.yaml names did not answer",
    ),
}  # fmt: skip
GROUPS = (LINKS, READING, WORDS, SUBJECT, LAW, AUDIENCE, TRIAL, SENDING)
