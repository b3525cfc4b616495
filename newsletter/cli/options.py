"""Options that many commands share."""

from __future__ import annotations

import click

config_option = click.option(
    "--config", metavar="PATH", expose_value=False, help="The publication's config.yaml. [env: NEWSLETTER_CONFIG]"
)
"""Where the configuration stands; `main` reads it before any command is loaded."""

facts_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""For commands that print facts."""
