"""What templates may say of the reader, what it becomes, and what is refused with its line."""

import pytest

from newsletter.render import RenderError, check, preview, render
from newsletter.render.late import Late
from newsletter.render.prose import patterns
from tests.render.conftest import KEY
from tests.render.dom import Dom
from tests.render.people import everyone

pytestmark = pytest.mark.django_db
CHAIN = (
    '{% if "vip" in reader.lists %}vip{% elif reader.fields.plan == "paid" and not reader.in_segment("locals") %}paid'
    "{% else %}other{% endif %}"
)
# What is written, and what Ada, Bob and Cy get.
SAID = [
    ('Hello {{ reader.first_name | default("friend") }}!', "Hello Ada!", "Hello friend!", "Hello Cy!"),
    ("To {{ reader.name }} at {{ reader.email }}", "To Dr. Ada Lovelace at ada@example.org", "To at bob@example.org",
     "To Cy at cy@example.org"),
    ("In {{ reader.fields.city | upper }}.", "In BERLIN.", "In ROME.", "In ."),
    ('In {{ reader["fields"]["City"] }}.', "In Berlin.", "In Rome.", "In ."),
    (CHAIN, "vip", "paid", "other"),
    ('{{ "Dear " ~ reader.name if reader.name else "Hello" }}', "Dear Dr. Ada Lovelace", "Hello", "Dear Cy"),
    ("{% if reader.name is defined %}named{% else %}nameless{% endif %}", "named", "nameless", "named"),
    ("{% if reader.fields.city is none %}nowhere{% endif %}!", "!", "!", "nowhere!"),
    ("{% if newsletter.title and reader.name %}{{ newsletter.title }}{% endif %}!", "The Weekly!", "!", "The Weekly!"),
    ("{% if not newsletter.title and reader.name %}{{ nothing.at.all }}{% else %}x{% endif %}", "x", "x", "x"),
    ('{% for name in ["vip", "readers"] if name %}{% if name in reader.lists %}{{ name }}, {% endif %}{% endfor %}-',
     "vip, readers, -", "readers, -", "-"),
    ("{% macro m() %}({{ reader.name | length }}){% endmacro %}{{ m() }}", "(16)", "(0)", "(2)"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", *("ada", "bob", "cy")), [one for one in SAID if "macro" not in one[0]])
def test_in_a_subject_and_preheader(make_issue, segmented, pattern, ada, bob, cy):
    edition = render(make_issue(subject=pattern, preheader=pattern), segmented, KEY)
    for part in ("subject", "preheader"):
        assert tuple(" ".join(text.split()) for text in everyone(edition, part)) == (ada, bob, cy)


@pytest.mark.parametrize(("pattern", *("ada", "bob", "cy")), SAID)
def test_in_a_theme_in_html_and_text(make_issue, segmented, own, pattern, ada, bob, cy):
    unsubscribe = "{{ links.unsubscribe }}"
    own("atlas/footer.mjml.j2",
        f"<mj-section><mj-column><mj-text>«{pattern}» {unsubscribe}</mj-text></mj-column></mj-section>")  # fmt: skip
    own("atlas/digest.txt.j2", f"«{pattern}» {unsubscribe}")
    mail = preview(make_issue(), segmented, KEY)
    for part, plain in (("html", lambda html: Dom(html).text()), ("text", str)):
        shown = [" ".join(plain(text).partition("«")[2].partition("»")[0].split()) for text in everyone(mail, part)]
        assert shown == [ada, bob, cy]


@pytest.mark.parametrize(("pattern", *("ada", "bob", "cy")), [one for one in SAID if "macro" not in one[0]])
def test_in_a_letter(make_issue, segmented, pattern, ada, bob, cy):
    mail = preview(make_issue(opening=f"Start.\n\n«{pattern}»\n\nEnd."), segmented, KEY)
    for part, plain in (("html", lambda html: Dom(html).text()), ("text", str)):
        shown = [" ".join(plain(text).partition("«")[2].partition("»")[0].split()) for text in everyone(mail, part)]
        assert shown == [ada, bob, cy]


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = [
    ("{{ reader.nam }}", "the reader has no 'nam' .did you mean 'name'"),
    ("{{ reader.city }}", r"reader\.fields\.city"),
    ("{{ reader }}", "say what of the reader is meant: reader.email"),
    ("{{ reader.name.first }}", "name has no parts"),
    ("{{ reader.__class__ }}", "the reader has no '__class__'"),
    ("{{ reader.name | uper }}", "did you mean 'upper'"),
    ("{{ reader.name | safe }}", "always escaped"),
    ("{{ reader.name | upper(1) }}", "'upper' takes nothing"),
    ("{{ reader.name | truncate(end='x') }}", "give the filter 'truncate' its length"),
    ("{{ reader.name + 'x' }}", "put together with ~"),
    ("{{ range(reader.name) }}", "function or macro"),
    ("{{ reader.fields.get('x') }}", "a field that is not there is empty"),
    ("{{ reader.in_segment() }}", "in_segment takes one thing"),
    ("{{ reader.in_segment }}", "a segment is asked about by its name"),
    ("{{ reader.fields[reader.name] }}", "must stand in the template"),
    ("{% for x in reader.lists %}{% endfor %}", "a loop cannot go by the reader"),
    ("{% for x in [1] if reader.name %}{% endfor %}", "a loop cannot go by the reader"),
    ("{% set x = reader.name %}", "nothing of the reader can be kept by {% set %}"),
    ("{% set x %}{{ reader.name }}{% endset %}", "cannot stand within {% set %}"),
    ("{% filter upper %}{{ reader.name }}{% endfilter %}", "cannot stand within {% filter %}"),
    ("{% if reader.name %}{% set x = 1 %}{% endif %}", "{% set %} cannot depend on the reader"),
    (
        "{% set n = namespace(x=1) %}{% for i in [1] %}{% if reader.name %}{% set n.x = 2 %}{% endif %}{% endfor %}",
        "set",
    ),
    ("{% if reader.name %}{% for i in [1] %}{% set n.x = 2 %}{% endfor %}{% endif %}", "kept in n.x"),
    ("{% with x = reader.name %}{% endwith %}", "the reader can be shown"),
    ("{% include reader.name %}", "the reader can be shown"),
    ("{% for reader in [1] %}{% endfor %}", "the name `reader` is taken"),
    ("{% set reader = 1 %}", "the name `reader` is taken"),
    ("{% macro m(reader) %}{% endmacro %}", "the name `reader` is taken"),
    ("{{ " + "not " * 101 + "reader.name }}", "nested too deeply"),
    ('{{ reader.in_segment("local") }}', "there is no segment 'local' .did you mean 'locals'"),
    ("{{ nothing ~ reader.name }}", "'nothing' is undefined"),
    ("{{ newsletter ~ reader.name }}", "only texts and numbers can stand, not a Letter"),
    ("{{ lead.title | ornament ~ reader.name }}", "HTML cannot be part of an expression"),
    ("{% if reader.name %}", "end"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_is_not_possible_is_refused_in_a_theme_with_file_and_line(make_issue, segmented, own, text, reason):
    own("atlas/footer.mjml.j2", f"\n\n{text}")
    with pytest.raises(RenderError, match=rf"templates/email/atlas/footer\.mjml\.j2 line 3: .*{reason}"):
        preview(make_issue({"title": "🌍 A whale"}), segmented, KEY)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_in_a_letter_with_its_line(make_issue, segmented, text, reason):
    issue = make_issue({"title": "🌍 A whale"}, opening=f"One\n\n{text}")
    with pytest.raises(RenderError, match=rf"the opening of weekly/\S+ line 3: .*{reason}"):
        preview(issue, segmented, KEY)


def test_in_a_subject_with_its_key(make_issue, make_config):
    config = make_config(newsletters={"weekly": {"subject": "{{ reader.nam }}"}})
    with pytest.raises(RenderError, match=r"newsletters\.weekly\.subject.*: the reader has no 'nam'"):
        preview(make_issue(), config, KEY)
    with pytest.raises(RenderError, match=r"the subject of weekly/\S+.*: the reader has no 'nam'"):
        preview(make_issue(subject="{{ reader.nam }}"), make_config(), KEY)


def test_a_condition_around_extends_or_its_blocks_is_refused(make_issue, segmented, own):
    block = "{% if reader.name %}{% block content %}{% endblock %}{% endif %}"
    extends = '{% extends "layout.mjml.j2" %}'
    for text in (f"{{% if reader.name %}}{extends}{{% endif %}}", extends + block):
        own("atlas/digest.mjml.j2", text)
        with pytest.raises(RenderError, match=r"line 1: \{% extends %\} and its blocks cannot depend on the reader"):
            preview(make_issue(), segmented, KEY)


def test_words_of_the_editor_with_other_braces_are_words(make_issue, make_config):
    issue = make_issue(
        subject="{{ this }} and {% that", opening="Write `{{ x }}` and my_reader.name {{ site.reader.x }}"
    )
    mail = preview(issue, make_config(), KEY)
    assert mail.subject == "{{ this }} and {% that"
    assert "Write {{ x }} and my_reader.name {{ site.reader.x }}" in Dom(mail.html).text()


def test_a_filter_over_what_holds_holes_is_noticed(make_issue, segmented, own):
    own(
        "atlas/masthead.mjml.j2",
        "<mj-section><mj-column><mj-text>{{ subject | upper }}</mj-text></mj-column></mj-section>",
    )
    with pytest.raises(RenderError, match=r"digest\.mjml\.j2: a filter cut or changed what stands for the reader"):
        preview(make_issue(subject="Hi {{ reader.first_name }}"), segmented, KEY)


# ── segments ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("segments", "key", "reason"),
    [
        ({"a": ""}, "a", "it is empty"),
        ({"a": "reader.fields.city =="}, "a", "unexpected 'end of template'"),
        ({"a": "reader.name }} x"}, "a", "ends before"),
        ({"a": "newsletter.title == 'x'"}, "a", "a segment can ask about the reader only"),
        ({"a": "reader.nam"}, "a", "did you mean 'name'"),
        ({"a": "reader.in_segment('b')", "b": "reader.in_segment('a')"}, "a", "asks about itself: a → b → a"),
        ({"ab": "reader.name", "b": "reader.in_segment('aa')"}, "b", "there is no segment 'aa'"),
    ],
)
def test_a_segment_that_is_wrong_is_named_by_check(make_config, segments, key, reason):
    problems = check(make_config(newsletters={"weekly": {"segments": segments}}))
    found = next(problem for problem in problems if problem.key == f"newsletters.weekly.segments.{key}")
    assert reason in f"{found.reason} {found.hint}"


def test_segments_may_ask_about_segments_and_lists(make_issue, make_config):
    segments = {
        "locals": "reader.fields.city in ['Berlin', 'Rome']",
        "best": 'reader.in_segment("locals") and "vip" in reader.lists',
    }
    config = make_config(newsletters={"weekly": {"segments": segments}})
    edition = render(make_issue(subject='{% if reader.in_segment("best") %}a{% else %}b{% endif %}'), config, KEY)
    assert everyone(edition, "subject") == ("a", "b", "b")
    assert check(config) == []


def test_a_list_and_a_captured_value_go_into_the_table_as_data(make_issue, segmented):
    late = Late("hmarker")
    patterns().from_string("{% if reader.fields.city in cities and flag %}{% endif %}").render(
        reader=late, cities=["a", "b"], flag=1
    )
    assert late.table == [["and", ["compare", ["field", "city"], [["in", ["const", ["a", "b"]]]]], ["const", True]]]
