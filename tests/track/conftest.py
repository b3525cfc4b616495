"""Views ask for the configuration that Django runs with: here it is the test's own, under its own folder."""

import pytest


@pytest.fixture(autouse=True)
def config(settings, make_config):
    """The configuration in force; a test that needs another sets `settings.NEWSLETTER` itself."""
    settings.NEWSLETTER = make_config()
    return settings.NEWSLETTER
