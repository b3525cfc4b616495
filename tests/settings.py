"""Django's settings under test: from tests/config.yaml, with a folder of this run's own and a scrubbed environment.

pytest-django reads the settings before any conftest.py is loaded, so this is where a developer's own variables are kept
out. Only the database may be chosen from outside, by `make test`.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("NEWSLETTER_") and name != "NEWSLETTER_DATABASE__URL"]:
    del os.environ[_name]
os.environ["NEWSLETTER_CONFIG"] = str(Path(__file__).with_name("config.yaml"))
os.environ["NEWSLETTER_SITE__VAR"] = _var = tempfile.mkdtemp(prefix="newsletter-tests-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)

from newsletter.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick: nothing here is guarded
_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
MIDDLEWARE = ["tests.static.FoundOnce" if name == _WHITENOISE else name for name in MIDDLEWARE]  # noqa: F405
