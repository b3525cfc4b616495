"""`render.check`: what is wrong with themes and patterns, found by drawing a sample issue that is in no database."""

import pytest

from newsletter.render import check
from newsletter.render.environment import SHIPPED


@pytest.fixture
def own(tmp_path):
    """Write a file of the publication's own theme, over the shipped one."""

    def write(name, text):
        file = tmp_path / "templates" / "email" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return write


def shipped(name: str) -> str:
    return (SHIPPED / "base" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("layout", ["digest", "post"])
def test_the_shipped_theme_draws_the_sample_and_touches_no_database(make_config, layout):
    assert check(make_config(newsletters={"weekly": {"layout": layout}})) == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{{ lead.titel }}", "a story has no 'titel' (did you mean 'title'?)"),
        ("{{ newsletter.tilte }}", "the newsletter has no 'tilte' (did you mean 'title'?)"),
        ("{{ sections[0].xyzzy }}", "a section has no 'xyzzy'"),
        ("{{ nothere.foo }}", "'nothere' is undefined"),
    ],
)
def test_a_pattern_that_asks_for_what_is_not_there_is_named_by_its_key(make_config, pattern, reason):
    (problem,) = check(make_config(newsletters={"weekly": {"subject": pattern}}))
    assert (problem.key, problem.reason, problem.where) == ("newsletters.weekly.subject", reason, "")


def test_a_theme_that_asks_for_what_is_not_there_is_named_by_file_and_line(make_config, own):
    own("atlas/footer.mjml.j2", "one\n{{ nothere.foo }}")
    (problem,) = check(make_config())
    assert (problem.key, problem.where) == ("render.theme", "templates/email/atlas/footer.mjml.j2 line 2")
    assert problem.reason == "'nothere' is undefined"


def test_an_element_that_mjml_does_not_have_is_named_by_file_and_line(make_config, own):
    own("atlas/footer.mjml.j2", shipped("footer.mjml.j2") + "\n<mj-section><mj-colum></mj-colum></mj-section>")
    (problem,) = check(make_config())
    line = shipped("footer.mjml.j2").count("\n") + 2
    assert problem.where == f"templates/email/atlas/footer.mjml.j2 line {line}"
    assert (problem.reason, problem.hint) == ("MJML has no <mj-colum>", "did you mean 'mj-column'?")


def test_an_element_that_another_closes_is_named(make_config, own):
    broken = "<mj-section><mj-column><mj-text>Hello</mj-button></mj-column></mj-section>"
    own("atlas/footer.mjml.j2", shipped("footer.mjml.j2") + broken)
    (problem,) = check(make_config())
    assert problem.where == "templates/email/base/digest.mjml.j2"
    assert "`<mj-text>` is not closed before </mj-button>" in problem.reason
