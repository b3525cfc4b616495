"""The house of themes: what a theme lacks is base's, what a publication has goes first, and tokens are laid over."""

from pathlib import Path

import pytest
import yaml

from newsletter.config import load
from newsletter.render import RenderError, check, preview
from newsletter.render.environment import SHIPPED, themes
from newsletter.render.palette import contrast
from tests.render.conftest import KEY
from tests.render.dom import Dom

CONFIG = Path(__file__).parents[1] / "config.yaml"
OLD = Path(__file__).parent / "fixtures" / "atlas-before-base"


def weekly(**changes):
    return {"newsletters": {"weekly": changes}}


@pytest.mark.django_db
def test_a_folder_with_nothing_but_tokens_is_a_theme(own, make_issue, make_config):
    own("dusk/tokens.yaml", 'light: {paper: "#fafafa"}\n')
    config = make_config(render={"theme": "dusk"})
    assert check(config) == []
    tokens = themes(config).tokens("dusk")
    assert (tokens["light"]["paper"], tokens["light"]["ink"]) == ("#fafafa", "#1b1b1f")
    assert "#fafafa" in preview(make_issue(), config, KEY).html


@pytest.mark.django_db
def test_a_publications_base_changes_every_theme_that_has_no_such_file(own, make_issue, make_config):
    own("base/share.mjml.j2", "<mj-section><mj-column><mj-text>Tell them!</mj-text></mj-column></mj-section>")
    assert "Tell them!" in preview(make_issue(), make_config(), KEY).html


@pytest.mark.django_db
def test_a_theme_may_extend_the_file_of_base_that_it_replaces(own, make_issue, make_config):
    own(
        "dusk/digest.mjml.j2",
        "{% extends 'base/digest.mjml.j2' %}\n{% block closing %}{% include 'end.mjml.j2' %}{% endblock %}",
    )
    own("dusk/end.mjml.j2", "<mj-section><mj-column><mj-text>Dusk falls.</mj-text></mj-column></mj-section>")
    own("dusk/like.mjml.j2", "Dusk likes you.")
    html = preview(make_issue(), make_config(render={"theme": "dusk"}), KEY).html
    assert "Dusk falls." in html
    # What base includes in its turn is the theme's own again.
    assert "Dusk likes you." in html


@pytest.mark.django_db
def test_a_file_added_or_taken_away_is_seen_at_once(own, make_issue, make_config):
    issue, config = make_issue(), make_config()
    assert "Ahoy" not in preview(issue, config, KEY).html
    own("atlas/like.mjml.j2", "Ahoy")
    assert "Ahoy" in preview(issue, config, KEY).html
    (themes(config).own / "atlas" / "like.mjml.j2").unlink()
    assert "Ahoy" not in preview(issue, config, KEY).html


@pytest.mark.django_db
@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_a_copy_of_the_theme_from_before_there_was_a_base_still_draws(own, make_issue, make_config, layout):
    for file in OLD.iterdir():
        own(f"atlas/{file.name}", file.read_text(encoding="utf-8"))
    config = make_config(**weekly(layout=layout))
    assert [str(one) for one in check(config)] == []
    html = preview(make_issue({}, {"section": "World"}), config, KEY).html
    assert "/u/" in html
    assert "Story 1" in Dom(html).text()


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(file.name for file in OLD.iterdir() if file.suffix == ".j2"))
@pytest.mark.parametrize("layout", ["digest", "post"])
def test_each_file_of_that_copy_works_alone_among_todays(own, make_config, name, layout):
    own(f"atlas/{name}", (OLD / name).read_text(encoding="utf-8"))
    assert [str(one) for one in check(make_config(**weekly(layout=layout)))] == []


@pytest.mark.django_db
def test_a_theme_that_is_not_there_is_refused_and_the_nearest_named(make_issue, make_config):
    config = make_config(render={"theme": "atlsa"})
    with pytest.raises(RenderError, match=r"there is no theme 'atlsa' \(did you mean 'atlas'"):
        preview(make_issue(), config, KEY)
    (problem,) = check(config)
    assert (problem.key, problem.hint) == ("render.theme", "did you mean 'atlas'?")


@pytest.mark.parametrize("name", ["../secret.mjml.j2", "atlas/../../secret.mjml.j2", "base/../../secret.mjml.j2"])
def test_no_template_is_read_from_outside_the_house(own, make_config, name):
    own("secret.mjml.j2", "secret")
    own("atlas/footer.mjml.j2", f"{{% include '{name}' %}}")
    (problem,) = check(make_config())
    assert "there is no template" in problem.reason


