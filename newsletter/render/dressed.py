"""An issue as one variant of its A/B test says it."""

from __future__ import annotations

from newsletter.config import Config
from newsletter.models import Issue, Trial
from newsletter.models.trial import FIRST


def worn(issue: Issue, config: Config, trial: Trial | None, letter: str) -> tuple[Issue, Config]:
    """The issue and the configuration that a variant is drawn from; of the first, these very ones.

    Raises Variant.DoesNotExist.
    """
    if trial is None or letter == FIRST:
        return issue, config
    trial.issue = issue
    return trial.worn(letter), sent_by(config, issue.newsletter, trial.sender_name(letter))


def sent_by(config: Config, newsletter: str, name: str) -> Config:
    """The configuration with another name for a newsletter's sender; without a name, as it is."""
    if not name or newsletter not in config.newsletters:
        return config
    settings = config.newsletters[newsletter]
    settings = settings.model_copy(update={"sender": settings.sender.model_copy(update={"name": name})})
    return config.model_copy(update={"newsletters": {**config.newsletters, newsletter: settings}})
