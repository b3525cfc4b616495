"""Django's settings, as a function of our configuration."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from newsletter import paths
from newsletter.config import Config, load

# The teal of the reader's pages, from light to dark, for the buttons and links of the desk.
TEAL = dict(
    zip(
        ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950"),
        ("#effaf8", "#d7f2ee", "#b0e4dc", "#7fd0c5", "#4bb5a8", "#2a9d8f", "#1f7f75", "#1c665f", "#1a524d", "#194441",
         "#082827"),
        strict=True,
    )
)  # fmt: skip
QUIET = ("flufl.bounce", "httpx", "mail.log", "procrastinate", "python_http_client", "readability")


def current() -> Config:
    """The configuration that Django runs with, for views; the stages are handed theirs."""
    from django.conf import settings

    return cast(Config, getattr(settings, "NEWSLETTER"))  # noqa: B009 - a name that Django's stubs do not know


def signing_keys() -> list[str]:
    """The keys that a token may be signed with: the one in use, then those of earlier."""
    from django.conf import settings

    return [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def from_config(config: Config) -> dict[str, Any]:
    """Everything Django needs to know, drawn from config.yaml alone."""
    postgresql = config.database_url.startswith("postgres")
    return {
        "NEWSLETTER": config,
        "SECRET_KEY": secret_key(config),
        "SECRET_KEY_FALLBACKS": [key.get_secret_value() for key in config.site.secret_key_fallbacks],
        "DEBUG": False,
        "ALLOWED_HOSTS": _hosts(config),
        "CSRF_TRUSTED_ORIGINS": [_origin(config.site.url)],
        "INSTALLED_APPS": [
            "unfold",
            "django.contrib.admin.apps.SimpleAdminConfig",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "whitenoise.runserver_nostatic",
            "django.contrib.staticfiles",
            "django.contrib.humanize",
            "allauth",
            "allauth.account",
            "allauth.mfa",
            "allauth.usersessions",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.openid_connect",
            "subscribers",
            "newsletter",
            "newsletter.desk",
            *(["django_altcha"] if config.audience.subscribe.captcha == "altcha" else []),
            *(["procrastinate.contrib.django"] if postgresql else []),
            *(["anymail"] if config.track.replies.anymail.provider or config.track.anymail.provider else []),
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "newsletter.desk.signing.kept.SignedOut",
            "newsletter.desk.scope.AtWork",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "newsletter.reader.policy.ContentSecurityPolicy",
        ],
        "ROOT_URLCONF": "newsletter.urls",
        "WSGI_APPLICATION": "newsletter.wsgi.application",
        "TEMPLATES": _templates(),
        "DATABASES": {"default": database(config.database_url)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True,
        "TIME_ZONE": config.site.time_zone,
        "LANGUAGE_CODE": "en-gb",
        "FORMAT_MODULE_PATH": "newsletter.desk.formats",
        "STATIC_URL": "/static/",
        # Static files are served from inside the installed packages; there is no step that gathers them.
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "STATIC_ROOT": None,
        **_signing_in(config),
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SESSION_COOKIE_AGE": 21 * 24 * 60 * 60,
        "SESSION_COOKIE_SECURE": config.site.url.startswith("https:"),
        "CSRF_COOKIE_SECURE": config.site.url.startswith("https:"),
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if config.site.behind_proxy else None,
        "X_FRAME_OPTIONS": "SAMEORIGIN",
        "ANYMAIL": _anymail(config),
        "LOGGING": _logging(),
        "UNFOLD": _unfold(config),
    }


def _signing_in(config: Config) -> dict[str, Any]:
    """How staff sign in: by allauth, each limit counted in the database, so that all processes count alike."""
    services = [
        {
            "provider_id": name,
            "name": one.title,
            "client_id": one.client_id,
            "secret": one.client_secret.get_secret_value(),
            "settings": {"server_url": one.issuer},
        }
        for name, one in config.site.sign_in.oidc.items()
    ]
    return {
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "admin:index",
        "AUTHENTICATION_BACKENDS": ["newsletter.desk.signing.backend.Backend"],
        "CSRF_FAILURE_VIEW": "newsletter.desk.signing.kept.csrf_failure",
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "newsletter_cache",
                "OPTIONS": {"MAX_ENTRIES": 100_000},
            }
        },
        "ACCOUNT_ADAPTER": "newsletter.desk.signing.adapters.AccountAdapter",
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": urlsplit(config.site.url).scheme,
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False,
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_LOGIN_METHODS": {"username", "email"},
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_RATE_LIMITS": {
            "login": "60/m/ip",
            "login_failed": "20/m/ip,10/15m/key",
            "reset_password": "20/h/ip,3/h/key",
            "reset_password_from_key": "20/m/ip",
            "reauthenticate": "10/m/user",
            "change_password": "5/m/user",
        },
        "ACCOUNT_FORMS": {"login": "newsletter.desk.signing.forms.LoginForm"},
        "ACCOUNT_REAUTHENTICATION_METHODS": {"password", "mfa"},
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email*", "password1*"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_TOTP_ISSUER": config.site.name,
        # Only where the site itself is an unencrypted address of this machine.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not config.site.url.startswith("https:"),
        "SOCIALACCOUNT_ADAPTER": "newsletter.desk.signing.adapters.SocialAdapter",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": True,
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "SOCIALACCOUNT_ONLY": False,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": services}},
    }


def secret_key(config: Config) -> str:
    """The key of config.yaml, else one that is made once and kept, readable by its owner only, under `var`."""
    if config.site.secret_key:
        return config.site.secret_key.get_secret_value()
    file = config.var / "secret_key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, file)  # fails if another process was first, whose key then holds
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()


def database(url: str) -> dict[str, Any]:
    """Django's description of sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME?option=value."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        # Writers queue for up to 30 s instead of failing; a transaction that will write takes its place at once.
        # synchronous stays FULL: a ledger that forgets its last commit in a power cut sends twice.
        options = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA journal_mode=WAL"}
        # Tests use a file as well: in memory, threads would share one connection's locks.
        test = {"NAME": str(path.with_name(f"test-{path.name}"))}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options, "TEST": test}
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_HEALTH_CHECKS": True,
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _hosts(config: Config) -> list[str]:
    return [urlsplit(config.site.url).hostname or "", "localhost", "127.0.0.1", "[::1]"]


