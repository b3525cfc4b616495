"""The tracking webhooks of the providers that django-anymail knows: kept as they came, and understood afterwards.

Anymail's own views say whether a post is the provider's, and read it; between the two lies a row of ours, so that the
provider has its answer at once. Imported only where config.yaml names a provider; needs the extra `anymail`.
"""

from __future__ import annotations

import io
import logging
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailWebhookValidationFailure
from anymail.urls import urlpatterns as every_provider
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter.config import Config
from newsletter.settings import current
from newsletter.track.webhooks.receiving import TooLarge, body_of, kept, refused

log = logging.getLogger(__name__)

# What their code raises over a post that is none of the provider's, besides its own exceptions.
BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, AnymailAPIError)
_TYPE = "Content-Type"


def urls(config: Config) -> list[URLPattern]:
    """The address of the provider in config.yaml, and of no other: theirs would be checked against nothing."""
    name = config.track.anymail.provider
    return [path(f"{name}/tracking/", tracking, name="tracking")] if name else []


# Providers have no cookie of ours; what their view checks is what lets them in. Some ask by HEAD whether we are there.
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def tracking(request: HttpRequest) -> HttpResponse:
    """Take what a provider posts."""
    if request.method == "HEAD":
        return HttpResponse()
    name = current().track.anymail.provider or ""
    view = view_of(name)
    if name == "amazon_ses" and view.basic_auth and "Authorization" not in request.headers:
        # Amazon sends the password only once it has been asked for it.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="events"'})
    try:
        data = body_of(request)
        view.run_validators(_again(request.META, data))
    except (TooLarge, RequestDataTooBig, UnreadablePostError) as error:
        return refused(request, error)
    except (AnymailWebhookValidationFailure, *BROKEN) as error:
        log.warning("%s: refused: %s", request.path, type(error).__name__)
        return HttpResponse("not signed", "text/plain", status=403)
    return kept(name, written(request.headers.get(_TYPE, ""), data))


def view_of(provider: str) -> Any:
    """Anymail's view of a provider, with its keys from the settings."""
    wanted = f"{provider}_tracking_webhook"
    for pattern in every_provider:
        if isinstance(pattern, URLPattern) and pattern.name == wanted:
            return pattern.callback.view_class()  # type: ignore[attr-defined]  # what View.as_view leaves there
    raise ValueError(f"Anymail knows no events of {provider}")


def written(content_type: str, data: bytes) -> bytes:
    """A post as it is kept: the kind of its body on a line of its own, then the body byte for byte."""
    return f"{_TYPE}: {content_type.encode('ascii', 'replace').decode()}\r\n\r\n".encode() + data


def read(kept: bytes) -> WSGIRequest:
    """The post again, as Anymail's views want it. Raises ValueError."""
    head, separator, data = kept.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError("the kind of its body was not kept")
    meta = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    return _again({**meta, "CONTENT_TYPE": head.decode().partition(": ")[2]}, data)


def _again(meta: dict[str, Any], data: bytes) -> WSGIRequest:
    return WSGIRequest({**meta, "CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)})
