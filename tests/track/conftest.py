"""Views ask for the configuration that Django runs with: here it is the test's own, under its own folder."""

import pytest

from tests.mails import Mail


@pytest.fixture(autouse=True)
def config(settings, make_config):
    """The configuration in force; a test that needs another sets `settings.NEWSLETTER` itself."""
    settings.NEWSLETTER = make_config()
    return settings.NEWSLETTER


@pytest.fixture
def mail(config):
    """A mail in front of somebody; its links are answered by the configuration in force at the first look."""
    return Mail()
