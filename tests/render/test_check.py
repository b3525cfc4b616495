"""`render.check`: what is wrong with themes and patterns, found by drawing a sample issue that is in no database."""

import pytest

from newsletter.render import check, palette
from newsletter.render.environment import SHIPPED, themes


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


@pytest.mark.parametrize("end", ["mj-sectoin", "mj-section"])
def test_a_misspelt_element_is_named_wherever_the_engine_gets_to(make_config, own, end):
    footer = shipped("footer.mjml.j2")
    own("base/footer.mjml.j2", footer.replace("<mj-section", "<mj-sectoin").replace("</mj-section", f"</{end}"))
    (problem,) = check(make_config())
    line = footer[: footer.index("<mj-section")].count("\n") + 1
    assert problem.where == f"templates/email/base/footer.mjml.j2 line {line}"
    assert (problem.reason, problem.hint) == ("MJML has no <mj-sectoin>", "did you mean 'mj-section'?")


def test_a_misspelt_element_is_named_before_the_link_that_is_missing_with_it(make_config, own):
    own("atlas/footer.mjml.j2", "\n<mj-sectoin></mj-sectoin>")
    (problem,) = check(make_config())
    assert problem.where == "templates/email/atlas/footer.mjml.j2 line 2"
    assert problem.reason == "MJML has no <mj-sectoin> (did you mean 'mj-section'?)"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "atlas/tokens.yaml", 'light:\n  buton: "#14213d"\n',
            ("templates/email/atlas/tokens.yaml line 2: light.buton: the theme has no token 'light.buton' "
            "(did you mean 'button'?)"),
        ),
        (
            "base/tokens.yaml", 'lihgt:\n  ink: "#14213d"\n',
            "templates/email/base/tokens.yaml line 1: lihgt: the theme has no token 'lihgt' (did you mean 'light'?)",
        ),
        (
            "atlas/tokens.yaml", 'width: 640\ndark:\n  ink: "#fff"\n',
            ("templates/email/atlas/tokens.yaml line 3: dark.ink: '#fff' is no colour of six digits "
            "(write it like '#f6eedb', in quotes)"),
        ),
        (
            "atlas/tokens.yaml", "light:\n  ink: #14213d\n",
            "templates/email/atlas/tokens.yaml line 2: light.ink: this is empty (write it like '#14213d', in quotes)",
        ),
        (
            "atlas/tokens.yaml", 'light:\n  soft: "#c9cbd3"\n',
            ("templates/email/atlas/tokens.yaml line 2: light.soft: soft #c9cbd3 on paper #fdf6e3 has a contrast of "
            "1.5 to 1 (words need 4.5 to 1)"),
        ),
    ],
)  # fmt: skip
def test_the_publications_own_tokens_are_judged_as_those_of_config(make_config, own, file, text, said):
    own(file, text)
    assert said in map(str, check(make_config()))


@pytest.mark.parametrize("theme", ["atlas", "gazette", "letter"])
def test_a_copy_of_a_shipped_themes_tokens_is_sound(make_config, own, theme):
    own(f"{theme}/tokens.yaml", (SHIPPED / theme / "tokens.yaml").read_text(encoding="utf-8"))
    own("base/tokens.yaml", (SHIPPED / "base" / "tokens.yaml").read_text(encoding="utf-8"))
    assert palette.problems_of_files(themes(make_config()), theme) == []


def test_a_token_that_the_publications_own_template_asks_for_is_no_fault(make_config, own):
    own("atlas/tokens.yaml", "motto: Onwards\n")
    assert [problem.key for problem in check(make_config())] == ["motto"]
    own("atlas/footer.mjml.j2", shipped("footer.mjml.j2") + "{# #}<mj-raw>{{ theme.motto }}</mj-raw>")
    assert "motto" not in [problem.key for problem in check(make_config())]


def test_an_element_that_another_closes_is_named(make_config, own):
    broken = "<mj-section><mj-column><mj-text>Hello</mj-button></mj-column></mj-section>"
    own("atlas/footer.mjml.j2", shipped("footer.mjml.j2") + broken)
    (problem,) = check(make_config())
    assert problem.where == "templates/email/base/digest.mjml.j2"
    assert "`<mj-text>` is not closed before </mj-button>" in problem.reason