# Tokens


@pytest.mark.django_db
def test_a_newsletter_changes_single_tokens_of_its_theme(make_issue, make_config):
    config = make_config(**weekly(tokens={"light": {"ink": "#331122"}, "width": 640}))
    assert check(config) == []
    html = preview(make_issue(), config, KEY).html
    assert "#331122" in html
    assert "max-width:640px" in html


@pytest.mark.django_db
def test_a_width_written_as_in_the_documentation_is_a_number(own, tmp_path, make_config, make_issue):
    written = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    written["newsletters"]["weekly"] |= {
        "tokens": {"light": {"button": "#1a6c63", "on_button": "#ffffff"}, "width": 640}
    }
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    for environ, width in (({}, 640), ({"NEWSLETTER_NEWSLETTERS__WEEKLY__TOKENS__WIDTH": "700"}, 700)):
        config = load(file, environ=environ).beside(tmp_path)
        assert check(config) == []
        assert f"max-width:{width}px" in preview(make_issue(), config, KEY).html
    own("atlas/tokens.yaml", 'width: "560"\n')
    assert themes(make_config()).tokens("atlas")["width"] == 560


@pytest.mark.parametrize(
    ("tokens", "key", "reason", "hint"),
    [
        ({"light": {"inc": "#000000"}}, "light.inc", "the theme has no token 'light.inc'", "did you mean 'ink'?"),
        ({"lihgt": {}}, "lihgt", "the theme has no token 'lihgt'", "did you mean 'light'?"),
        ({"light": {"ink": "#fff"}}, "light.ink", "'#fff' is no colour of six digits", "write it like '#14213d'"),
        ({"accents": {"sun": "gold"}}, "accents.sun", "'gold' is no colour of six digits", "write it like '#f4a261'"),
        ({"light": "dark"}, "light", "this must be a mapping", "of paper"),
        ({"width": "wide"}, "width", "'wide' is no width", "a whole number from 320 to 900"),
        ({"sizes": {"body": 18}}, "sizes.body", "'18' is no length", "write it like 18px"),
        ({"fonts": {"head": "x;} b{"}}, "fonts.head", "'x;} b{' cannot stand in a style", "write it like Georgia"),
        (
            {"light": {"soft": "#c9cbd3"}}, "light.soft", "soft #c9cbd3 on paper #fdf6e3 has a contrast of 1.5 to 1",
            "words need 4.5 to 1",
        ),
        (
            {"dark": {"button": "#35406a"}}, "dark.button",
            "on_button #14213d on button #35406a has a contrast of 1.6 to 1", "words need 4.5 to 1",
        ),
    ],
)  # fmt: skip
def test_tokens_that_cannot_be_are_named_with_their_key(make_config, tokens, key, reason, hint):
    problem = check(make_config(**weekly(tokens=tokens)))[0]
    assert problem.key == f"newsletters.weekly.tokens.{key}"
    assert problem.reason == reason
    assert problem.hint.startswith(hint)


def test_contrast_is_what_the_guidelines_say():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# Words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("de-AT", "Abbestellen"),
        ("fr", "Se désinscrire"),
        ("es", "Darse de baja"),
        ("ar", "إلغاء الاشتراك"),
        ("xx", "Unsubscribe"),
    ],
)
def test_a_theme_speaks_the_newsletters_language_and_else_english(make_issue, make_config, language, word):
    mail = preview(make_issue(), make_config(**weekly(language=language)), KEY)
    assert word in Dom(mail.html).text()
    assert word in mail.text


@pytest.mark.django_db
def test_a_publication_says_one_thing_in_its_own_words(own, make_issue, make_config):
    own("atlas/words.yaml", 'en: {unsubscribe: "No more, <please>"}\nnl: {unsubscribe: "Uitschrijven"}\n')
    assert "No more, <please>" in Dom(preview(make_issue(), make_config(), KEY).html).text()
    dutch = preview(make_issue(), make_config(**weekly(language="nl")), KEY)
    assert "Uitschrijven" in dutch.text
    assert "Read online" in dutch.text


@pytest.mark.parametrize("language", ["de", "fr", "es", "ar", "he"])
def test_every_language_has_every_word_and_the_same_places(make_config, language):
    found = themes(make_config())
    said = found.read(SHIPPED / "base" / "words.yaml")

    def places(words):
        return {
            name: places(value)
            if isinstance(value, dict)
            else sorted(part.split("}")[0] for part in value.split("{")[1:])
            for name, value in words.items()
        }

    assert places(said[language]) == places(said["en"])
