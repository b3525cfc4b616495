"""A small web server with whatever answers a test wants, and a publication whose sources point at it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsletter.collect.entry import Call, Entry
from newsletter.collect.kinds import folder
from newsletter.config import Config

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """Serves `pages` by path; `requests` holds the headers of every request, in order."""

    url: str = ""
    pages: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> str:
        """Answer at a path from now on; return its address."""
        content = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"content_type": "application/xml", **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("content-length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        return self.answer(path, answer)

    def answer(self, path: str, answer: Answer) -> str:
        self.pages[path] = answer
        return self.url + path


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            with suppress(BrokenPipeError, ConnectionResetError):  # the client had heard enough
                web.pages[self.path](self) if self.path in web.pages else self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # images are asked for side by side; a full queue costs a second

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = False, True
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield web
    web.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def publication(make_config: Callable[..., Config]) -> Callable[..., Config]:
    """A configuration with these feeds, by name, and these changes to `collect`."""

    def make(feeds: dict[str, str], **collect: Any) -> Config:
        sources = {name: {"kind": "feed", "location": url, "allow_private": True} for name, url in feeds.items()}
        config = make_config(collect={"sources": sources, **collect})
        config.collect.sources.pop("wire")  # the one that every configuration under test starts with
        return config

    return make


@pytest.fixture
def call(make_config: Callable[..., Config], now: Any) -> Callable[..., Call]:
    """One visit to a source of these settings."""

    def make(location: str = "https://feeds.example.org/rss", etag: str = "", **settings: Any) -> Call:
        collect = settings.pop("collect", {})
        site = settings.pop("site", {})
        source = {"kind": "feed", "location": location, **settings}
        config = make_config(site=site, collect={**collect, "sources": {"s": source}})
        return Call("s", config.collect.sources["s"], config, now, etag)

    return make


@pytest.fixture
def read_folder(tmp_path: Path, call: Callable[..., Call]) -> Callable[..., dict[str, Entry]]:
    """Write files into a folder, read it as a source, and give the entries by path; `warning` is under ""."""

    def read(files: dict[str, str | bytes], **settings: Any) -> Any:
        for name, content in files.items():
            path = tmp_path / "posts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder.read(call(**{"location": "posts", "kind": "folder", **settings}))

    return read


def rss(*items: str, channel: str = "", head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    """An RSS feed of these items."""
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    )
    return (
        f'{head}<rss version="2.0" {namespaces}><channel><title>A feed</title>{channel}{"".join(items)}</channel></rss>'
    )


def item(number: int = 1, title: str | None = None, description: str = "<p>Words.</p>", more: str = "") -> str:
    """One item, at https://blog.example.org/<number>."""
    name = f"<title>{title if title is not None else f'Story {number}'}</title>"
    link = f"https://blog.example.org/{number}"
    date = f"<pubDate>Mon, 16 Nov 2026 0{number % 10}:00:00 GMT</pubDate>"
    date = "" if "<pubDate>" in more else date
    return (
        f"<item>{name}<link>{link}</link><guid>{link}</guid>{date}"
        f"<description><![CDATA[{description}]]></description>{more}</item>"
    )
