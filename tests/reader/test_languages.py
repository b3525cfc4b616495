"""The pages speak the reader's language, all of them, and nothing on them is said in English alone."""

import re
from functools import cache
from itertools import chain

import pytest
import yaml

from newsletter.reader.leaving import REASONS
from newsletter.render import service_mail
from newsletter.render.environment import SHIPPED
from newsletter.render.phrases import Phrases, filled, form_for
from newsletter.render.plurals import form, forms
from newsletter.render.sample import sample_facts
from newsletter.render.service import KINDS, page_words
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, token_of
from tests.reader.every_page import everything, publication
from tests.reader.joining import sound
from tests.reader.pages import Page, faults
from tests.reader.talk import browser
from tests.render.dom import Dom

BASE = SHIPPED / "base"
LANGUAGES = ["de", "fr", "es", "ar", "he"]
SPOKEN = ("aria-label", "alt", "title", "placeholder", "value")
# What a publication says itself, what everybody writes alike, and dates, which Django writes.
OURS = """
    Test Times The Weekly The Daily The Inner Circle The Circle Around the world Science desk Vip RSS Atom JSON Feed
    maja a m ada example org Europe Berlin Berlinn Qqxxzz UTC English Esperanto xx SHA zip First
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Jan January Feb February March April May June July Aug
    August Sept September Oct October Nov November Dec December
"""


@cache
def words_of(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def leaves(said, name=""):
    """Each phrase by its name; the forms that go with numbers are one leaf."""
    for key, value in said.items():
        if isinstance(value, dict) and "other" not in value:
            yield from leaves(value, f"{name}{key}.")
        else:
            yield f"{name}{key}", value


def places(phrase):
    return set(re.findall(r"\{(\w+)\}", phrase))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_of_the_pages_with_the_same_places(language):
    ours, theirs = (dict(leaves(words_of(BASE / "pages" / f"{one}.yaml"))) for one in ("en", language))
    assert list(theirs) == list(ours)
    for name, phrase in theirs.items():
        if isinstance(phrase, dict):
            assert isinstance(ours[name], dict), name
            assert set(phrase) <= set(forms(language)), name
            wanted = places(ours[name]["other"]) - {"n"}
            assert all(places(one) - {"n"} == wanted for one in phrase.values()), name
        else:
            # Why an address is none is said by a library, in English.
            assert places(phrase) == places(ours[name]) - ({"reason"} if name == "joining.faulty" else set()), name


def test_no_word_has_a_name_that_a_template_would_take_for_something_else():
    for said in (words_of(BASE / "pages" / "en.yaml"), words_of(BASE / "words.yaml")["en"]):
        names = {part for name, _ in leaves(said) for part in name.split(".")}
        assert {name for name in names if hasattr(Phrases({}), name)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_pages_is_left_in_english(language):
    ours, theirs = (dict(leaves(words_of(BASE / "pages" / f"{one}.yaml"))) for one in ("en", language))
    same = {name for name in ours if ours[name] == theirs[name]}
    assert same <= {"frame.comma", "own_data.email", "sign_in.email", "preferences.said_no"}


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1 week,2 weeks,4 weeks,12 weeks"), ("de-AT", "1 Woche,2 Wochen,4 Wochen,12 Wochen"),
     ("fr", "1 semaine,2 semaines,4 semaines,12 semaines"), ("ar", "أسبوع واحد,أسبوعين,4 أسابيع,12 أسبوعًا"),
     ("he", "שבוע,שבועיים,4 שבועות,12 שבועות"), ("nl", "1 week,2 weeks,4 weeks,12 weeks")],
)  # fmt: skip
def test_numbers_go_with_the_form_that_the_language_has_for_them(make_config, language, said):
    weeks = page_words(make_config(), "weekly", language)["preferences"]["weeks"]
    assert ",".join(filled(form_for(weeks, number), n=number) for number in (1, 2, 4, 12)) == said


