"""What somebody types into a form is text: it cannot keep a worker busy, eat its memory, or reach anything."""

import time

import pytest

from newsletter.render import RenderError, preview
from tests.render.conftest import KEY

pytestmark = pytest.mark.django_db

HARMFUL = [
    "{% for a in range(1000) %}" * 3 + "{% endfor %}" * 3,
    "{% for a in range(100000) %}x{% endfor %}",
    "{% for a in range(1000) %}{% for b in range(1000) %}a long line of text{% endfor %}{% endfor %}",
    "{{ 'x' * 10 ** 9 }}",
    "{{ [1] * 10 ** 9 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ '%01000000000d' | format(1) }}",
    "{{ '%01000000000d' % 1 }}",
    "{{ '{:01000000000d}'.format(1) }}",
    "{{ 'x'.ljust(10 ** 9) }}",
    "{{ 'x' | center(10 ** 9) }}",
    "{{ 'a\nb' | indent(10 ** 9) }}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a | replace('a', a) %}" * 4 + "{{ a | length }}",
    "{{ lipsum(n=10000000) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'atlas/digest.mjml.j2' %}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ newsletter.__class__.__mro__ }}",
    "{{ issue.save() }}",
]


@pytest.mark.parametrize("field", ["subject", "preheader", "opening", "closing"])
@pytest.mark.parametrize("text", HARMFUL)
def test_what_an_editor_types_ends_soon_in_an_error_that_names_its_place(make_issue, make_config, field, text):
    issue = make_issue(**{field: f"{{{{ reader.name }}}} {text}"})
    began = time.monotonic()
    with pytest.raises(RenderError, match=f"the {field} of weekly/"):
        preview(issue, make_config(), KEY)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("text", HARMFUL[:5])
def test_a_pattern_of_the_configuration_is_held_to_the_same(make_issue, make_config, text):
    with pytest.raises(RenderError, match=r"newsletters\.weekly\.subject"):
        preview(make_issue(), make_config(newsletters={"weekly": {"subject": text}}), KEY)


def test_without_a_word_about_the_reader_it_is_no_template_at_all(make_issue, make_config):
    found = preview(make_issue(opening="{{ 7 * 7 }} {% include 'x' %}"), make_config(), KEY)
    assert "{{ 7 * 7 }}" in found.text


def test_what_text_needs_is_still_there(make_issue, make_config):
    written = (
        "{{ reader.name | default('you') }}: {% for item in items %}{{ item.title | replace('a', 'o') | upper }}"
        "{% if not loop.last %}, {% endif %}{% endfor %} {{ 2 * 21 }} {{ 7 % 4 }} {{ items | length }}"
    )
    found = preview(make_issue({"title": "A cat"}, {"title": "A bat"}, opening=written), make_config(), KEY)
    assert "A COT, A BOT 42 3 2" in found.text
