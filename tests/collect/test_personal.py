"""Posts of our own folders that speak to each reader: their tags come through Markdown whole, and nothing else does."""

import pytest

from newsletter import pipeline
from newsletter.collect import collect
from newsletter.markup.images import Size
from newsletter.models import Item, Post, Source
from tests.collect.conftest import item, rss

CONDITION = '{% if "vip" in reader.lists and 1 < 2 %}\nFor the few.\n{% else %}\nFor the many.\n{% endif %}'


def entry(read_folder, body, path="a.md", **settings):
    (found,) = read_folder({path: f"---\ntitle: T\n---\n{body}\n"}, **settings).entries
    return found


def test_tags_about_the_reader_stand_in_the_html_as_they_were_written(read_folder):
    found = entry(read_folder, 'Hello {{ reader.first_name | default("friend") }}, *well*.\n\n' + CONDITION)
    assert found.personal
    assert found.html.split("\n") == [
        "<p>Hello {{ reader.first_name | default(&quot;friend&quot;) }}, <em>well</em>.</p>",
        "<p>{% if &quot;vip&quot; in reader.lists and 1 &lt; 2 %}</p>",
        "<p>For the few.</p>",
        "<p>{% else %}</p>",
        "<p>For the many.</p>",
        "<p>{% endif %}</p>",
    ]


@pytest.mark.parametrize("path", ["a.md", "_posts/2026-11-01-a.md"])
def test_in_tables_and_addresses_too_and_in_jekylls_folders(read_folder, path):
    table = "| a |\n|---|\n| {{ reader.name | upper }} |"
    body = f"{table}\n\n[map](https://m.example/?q={{{{ reader.fields.city | urlencode }}}})"
    found = entry(read_folder, body, path)
    assert "<td>{{ reader.name | upper }}</td>" in found.html
    assert 'href="https://m.example/?q={{ reader.fields.city | urlencode }}"' in found.html


def test_other_braces_of_a_personal_post_are_text(read_folder):
    found = entry(read_folder, "{{ reader.name }} {{ other }} {% if x %}y{% else %}z{% endif %} {# no #}")
    assert found.html == (
        "<p>{{ reader.name }} &#123;&#123; other }} &#123;% if x %}y&#123;% else %}z&#123;% endif %} &#123;# no #}</p>"
    )


def test_measuring_the_images_makes_a_template_of_nothing_else(read_folder):
    found = entry(
        read_folder,
        'Hi {{ reader.name | default("<you>") }} `{{ other }}` {% if x %} ![{{ y }}](https://i.example/a.png)',
    )
    assert found.unmeasured == ("https://i.example/a.png",)
    measured = found.measured(lambda url: Size(640, 360))
    assert 'width="640" height="360"' in measured.html
    assert measured.html.replace(' width="640" height="360"', "") == found.html
    assert measured.html.count("{{") == 1
    assert "{%" not in measured.html


@pytest.mark.parametrize(
    "body",
    [
        "`{{ reader.name }}`",
        "```\n{{ reader.name }}\n```",
        "{{ my_reader.name }}",
        "{{ site.reader.name }}",
        "reader.name",
    ],
)
def test_what_is_written_about_templates_is_not_personal(read_folder, body):
    found = entry(read_folder, body)
    assert not found.personal
    assert "&#123;" not in found.html


def test_jekylls_own_tags_are_treated_as_ever(read_folder):
    fetched = read_folder({"_posts/2026-11-01-a.md": "Hi {{ reader.name }} {{ page.title }}{% include x.html %}"})
    assert fetched.entries[0].html == "<p>Hi {{ reader.name }}</p>"
    assert "page.title, include" in fetched.warning


def test_liquids_spelling_of_elif_is_understood(read_folder):
    found = entry(read_folder, "{% if reader.name %}a{% elsif reader.email %}b{% endif %}", "_posts/2026-11-01-a.md")
    assert found.html == "<p>{% if reader.name %}a{% elif reader.email %}b{% endif %}</p>"


