"""Random rules over random people: the database finds whom a plain reading of the rules finds."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from newsletter.models import Issue
from subscribers import segments
from subscribers.models import Field, Segment, Subscriber, Subscription, Tag, Tagging
from tests.factories import NOW, make_event, make_link, make_list, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db

CITIES = [
    "Berlin",
    "berlin",
    "BERLIN",
    "Bonn",
    "Örebro",
    "ÖREBRO",
    "Straße",
    "STRASSE",
    "50% off_",
    'O\'Hara \\ "x"',
    "日本",
]
LISTS, TAGS = ["readers", "friends"], ["press", "vip"]
FIELDS = {"city": "text", "age": "number", "born": "date", "member": "yes_no"}
LETTERS = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})


def people(draw):
    """Some forty people about whom this and that is known, some of it not of its field's kind."""
    for name, kind in FIELDS.items():
        Field.objects.create(name=name, kind=kind)
    tags = [Tag.objects.create(name=name) for name in TAGS]
    issue = make_sent_issue()
    link = make_link(issue)
    others = [make_sent_issue(newsletter=name) for name in ("weekly", "daily", "daily")]
    for _ in range(40):
        person = make_subscriber(
            f"p{draw.random()}@{draw.choice(['gmail.com', 'example.org', 'bücher.example'])}", (),
            name=draw.choice(["", "Ada"]), language=draw.choice(["", "en", "de"]),
            time_zone=draw.choice(["", "Europe/Berlin"]),
            flag=draw.choice(["", "", "role", "disposable"]), opened_at=moment(draw),
            clicked_at=moment(draw), fields=known(draw),
        )  # fmt: skip
        Subscriber.objects.filter(pk=person.pk).update(created_at=NOW - timedelta(hours=draw.randrange(24 * 40)))
        for name in LISTS:
            if status := draw.choice(["", "active", "pending", "unsubscribed"]):
                Subscription.objects.create(
                    subscriber=person, list=make_list(name), status=status, changed_at=NOW, joined_at=moment(draw),
                    frequency=draw.choice(["every", "monthly"]),
                )  # fmt: skip
        Tagging.objects.bulk_create(Tagging(tag=tag, subscriber=person) for tag in tags if draw.random() < 0.5)
        for one in draw.sample(others, draw.randrange(4)):
            make_message(one, person, state=draw.choice(["submitted", "failed", "delivered"]))
        if draw.random() < 0.6:
            message = make_message(issue, person, state=draw.choice(["submitted", "failed", "delivered"]))
            if draw.random() < 0.5:
                make_event(message)
            if draw.random() < 0.5:
                make_event(message, "click", link=link)
    return issue


def moment(draw):
    return draw.choice([None, NOW - timedelta(hours=draw.randrange(24 * 40))])


def known(draw):
    odd = [5, "soon", None, True, [1], {"a": 1}, ""]
    drawn = {
        "city": draw.choice([*CITIES, *odd]), "age": draw.choice([*range(0, 60, 5), 10.5, -3, *odd]),
        "born": draw.choice(["2000-01-01", "1999-12-31", "2026-11-20", "2026-11-25", "2026-11-01", *odd]),
        "member": draw.choice([True, False, "yes", None]),
    }  # fmt: skip
    return {name: value for name, value in drawn.items() if draw.random() < 0.8}


def value_of(person, name):
    """What a field holds if that is of its kind."""
    value, kind = person.fields.get(name), FIELDS[name]
    fits = {
        "text": isinstance(value, str),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "date": isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-",
        "yes_no": isinstance(value, bool),
    }
    return value if fits[kind] else None


def alike(text):
    return text.translate(LETTERS)


def asked(text):
    return {alike(text), alike(text.upper()), alike(text.lower())}


def day(text, after=0):
    zone = ZoneInfo(settings.TIME_ZONE)
    start = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
    return (
        start if not after else datetime.combine(date.fromisoformat(text) + timedelta(days=after), start.time(), zone)
    )


