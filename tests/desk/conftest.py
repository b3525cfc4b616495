"""Views ask for the configuration that Django runs with: here it is the test's own, under its own folder."""

import pytest
from django.test import Client

from tests.factories import make_staff


@pytest.fixture(autouse=True)
def config(settings, make_config):
    """The configuration in force; a test that needs another sets `settings.NEWSLETTER` itself."""
    settings.NEWSLETTER = make_config()
    return settings.NEWSLETTER


@pytest.fixture
def staff(db):
    """A browser in which a member of staff who may do everything is signed in."""
    client = Client()
    client.force_login(make_staff())
    return client
