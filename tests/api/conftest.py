"""The API asks for the configuration that Django runs with: here it is the test's own."""

import pytest


@pytest.fixture(autouse=True)
def config(settings, make_config):
    """One in which programs may sign people up; a test that needs another sets `settings.NEWSLETTER` itself."""
    settings.NEWSLETTER = make_config(audience={"subscribe": {"open_api": True}})
    return settings.NEWSLETTER