@pytest.mark.parametrize(
    ("language", "kinds"), [("ar", "zero one two few few many many other other few"), ("fr", "one")]
)
def test_the_rules_of_numbers_are_those_of_unicode(language, kinds):
    numbers = (0, 1, 2, 3, 10, 11, 99, 100, 102, 103)
    assert [form(language, number) for number, _ in zip(numbers, kinds.split(), strict=False)] == kinds.split()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_every_page_is_sound_in_every_language_and_wholly_in_it(settings, make_config, language):
    settings.NEWSLETTER = publication(make_config, language)
    alike = "".join(str(phrase) for _, phrase in leaves(all_of(language)))
    english = [part for part in sentences() if part not in alike]
    for name, answer in everything(settings):
        page = Page(answer)
        assert language not in ("en", "ar") or faults(page.source) == [], name
        (root,) = page.all("html")
        wanted = (language, "rtl" if language in ("ar", "he") else "ltr")
        assert (root["lang"], root["dir"]) == wanted, name
        assert [part for part in english if part in page.text()] == [], name


def all_of(language):
    return {"pages": words_of(BASE / "pages" / f"{language}.yaml"), "mails": words_of(BASE / "words.yaml")[language]}


def sentences():
    """What the pages say in English, in the pieces that stand between places."""
    said = dict(leaves(words_of(BASE / "pages" / "en.yaml"))).values()
    phrases = chain.from_iterable(one.values() if isinstance(one, dict) else [one] for one in said)
    return {part.strip() for one in phrases for part in re.split(r"\{\w+\}", one) if len(part.strip()) > 8}


@pytest.fixture
def made_up(make_config):
    """A language of no letters that we use elsewhere: what is still said in ours was never to be translated."""
    folder = make_config().path(make_config().render.templates) / "base"
    (folder / "pages").mkdir(parents=True)
    said = {"xx": strange(words_of(BASE / "words.yaml")["en"])}
    (folder / "words.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    pages = yaml.safe_dump(strange(words_of(BASE / "pages" / "en.yaml")), allow_unicode=True)
    (folder / "pages" / "xx.yaml").write_text(pages, encoding="utf-8")


def strange(said):
    if isinstance(said, dict):
        return {key: strange(value) for key, value in said.items()}
    # Why an address is none is said by a library, in English.
    said = said.replace("{reason}", "")
    return "".join(part if part.startswith("{") else re.sub(r"\w", "ж", part) for part in re.split(r"(\{\w+\})", said))


@pytest.mark.django_db
def test_nothing_on_the_pages_is_said_outside_of_the_words(settings, make_config, made_up):
    settings.NEWSLETTER = publication(make_config, "xx")
    for name, answer in everything(settings):
        assert foreign(Page(answer)) - set(OURS.split()) == set(), name


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "report"])
def test_nothing_in_a_service_mail_is_said_outside_of_the_words(make_config, made_up, kind):
    config = make_config(newsletters={"weekly": {"language": "xx"}})
    facts = sample_facts(kind, config, "weekly")
    mail = service_mail(kind, config, "weekly", facts)
    given = re.findall(
        r"[A-Za-z]{2,}", " ".join(map(str, facts.values())) + config.newsletters["weekly"].postal_address
    )
    said = {*OURS.split(), *given, "THE", "WEEKLY", *(word.upper() for word in given)}
    assert foreign(Dom(mail.html)) - said == set()
    assert {
        *re.findall(r"[A-Za-z]{2,}", re.sub(r"http\S+", "", f"{mail.text} {mail.subject} {mail.preheader}"))
    } - said == set()


