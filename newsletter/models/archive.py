"""The archive: what can be found of the issues that are public, and what was corrected in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from newsletter.markup.text import collapse, scrub
from newsletter.models import finding
from newsletter.models.issue import Issue, Item
from newsletter.models.post import Post

AMONG = 100
"""Of so many of the latest the most alike are chosen to be read next."""
_SPOKEN = str.maketrans({"+": " plus ", "#": " sharp ", "&": " and "})


class Term(models.Model):
    """A tag or an author: something that stories share."""

    class Kind(models.TextChoices):
        """What stories can have in common."""

        TAG = "tag"
        AUTHOR = "author"

    kind = models.CharField(max_length=6, choices=Kind)
    slug = models.CharField(max_length=100, help_text="Its name in addresses; in any script.")
    name = models.TextField(help_text="As the first story with it wrote it.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "slug"), name="one_term_per_slug"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def common(cls, kind: Term.Kind, number: int) -> QuerySet[Term]:
        """The terms of a kind that most stories have."""
        return cls.objects.filter(kind=kind).annotate(stories=Count("entries")).order_by("-stories", "slug")[:number]


class Entry(models.Model):
    """A story of a public issue, as the archive finds it: by words, tags and authors."""

    item = models.OneToOneField(Item, models.CASCADE, related_name="entry")
    post = models.ForeignKey(Post, models.CASCADE, related_name="entries")
    newsletter = models.SlugField(max_length=63)
    at = models.DateTimeField(help_text="When the issue was due.")
    place = models.PositiveIntegerField(help_text="Which story of the issue it is, counted from 1.")
    text = models.TextField(help_text="The story without markup; excerpts are cut from it.")
    terms = models.ManyToManyField(Term, related_name="entries")

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("-at", "pk")
        indexes = (
            models.Index(fields=("newsletter", "at"), name="entry_of_newsletter"),
            models.Index(fields=("post", "at"), name="entry_of_post"),
        )

    def __str__(self) -> str:
        return str(self.item)

    @classmethod
    def public(cls, newsletters: Collection[str]) -> QuerySet[Entry]:
        """The stories of these newsletters that are public, latest first; one told twice counts in its later issue."""
        mine = cls.objects.filter(newsletter__in=tuple(newsletters), item__issue__in=Issue.public())
        later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
        told_again = mine.filter(later, post=OuterRef("post")).order_by()
        return mine.filter(~Exists(told_again)).select_related("item__issue", "item__post").defer(
            "item__html", "item__post__html"
        )  # fmt: skip

    @classmethod
    def found(cls, query: str, newsletters: Collection[str]) -> QuerySet[Entry]:
        """The stories that hold all words of a query: first those whose title does, then the latest."""
        asked = finding.wanted(query)
        if not asked:
            return cls.objects.none()
        in_title = models.Case(models.When(pk__in=_matches(asked, only_title=True), then=1), default=0)
        return cls.public(newsletters).filter(pk__in=_matches(asked)).order_by(in_title.desc(), "-at", "pk")

    @classmethod
    def with_term(cls, term: Term, newsletters: Collection[str]) -> QuerySet[Entry]:
        """The stories with a tag, or by an author."""
        return cls.public(newsletters).filter(terms=term)

    @classmethod
    def like(cls, post: Post, newsletters: Collection[str], number: int) -> QuerySet[Entry]:
        """Stories to read next: those that share most tags with this one, then the latest."""
        tags = Term.objects.filter(kind=Term.Kind.TAG, entries__post=post).values("pk")
        shared = Count("terms", filter=Q(terms__in=tags), distinct=True)
        latest = cls.objects.filter(newsletter__in=tuple(newsletters)).exclude(post=post).order_by("-at")
        among = cls.public(newsletters).filter(pk__in=latest.values("pk")[:AMONG])
        return among.annotate(shared=shared).order_by("-shared", "-at", "pk")[:number]

    @classmethod
    def missing(cls) -> QuerySet[Issue]:
        """Issues of the archive with a story that cannot be found yet."""
        return Issue.in_archive().filter(Exists(Item.objects.filter(issue=OuterRef("pk"), entry=None)))

    @classmethod
    def write(cls, issue: Issue, texts: dict[int, str]) -> int:
        """Make the entries that an issue lacks, with the plain text of each item; return how many that were."""
        with transaction.atomic():
            # Whoever comes second waits here, and finds nothing left to do.
            Issue.objects.select_for_update().get(pk=issue.pk)
            filed = set(cls.objects.filter(item__issue=issue).values_list("item", flat=True))
            items = [(place, item) for place, item in enumerate(issue.items.all(), start=1) if item.pk not in filed]
            for place, item in items:
                entry = cls.objects.create(
                    item=item, post_id=item.post_id, newsletter=issue.newsletter, at=issue.due_at, place=place,
                    text=texts.get(item.pk, ""),
                )  # fmt: skip
                entry.terms.set(_terms(item))
                _index(entry, item)
        return len(items)


class Correction(models.Model):
    """What was wrong in an issue that has gone out, and how it is right: shown on its page, with its date."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="corrections")
    at = models.DateTimeField(default=timezone.now, editable=False)
    text = models.TextField(help_text="What was wrong, and what is right. Readers see it above the issue.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.issue}, {self.at:%Y-%m-%d}"


def state() -> tuple[tuple[object, ...], datetime | None]:
    """What changes whenever a public page may read differently, and when it last did."""
    issues = Issue.public().aggregate(n=Count("pk"), last=Max("started_at"))
    notes = Correction.objects.aggregate(n=Count("pk"), last=Max("changed_at"))
    entries = Entry.objects.aggregate(last=Max("pk"))
    moments = [one for one in (issues["last"], notes["last"]) if one]
    return (*issues.values(), *notes.values(), *entries.values()), max(moments, default=None)


def slug(name: str) -> str:
    """A name as it stands in addresses: small letters, digits and marks of any script, hyphens between."""
    plain = unicodedata.normalize("NFKC", name).lower().translate(_SPOKEN)
    kept = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in plain)
    # An emoji or the like has no letters; its number still tells it from others.
    return re.sub(r" +", "-", kept.strip())[:100].strip("-") or "-".join(f"{ord(one):x}" for one in plain.strip())[:100]