def met_field(person, rule):
    value, asks, wanted = value_of(person, rule["of"]), rule["is"], rule.get("value")
    if asks in ("set", "not_set"):
        return (value is not None) is (asks == "set")
    today = NOW.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    if asks in ("is_not", "none_of"):
        return not met_field(person, {**rule, "is": "is" if asks == "is_not" else "one_of"})
    if value is None:
        return False
    if FIELDS[rule["of"]] == "text":
        texts = wanted if isinstance(wanted, list) else [wanted]
        spelt = {one for text in texts for one in asked(text)}
        how = {"is": lambda one: alike(value) == one, "one_of": lambda one: alike(value) == one,
               "starts_with": alike(value).startswith, "contains": lambda one: one in alike(value)}  # fmt: skip
        return any(how[asks](one) for one in spelt)
    return {
        "is": lambda: value == wanted, "on": lambda: value == wanted, "less": lambda: value < wanted,
        "before": lambda: value < wanted, "more": lambda: value > wanted, "after": lambda: value > wanted,
        "between": lambda: wanted[0] <= value <= wanted[1], "yes": lambda: value, "no": lambda: not value,
        "last_days": lambda: str(today - timedelta(wanted)) <= value <= str(today),
        "next_days": lambda: str(today) <= value <= str(today + timedelta(wanted)),
    }[asks]()  # fmt: skip


def met_moment(at, asks, value):
    if at is None:
        return False
    return {
        "before": lambda: at < day(value), "after": lambda: at >= day(value),
        "between": lambda: day(value[0]) <= at < day(value[1], 1), "last_days": lambda: at >= NOW - timedelta(value),
    }[asks]()  # fmt: skip


def met_list(person, rule):
    row, asks = person.subscriptions.filter(list__name=rule["of"]).first(), rule["is"]
    if asks == "not_active":
        return row is None or row.status != "active"
    if row is None:
        return False
    if asks.startswith("joined_"):
        return row.status == "active" and met_moment(row.joined_at, asks.removeprefix("joined_"), rule["value"])
    if asks == "monthly":
        return row.status == "active" and row.frequency == "monthly"
    return row.status == asks


def met_issue(person, rule):
    message, asks = person.messages.filter(issue=Issue.objects.earliest("pk")).first(), rule["is"]
    if asks.startswith("not_"):
        return not met_issue(person, {**rule, "is": asks.removeprefix("not_")})
    if message is None:
        return False
    if asks == "sent":
        return message.state in ("submitted", "delivered")
    return message.events.filter(kind={"opened": "open", "clicked": "click"}[asks]).exists()


def met_life(at, rule):
    return {
        "ever": lambda: at is not None, "never": lambda: at is None,
        "last_days": lambda: at is not None and at >= NOW - timedelta(rule["value"]),
        "not_last_days": lambda: at is None or at < NOW - timedelta(rule["value"]),
    }[rule["is"]]()  # fmt: skip


def met_column(value, rule):
    return {"one_of": lambda: value in rule["value"], "none_of": lambda: value not in rule["value"],
            "set": lambda: value != "", "not_set": lambda: value == ""}[rule["is"]]()  # fmt: skip


def met_received(person, rule):
    rows = person.messages.filter(state__in=("submitted", "delivered"))
    if rule["of"] != "*":
        rows = rows.filter(issue__newsletter=rule["of"])
    number = rows.count()
    return {"at_least": lambda: number >= rule["value"], "at_most": lambda: number <= rule["value"],
            "none": lambda: number == 0}[rule["is"]]()  # fmt: skip


MET = {
    "field": met_field,
    "list": met_list,
    "issue": met_issue,
    "received": met_received,
    "tag": lambda person, rule: person.tags.filter(name=rule["of"]).exists() is (rule["is"] == "has"),
    "joined": lambda person, rule: met_moment(person.created_at, rule["is"], rule["value"]),
    "opened": lambda person, rule: met_life(person.opened_at, rule),
    "clicked": lambda person, rule: met_life(person.clicked_at, rule),
    "domain": lambda person, rule: met_column(person.domain, rule),
    "language": lambda person, rule: met_column(person.language, rule),
    "time_zone": lambda person, rule: met_column(person.time_zone, rule),
    "name": lambda person, rule: met_column(person.name, rule),
    "flag": lambda person, rule: person.flag == ("" if rule["is"] == "personal" else rule["is"]),
    "segment": lambda person, rule: met(person, Segment.objects.get(name=rule["of"]).rules) is (rule["is"] == "in"),
}