def test_title_and_summary_speak_to_nobody(read_folder):
    sides = "{% if reader.name %}a{% else %}b{% endif %}"
    body = f'# Hello {{{{ reader.name | default("you") }}}}\n\nDear {{{{ reader.name | default("friend") }}}}, {sides}!'
    (found,) = read_folder({"a.md": body}).entries
    assert (found.title, found.summary) == ("Hello you", "Dear friend, b!")


def test_a_summary_that_is_cut_shows_no_half_of_a_tag(read_folder):
    found = entry(read_folder, "word " * 58 + "{{ reader.fields.something_rather_long }} and " + "more " * 40)
    assert len(found.summary) <= 301
    assert "q" not in found.summary.replace("word", "")


@pytest.mark.django_db
def test_a_post_and_its_item_know_that_they_are_personal(tmp_path, make_config, now):
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text("---\ntitle: T\ndate: 2026-11-19\n---\nHi {{ reader.name }}\n")
    config = make_config(collect={"sources": {"own": {"kind": "folder", "location": "posts"}}})
    collect(config, now, ["own"])
    post = Post.objects.get()
    assert (post.personal, Item.copy_of(post).personal) == (True, True)


@pytest.mark.django_db
def test_a_feed_is_never_personal(web, publication, now):
    web.serve("/feed", rss(item(1, description="<p>Hello {{ reader.email }}</p>")))
    collect(publication({"blog": f"{web.url}/feed"}), now)
    post = Post.objects.get()
    assert (post.personal, post.html) == (False, "<p>Hello {{ reader.email }}</p>")


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("Hi\n\n{{ reader.frist_name }}", 6, "the reader has no 'frist_name' (did you mean 'first_name'?)"),
        ("Hi {{ reader.feilds.city }}", 4, "the reader has no 'feilds' (did you mean 'fields'?)"),
        ("Hi\n\n{% if reader.name %}\nx\n\ny", 6, "this {% if %} is never closed; end it with {% endif %}"),
        ("Hi\n{% if reader.name = 1 %}x{% endif %}", 5, "expected token 'end of statement block', got '='"),
        ("Hi\n{% fi reader.name %}x", 5, "{% fi %} cannot be about the reader"),
        ("Hi {{ reader.name", 4, "`{{` is never closed"),
        ("Hi {{\n  reader.nmae }}", 5, "the reader has no 'nmae' (did you mean 'name'?)"),
        ("{% if reader.name %}a{% elif reader.emial %}b{% endif %}", 4, "the reader has no 'emial'"),
    ],
)
@pytest.mark.django_db
def test_what_is_wrong_with_a_tag_is_said_when_it_is_collected(call_pipeline, body, line, said):
    warning = call_pipeline({"a.md": f"---\ntitle: T\n---\n{body}\n"})
    assert warning.startswith(f"a.md, line {line}: {said}")


@pytest.mark.django_db
def test_what_is_right_is_not_complained_of(call_pipeline):
    body = 'Hi {{ reader.first_name | default("friend") }}\n\n' + CONDITION + "\n\n`{{ reader.nmae`"
    assert call_pipeline({"a.md": f"---\ntitle: T\n---\n{body}\n"}) == ""


@pytest.fixture
def call_pipeline(tmp_path, make_config):
    """Write posts, collect them as the pipeline does, and give the source's warning."""

    def collected(files):
        (tmp_path / "posts").mkdir()
        for name, text in files.items():
            (tmp_path / "posts" / name).write_text(text, encoding="utf-8")
        config = make_config(collect={"sources": {"own": {"kind": "folder", "location": "posts"}}})
        (visit,) = pipeline.collect_sources(pipeline.Context(config, "key"), ["own"])
        assert visit.warning == Source.objects.get(name="own").warning
        return visit.warning

    return collected
