"""A document as a browser's tokenizer sees it, for tests to ask questions of."""

import re
from html.parser import HTMLParser


class Dom(HTMLParser):
    """Tags with their attributes, and text; runs of white space are one space, except in <pre>."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[tuple] = []
        self.pre = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.pre += tag == "pre"
        self.events.append(("start", tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.pre -= tag == "pre"
        self.events.append(("end", tag))

    def handle_data(self, data):
        self.events.append(("text", data if self.pre else re.sub(r"[ \n]+", " ", data)))

    def handle_comment(self, data):
        self.events.append(("comment", re.sub(r"\s+", "", data)))

    def all(self, tag: str) -> list[dict]:
        return [event[2] for event in self.events if event[0] == "start" and event[1] == tag]

    def hrefs(self) -> list[str]:
        return [attrs["href"] for attrs in self.all("a") if "href" in attrs]

    def text(self) -> str:
        return "".join(event[1] for event in self.events if event[0] == "text")

    def headings(self) -> list[int]:
        return [int(event[1][1]) for event in self.events if event[0] == "start" and re.fullmatch("h[1-6]", event[1])]
