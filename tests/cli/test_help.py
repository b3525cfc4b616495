"""Help: every command has it, and the table that it is drawn from says what the commands say."""

import importlib
import pkgutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import newsletter.cli
from newsletter.cli import COMMANDS, reference
from newsletter.cli import newsletter as group

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def command(name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name):
    assert command(name).name == name
    assert command(name).get_short_help_str(limit=200) == COMMANDS[name][1]


def test_the_table_names_every_command_there_is():
    modules = [
        importlib.import_module(f"newsletter.cli.{module.name}")
        for module in pkgutil.iter_modules(newsletter.cli.__path__)
    ]
    found = {one for module in modules for one in vars(module).values() if isinstance(one, click.Command)}
    inner = {
        each for one in found if isinstance(one, click.Group) and one is not group for each in one.commands.values()
    }
    assert {one.name for one in found - inner - {group}} == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name, _ in reference.commands()])
def test_every_command_takes_config_and_explains_itself_and_its_options(name):
    found = dict(reference.commands())[name]
    assert found.help
    assert "--config" in {option for param in found.params for option in param.opts}
    for option in found.params:
        assert not isinstance(option, click.Option) or option.help, f"{name} {option.opts} says nothing"


@pytest.mark.parametrize(
    "name", ["check", "collect", "sources", "posts", "compose", "issues", "approve", "schedule", "send", "report",
             "lists", "subscribers import", "subscribers show"],
)  # fmt: skip
def test_commands_that_print_facts_print_them_as_json_too(name):
    found = dict(reference.commands())[name]
    assert "--json" in {option for param in found.params for option in param.opts}


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["issues", "--nonsense"], ["approve"], ["issues", "--last", "0"], ["compose"], ["--config"],
     ["preview", "1", "--format", "pdf"], ["subscribers", "import", "x.csv"],
     ["send", "1", "--test", "a@example.org", "--wait"]],
)  # fmt: skip
def test_wrong_usage_ends_with_2(arguments):
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output


def test_help_and_version():
    result = CliRunner().invoke(group, ["-h"])
    assert result.exit_code == 0
    listed = result.output.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines() if line[2] != " "] == list(COMMANDS)
    assert CliRunner().invoke(group, ["--version"]).output.startswith("newsletter, version ")


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    assert reference.written(text) == text, "run: python -m newsletter.cli.reference docs/cli.md"


def test_a_page_without_a_place_for_the_commands_is_refused():
    with pytest.raises(ValueError, match="<!-- commands -->"):
        reference.written("# Commands\n")