def _templates() -> list[dict[str, Any]]:
    context = "django.template.context_processors.request", "django.contrib.auth.context_processors.auth"
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [paths.TEMPLATES / "desk"],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    *context,
                    "django.contrib.messages.context_processors.messages",
                    "newsletter.desk.signing.frame.frame",
                    "newsletter.desk.pages.presses.bar",
                ]
            },
        },
        {
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "DIRS": [paths.TEMPLATES / "reader"],
            "APP_DIRS": False,
            "OPTIONS": {"environment": "newsletter.reader.jinja.environment"},
        },
    ]


def _anymail(config: Config) -> dict[str, Any]:
    given = (config.track.replies.anymail, config.track.anymail)
    secrets = [one.secret.get_secret_value() for one in given if one.secret]
    found = {name: value.get_secret_value() for one in given for name, value in one.settings.items()}
    return {**({"WEBHOOK_SECRET": secrets} if secrets else {}), **found}


def _logging() -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        # python_http_client writes the API key at DEBUG: it must never come to that.
        "loggers": {
            **{name: {"level": "WARNING"} for name in QUIET},
            # It warns of every request that is none, and the web is full of robots that send some.
            "uvicorn": {"level": "ERROR"},
            # It warns whenever a job is still at work when its next look is due, as sending is for hours.
            "apscheduler": {"level": "ERROR"},
            # It warns of every address that is not there, and the web is full of robots that ask for some.
            "django.request": {"level": "ERROR"},
        },
    }


def _unfold(config: Config) -> dict[str, Any]:
    return {
        "SITE_TITLE": config.site.name,
        "SITE_HEADER": config.site.name,
        "SITE_URL": "/",
        "SITE_SYMBOL": "newspaper",
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/desk/icon.svg"}],
        "SHOW_HISTORY": True,
        "COLORS": {"primary": TEAL},
        "STYLES": ["/static/desk/desk.css", "/static/desk/approving.css"],
        "SCRIPTS": ["/static/desk/signed_in.js", "/static/desk/presses.js"],
        "ACCOUNT": {"navigation": [{"title": "You: sign-in and mails", "link": "/desk/you/"}]},
        "DASHBOARD_CALLBACK": "newsletter.desk.pages.today.today",
        "SIDEBAR": {"show_search": True, "navigation": "newsletter.desk.navigation.sidebar"},
    }


globals().update(from_config(load()))
