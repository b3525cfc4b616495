"""Pages as tests ask about them."""

import json
from io import StringIO
from itertools import pairwise
from xml.etree import ElementTree

import html5lib
from html5lib.constants import E as MESSAGES

from tests.render.dom import Dom

H = "{http://www.w3.org/1999/xhtml}"


class Page(Dom):
    """A page that was answered, parsed."""

    def __init__(self, answer):
        self.source = answer.content.decode()
        self.answer = answer
        super().__init__(self.source)

    def meta(self) -> dict:
        return {a.get("name") or a.get("property"): a.get("content") for a in self.all("meta")}

    def links(self, rel: str) -> list:
        return [a["href"] for a in self.all("link") if a.get("rel") == rel]

    def json_ld(self) -> dict:
        start, found = '<script type="application/ld+json">', {}
        for part in self.source.split(start)[1:]:
            data = json.loads(part.partition("</script>")[0])
            found[data["@type"]] = data
        return found


def faults(source: str) -> list[str]:
    """What a strict parser, and a reader of the standard, find wrong with a page."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    tree: ElementTree.Element = parser.parse(StringIO(source))
    wrong = [f"{place}: {MESSAGES[code] % data}" for place, code, data in parser.errors]
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    wrong += [f"the id {one} stands twice" for one in set(ids) if ids.count(one) > 1]
    named = [element.get(name) for element in tree.iter() for name in ("aria-labelledby", "aria-describedby", "for")]
    wrong += [f"there is no {one}" for value in named if value for one in value.split() if one not in ids]
    levels = [
        int(e.tag[-1]) for e in tree.iter() if isinstance(e.tag, str) and e.tag in [f"{H}h{n}" for n in range(1, 7)]
    ]
    wrong += ["not one h1"] if levels.count(1) != 1 or levels[0] != 1 else []
    wrong += [f"h{after} after h{before}" for before, after in pairwise(levels) if after > before + 1]
    wrong += [f"no alt: {e.get('src')}" for e in tree.iter(f"{H}img") if e.get("alt") is None]
    wrong += [
        f"no name: {e.get('href')}" for e in tree.iter(f"{H}a") if not ("".join(e.itertext()).strip() or _pictured(e))
    ]
    return wrong


def _pictured(link) -> bool:
    return any(image.get("alt") for image in link.iter(f"{H}img"))