def foreign(page):
    """The words of our own letters on a page, in its text and in what screen readers say; not its code."""
    texts, inside = [], ""
    for event in page.events:
        if event[0] == "start":
            inside = event[1]
            shown = {name: event[2].get(name) for name in SPOKEN if not (name == "value" and event[1] != "button")}
            # The zones are the names of tzdata, and a button's value is for us.
            texts += [value for name, value in shown.items() if value and name != "value"]
        elif event[0] == "text" and inside not in ("style", "script", "pre"):
            texts.append(event[1])
    return set(re.findall(r"[A-Za-z]{2,}", re.sub(r"https?://\S+", "", " ".join(texts))))


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "ar"])
def test_a_reader_is_spoken_to_in_their_own_language_whatever_the_newsletters_is(settings, make_config, language):
    settings.NEWSLETTER = publication(make_config, "en")
    own = ("preferences", "paused", "leave", "left", "thanked", "back", "stay, asked", "data", "erase", "erased")
    for name, answer in everything(settings, language):
        if name in own:
            (root,) = Page(answer).all("html")
            assert root["lang"] == language, name


@pytest.mark.django_db
def test_the_lists_language_goes_before_the_newsletters_and_after_the_readers(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"language": "es"}})
    make_list("readers", language="de")
    plain, own, odd = make_subscriber(), make_subscriber(language="fr-CA"), make_subscriber(language="tlh")
    for person, language in ((plain, "de"), (own, "fr-CA"), (odd, "de")):
        path = f"/p/{token_of(make_message(make_sent_issue(), person))}"
        (root,) = Page(browser().get(path)).all("html")
        assert root["lang"] == language


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "spoken"), [("ar;q=0.5,de", "de"), ("ja", "en"), ("", "en")])
def test_who_is_unknown_is_spoken_to_as_their_browser_wants(client, settings, make_config, asked, spoken):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    others = {one: {**weekly, "language": one, "lists": [one]} for one in ("de", "ar")}
    settings.NEWSLETTER = make_config(newsletters=others)
    (root,) = Page(client.get("/preferences/data/", headers={"Accept-Language": asked})).all("html")
    assert root["lang"] == spoken


@pytest.mark.django_db
def test_a_page_leads_on_in_its_own_language_where_nobody_is_signed_in(client, settings, make_config):
    settings.NEWSLETTER = publication(make_config, "en")
    token = token_of(make_message(make_sent_issue(), make_subscriber(language="ar")))
    onward = [href for href in Page(client.get(f"/p/{token}")).hrefs() if "in=ar" in href]
    assert [href.partition("?")[0] for href in onward] == ["/sign-in/", "/preferences/data/"]
    for href in onward:
        (root,) = Page(client.get(href)).all("html")
        assert root["lang"] == "ar"
    sent = browser().post("/preferences/data/?in=ar", {"email": "x@example.org", "ask": "data"})
    assert Page(client.get(sent["Location"])).all("html")[0]["lang"] == "ar"
    for said in ("../../tokens", "ar-<b>", "ar-%0d%0aX", "ar%26sent=erase"):
        assert Page(client.get(f"/preferences/data/?in={said}")).all("html")[0]["lang"] == "en"


@pytest.mark.django_db
def test_why_somebody_left_is_kept_in_one_language_for_staff(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"language": "ar"}})
    maja = make_subscriber("maja@example.org")
    path, client = f"/u/{token_of(make_message(make_sent_issue(), maja))}", browser()
    client.post(path, {"by": "page"})
    client.post(f"{path}/why", {"why": "many"})
    assert maja.subscriptions.get().reason == REASONS["many"] == "It is too much mail"


@pytest.mark.django_db
def test_a_publication_puts_words_of_the_pages_in_its_own_way(client, settings, make_config):
    folder = make_config().path(make_config().render.templates) / "base" / "pages"
    folder.mkdir(parents=True)
    (folder / "en.yaml").write_text('own_data: {title: "Everything about <you>"}\n', encoding="utf-8")
    assert "Everything about <you>" in sound(client.get("/preferences/data/")).text()
    (folder / "en.yaml").write_text("own_data: [\n", encoding="utf-8")
    assert "Your data" in sound(client.get("/preferences/data/")).text(), "a page in our words is better than none"