def met(person, rule):
    """The rules read as a person would read them."""
    if "all" in rule:
        return all(met(person, one) for one in rule["all"])
    if "any" in rule:
        return any(met(person, one) for one in rule["any"])
    if "not" in rule:
        return not met(person, rule["not"])
    return MET[rule["kind"]](person, rule)


VALUES = {
    "text": lambda draw: draw.choice(["Berlin", "BONN", "örebro", "Stra", "er", "%", "_", "'", "\\", "\"", "日"]),
    "texts": lambda draw: draw.sample(["Berlin", "Örebro", "gmail.com", "xn--bcher-kva.example", "en"], 3),
    "number": lambda draw: draw.choice([0, 10, 10.5, 30, -3]),
    "numbers": lambda draw: draw.choice([[5, 30], [10.5, 10.5], [-3, 0]]),
    "date": lambda draw: draw.choice(["2000-01-01", "2026-11-01", "2026-11-20"]),
    "dates": lambda draw: draw.choice([["1999-12-31", "2000-01-01"], ["2026-11-01", "2026-11-20"]]),
    "days": lambda draw: draw.choice([1, 7, 30]),
    "issues": lambda draw: draw.choice([1, 2, 3]),
}  # fmt: skip


def every_question(issue):
    """Each question that can be asked, of each thing it can be asked of."""
    subjects = {"field": FIELDS, "tag": TAGS, "list": LISTS, "issue": [str(issue)], "segment": ["other"],
                "received": ["*", "weekly", "daily"]}  # fmt: skip
    for kind in segments.KINDS.values():
        for of in subjects.get(kind.name, [""]):
            about = kind.subjects.find([of])[of] if kind.subjects else None
            for question in kind.questions(about):
                yield {"kind": kind.name, "of": of, "is": question.name}, question


def drawn(draw, questions, depth=0):
    if not depth or (depth < 3 and draw.random() < 0.5):
        join = draw.choice(["all", "any", "not"])
        parts = [drawn(draw, questions, depth + 1) for _ in range(draw.randint(1, 3))]
        return {join: parts[0] if join == "not" else parts}
    rule, question = draw.choice(questions)
    return {**rule, "value": VALUES[question.value.draw](draw)} if question.value else rule


def same(rules, note):
    wanted = {person.pk for person in Subscriber.objects.all() if met(person, rules)}
    meant = segments.condition(rules)
    for form in (meant, meant.singly, meant.whole):
        assert set(Subscriber.objects.filter(form(NOW)).values_list("pk", flat=True)) == wanted, (note, rules)
    others = Subscriber.objects.exclude(meant(NOW)).values_list("pk", flat=True)
    assert set(others) == set(Subscriber.objects.values_list("pk", flat=True)) - wanted, (note, rules)
    assert segments.count(rules, NOW) == len(wanted)
    assert {person.pk for person in segments.sample(rules, NOW, 99)} == wanted
    return len(wanted)


@pytest.fixture
def draw():
    seed = random.randrange(10**9)
    return seed, random.Random(seed)


def test_each_question_means_what_it_says(draw):
    seed, draw = draw
    issue = people(draw)
    Segment.objects.create(name="other", title="Other", rules={"any": [{"kind": "tag", "of": "vip", "is": "has"}]})
    counts = []
    for rule, question in every_question(issue):
        full = {**rule, "value": VALUES[question.value.draw](draw)} if question.value else rule
        counts.append(same({"all": [full]}, seed))
    assert len([one for one in counts if 0 < one < 40]) > len(counts) / 2  # or the test would say nothing


def test_random_rules_mean_what_they_say(draw):
    seed, draw = draw
    issue = people(draw)
    Segment.objects.create(name="other", title="Other", rules={"not": {"kind": "name", "is": "set"}})
    questions = list(every_question(issue))
    for _ in range(40):
        same(drawn(draw, questions), seed)
