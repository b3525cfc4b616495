"""Reading the file: YAML without its surprises, and every fault with its line."""

from pathlib import Path

import pytest

from newsletter.config import ConfigError, load


def test_the_shipped_files_are_valid():
    for file in ("config.yaml", "templates/init/config.yaml", "tests/config.yaml"):
        assert load(Path(__file__).parents[2] / file, {}).newsletters


def test_a_file_that_is_not_there_is_refused_with_the_way_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no .*/nowhere\.yaml .*newsletter init"):
        load(tmp_path / "nowhere.yaml", {})


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, {})


def test_the_file_may_be_named_by_the_environment(tmp_path):
    (tmp_path / "other.yaml").write_text("site: {name: Elsewhere}")
    assert load(environ={"NEWSLETTER_CONFIG": str(tmp_path / "other.yaml")}).site.name == "Elsewhere"


def test_a_byte_order_mark_does_no_harm(config):
    assert config(b"\xef\xbb\xbfsite: {name: From Windows}").site.name == "From Windows"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "config.yaml line 1: the file is empty"),
        ("# nothing but words\n", "config.yaml line 1: the file is empty"),
        ("- a\n- b", "config.yaml line 1: the file must hold keys"),
        ("just words", "config.yaml line 1: the file must hold keys"),
        ("site:\n\tname: x", "config.yaml line 2: this is not YAML: a tab stands where only spaces may"),
        (
            "send:\nsite:\n  name: 'x\n  url: y",
            "config.yaml line 3: this is not YAML: a quote that opens here is never",
        ),
        ("site: [a", "config.yaml line 1: this is not YAML"),
        ("site: {}\nsite: {}", "config.yaml line 2: this is not YAML: the key 'site' stands here twice"),
        ("site:\n  name: a\n  url: b\n  name: c", "line 4: this is not YAML: the key 'name' stands here twice"),
        ("? [a, b]\n: x", "line 1: this is not YAML: a key must be a plain word"),
        ("site:\n  name: !!timestamp nope", "config.yaml line 2: this is not YAML"),
        ("site: !!python/object:os.system x", "config.yaml line 1: this is not YAML"),
        ("site: &a [*a]", "config.yaml line 1: this is not YAML"),
        ("site: {}\n---\nsite: {}", "config.yaml line 2: this is not YAML"),
        ("site:\n  name: a\x07", "config.yaml line 2: this is not YAML: it holds the character U+0007"),
        (b"site:\n  name: M\xfcnchen", "config.yaml line 2: this is not UTF-8 (save the file as UTF-8)"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(complaint, text, said):
    assert said in complaint(text)
    assert "\n" not in complaint(text)


QUOTE = "line 2: this is not YAML: a value with a colon in it must stand in quotes (such as "
INDENT = "this is not YAML: this line does not stand under the one it belongs to (check the indentation"
BRACE = "line 2: this is not YAML: a value cannot begin with { (quote a value that begins with {)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  tagline: News: short", QUOTE),
        ("a:\n  - title: News: short", QUOTE),
        ("a:\n  name: x\n   url: y", f"line 3: {INDENT}"),
        ("a:\n    name: x\n  url: y", f"line 3: {INDENT}"),
        ("a:\n  name\n  url: y", f"line 3: {INDENT}"),
        (" a: x\nb: y", f"line 2: {INDENT}"),
        ("a:\n  subject: {{ lead.title }}", BRACE),
        ("a:\n  subject: {{ lead.title }} and {{ more }}", BRACE),
        ("a:\n  subject: {{ lead.title }}: more", BRACE),
        ("a:\n  subject: {% if lead %}x{% endif %}", BRACE),
        ("a:\n  - {{ lead.title }}", BRACE),
        ("a: x\n\tb: y", "line 2: this is not YAML: a tab stands where only spaces may (indent with spaces)"),
        ('a: "x" y', "something stands after the end of a value (put the whole value in one pair of quotes)"),
        ("a: - b", "a list cannot begin here (begin it on a line of its own, or write [one, two])"),
    ],
)
def test_common_slips_get_a_hint_and_not_the_parsers_words(complaint, text, said):
    assert said in complaint(text)


@pytest.mark.parametrize("start", "*&!%@`")
def test_a_value_that_yaml_cannot_begin_with_is_not_repeated_for_it_may_be_a_password(refused, start):
    said = "".join(map(str, refused(f"send:\n  smtp:\n    password: {start}hunter2\n    host: {{")))
    assert "config.yaml line" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("word", ["no", "on", "12:30", "0123", "1e3", "2026-11-20", "2026-13-45", "~x", "null-island"])
def test_words_stay_the_words_that_were_written(config, word):
    assert config(f"site: {{name: {word}}}").site.name == word


def test_true_and_numbers_are_understood_where_they_are_meant(config):
    made = config("site: {behind_proxy: yes}\nsend: {batch: 7, smtp: {port: 587}}\ntrack: {opens: false}")
    assert (made.site.behind_proxy, made.send.batch, made.send.smtp.port, made.track.opens) == (True, 7, 587, False)


def test_a_section_whose_keys_are_all_commented_out_has_its_defaults(config):
    made = config("site:\nsend:\n  smtp:\n  # host: x\n  batch:\ncollect:\n  sources:\nnewsletters:\n")
    assert made.send.batch == 500
    assert made.send.smtp.port == 25
    assert made.collect.sources == {}


def test_anchors_and_merge_keys_work(config):
    made = config("""
        collect:
          sources:
            one: &feed {location: https://example.org/1, tags: [news]}
            two: {<<: *feed, location: https://example.org/2}
    """)
    assert made.collect.sources["two"].tags == ("news",)
    assert made.collect.sources["two"].location == "https://example.org/2"


def test_paths_are_meant_from_where_the_file_stands(config, tmp_path):
    made = config("site: {var: data}\ndatabase: {url: sqlite:///here.sqlite3}\nsend: {outbox: {path: /srv/mails}}")
    assert made.var == tmp_path / "data"
    assert made.database_url == f"sqlite:///{tmp_path}/here.sqlite3"
    assert made.outbox == Path("/srv/mails")
    assert config("site:").database_url == f"sqlite:///{tmp_path}/var/newsletter.sqlite3"
    assert config("site:").outbox == tmp_path / "var" / "outbox"