def _terms(item: Item) -> list[Term]:
    """The rows of an item's tags and authors, made where they are new."""
    named: dict[tuple[str, str], str] = {}
    for kind, names in (("tag", item.tags), ("author", item.authors)):
        for name in (collapse(scrub(str(one))) for one in names):
            if short := slug(name):
                named.setdefault((kind, short), name)
    Term.objects.bulk_create(
        [Term(kind=kind, slug=short, name=name) for (kind, short), name in sorted(named.items())], ignore_conflicts=True
    )
    wanted = Q(pk=None)
    for kind, short in named:
        wanted |= Q(kind=kind, slug=short)
    return list(Term.objects.filter(wanted))


def _index(entry: Entry, item: Item) -> None:
    """Put an entry's words where the database looks for them."""
    title = finding.tokens(item.title)
    rest = _apart(item.summary, item.note, item.section, *map(str, (*item.authors, *item.tags)), entry.text)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "UPDATE newsletter_entry SET words = %s::tsvector WHERE id = %s",
                [finding.vector(title, rest), entry.pk],
            )
        else:
            cursor.execute(
                "INSERT OR REPLACE INTO newsletter_entry_words (rowid, title, rest) VALUES (%s, %s, %s)",
                [entry.pk, " ".join(title), " ".join(rest)],
            )


def _apart(*fields: str) -> list[str]:
    found: list[str] = []
    for field in fields:
        found += [*finding.tokens(field), finding.GAP]
    return found[: finding.MOST]


def _matches(asked: Iterable[finding.Wanted], only_title: bool = False) -> RawSQL:
    """The numbers of the entries that match; those of entries that are gone do no harm, nobody has them."""
    if connection.vendor == "postgresql":
        return RawSQL(
            "SELECT id FROM newsletter_entry WHERE words @@ %s::tsquery", [finding.for_postgresql(asked, only_title)]
        )
    return RawSQL(
        "SELECT rowid FROM newsletter_entry_words WHERE newsletter_entry_words MATCH %s",
        [finding.for_sqlite(asked, only_title)],
    )


def near(issue: Issue, newsletters: Collection[str], number: int) -> QuerySet[Issue]:
    """Public issues to read next: of the latest ones those that share most tags with this one, then the latest."""
    others = Issue.in_archive().filter(newsletter__in=tuple(newsletters)).exclude(pk=issue.pk)
    latest = others.order_by("-due_at", "-pk").values("pk")[:AMONG]
    tags = Term.objects.filter(kind=Term.Kind.TAG, entries__item__issue=issue).values("pk")
    shared = Count("items__entry__terms", filter=Q(items__entry__terms__in=tags), distinct=True)
    return others.filter(pk__in=latest).annotate(shared=shared).order_by(
        "-shared", "-due_at", "-pk"
    )[:number]  # fmt: skip
