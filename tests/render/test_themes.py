"""Themes can be changed file by file, and a fault in one is named with its file and line."""

import re
from pathlib import Path

import pytest

from newsletter.render import RenderError, check, preview
from newsletter.render.environment import SHIPPED, themes
from newsletter.render.palette import LEAST, PAIRS, contrast
from tests.render.conftest import KEY

HOSTILE = [
    "{{ ''.__class__.__mro__ }}",
    "{{ lead.title.__init__.__globals__ }}",
    "{{ lead.blocks.append(1) }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ newsletter['__class__']['__mro__'] }}",
    "{{ lead | attr('__class__') | attr('__mro__') }}",
    "{{ '{0.__class__}'.format(lead) }}",
    "{% include 'atlas/tokens.yaml' %}",
]


@pytest.mark.django_db
def test_one_file_can_be_replaced_without_copying_the_rest(own, make_issue, make_config):
    own("atlas/reply.mjml.j2", "<mj-section><mj-column><mj-text>Write to us!</mj-text></mj-column></mj-section>")
    html = preview(make_issue(), make_config(), KEY).html
    assert "Write to us!" in html
    assert "What did you think?" not in html


@pytest.mark.django_db
def test_a_theme_copied_under_another_name_uses_its_own_files(own, make_issue, make_config):
    for room in ("base", "atlas"):
        for file in filter(Path.is_file, (SHIPPED / room).iterdir()):
            own(f"ocean/{file.name}", file.read_text(encoding="utf-8"))
    own("ocean/byline.txt.j2", "ocean byline\n")
    config = make_config(render={"theme": "ocean"})
    assert check(config) == []
    assert "ocean byline" in preview(make_issue(), config, KEY).text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\ntwo {{ }", r"templates/email/atlas/footer\.mjml\.j2 line 2: unexpected '}'"),
        ("one\n\n{{ nobody.knows }}", r"templates/email/atlas/footer\.mjml\.j2 line 3: 'nobody' is undefined"),
        ("\n{{ newsletter.__class__.__mro__ }}", r"templates/email/atlas/footer\.mjml\.j2 line 2: access to attribute"),
        ("{% include 'gone.mjml.j2' %}", r"footer\.mjml\.j2 line 1: there is no template 'atlas/gone\.mjml\.j2'"),
        ("\n{{ 1 / 0 }}", r"footer\.mjml\.j2 line 2: division by zero"),
        ("<mj-section><p></mj-section>", r"digest\.mjml\.j2: line \d+ of the MJML it makes: `<p>` is not closed"),
        ("", r"digest\.mjml\.j2: it holds no unsubscribe link"),
    ],
)
def test_a_fault_in_a_theme_is_named_with_file_and_line(own, make_issue, make_config, text, message):
    own("atlas/footer.mjml.j2", text)
    with pytest.raises(RenderError, match=message):
        preview(make_issue(), make_config(), KEY)


@pytest.mark.django_db
def test_tokens_that_are_no_yaml_are_named_with_their_line(own, make_issue, make_config):
    own("atlas/tokens.yaml", "light:\n  ink: '#1\n")
    with pytest.raises(RenderError, match=r"^templates/email/atlas/tokens\.yaml line \d"):
        preview(make_issue(), make_config(), KEY)


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_subject_pattern_cannot_leave_its_sandbox(make_issue, make_config, pattern):
    config = make_config(newsletters={"weekly": {"subject": pattern}})
    with pytest.raises(RenderError, match=r"^newsletters\.weekly\.subject"):
        preview(make_issue(), config, KEY)


@pytest.mark.django_db
def test_a_pattern_that_fails_is_named_by_its_key(make_issue, make_config):
    config = make_config(newsletters={"weekly": {"preheader": "{{ lead.colour }}"}})
    with pytest.raises(RenderError, match=r"^newsletters\.weekly\.preheader: a story has no 'colour'"):
        preview(make_issue(), config, KEY)


def test_the_shipped_theme_and_patterns_are_sound(make_config):
    assert check(make_config()) == []


def test_check_names_every_problem_at_once(own, make_config):
    own("torn/digest.mjml.j2", "\n{% if %}")
    own("torn/tokens.yaml", "light: [")
    letters = {"weekly": {"subject": "{{ x", "theme": "torn"}, "other": {"theme": "nowhere"}}
    base = make_config().newsletters["weekly"].model_dump(mode="python", exclude_unset=True)
    problems = check(make_config(newsletters={"weekly": letters["weekly"], "other": {**base, **letters["other"]}}))
    assert sorted((problem.key, problem.where) for problem in problems) == [
        ("newsletters.other.theme", ""),
        ("newsletters.weekly.subject", ""),
        ("newsletters.weekly.theme", "templates/email/torn/digest.mjml.j2 line 2"),
        ("newsletters.weekly.theme", "templates/email/torn/tokens.yaml line 1"),
    ]


@pytest.mark.parametrize("theme", ["base", "atlas", "gazette", "letter"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_words_stand_out_from_their_ground(make_config, theme, scheme, text, ground):
    colours = themes(make_config()).tokens(theme)[scheme]
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours.values())
    assert contrast(colours[text], colours[ground]) >= LEAST
