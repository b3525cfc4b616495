"""What a post of ours says to each reader: `{{ reader.… }}` and `{% if … reader … %}`, carried whole through Markdown.

Each such tag is a made-up word while the text becomes HTML and is cleaned. Afterwards it stands in the HTML again, and
every other brace is a reference, so that nothing else in the post is ever taken for a template. Code stays code.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace

from newsletter.collect.entry import Entry, Examine
from newsletter.markup.directives import Fault

_TOKENS = re.compile(
    r"""
    (?P<fence>^[ ]{0,3}(?P<mark>```+|~~~+)[^\n]*\n.*?(?:^[ ]{0,3}(?P=mark)[`~]*[ \t]*$|\Z))
    | (?P<raw>\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\})
    | (?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))
    | (?P<output>\{\{(?![<%]).*?\}\})
    | (?P<tag>\{%-?\s*(?P<word>\w+).*?%\})
    | (?P<open>\{[{%][^{}%\n]*(?<![\w.])reader\s*[.\[])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_READER = re.compile(r"(?<![\w.])reader\s*[.\[]")
_DEFAULT = re.compile(r"""\|\s*d(?:efault)?\s*\(\s*(?:"([^"]*)"|'([^']*)')""")


class Aside:
    """A text with its tags about the reader set aside; `text` is what Markdown gets.

    `faults` holds what is wrong with the tags, with their lines; `examine` knows what may be asked of readers.
    """

    def __init__(self, source: str, examine: Examine | None = None) -> None:
        self.faults: list[Fault] = []
        self._examine = examine
        self._word = f"q{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()[:12]}q"
        self._tags: list[str] = []
        self._inside: list[tuple[bool, int]] = []
        found = _TOKENS.sub(self._set_aside, source) if _READER.search(source) else source
        never = "this {% if %} is never closed; end it with {% endif %}"
        self.faults += [Fault(line, never) for asks, line in self._inside if asks]
        # A condition on a line of its own stands between paragraphs, with or without empty lines around it.
        self.text = re.sub(rf"^[ \t]*((?:{self._word}b\d+z)+)[ \t]*$", r"\n\1\n", found, flags=re.MULTILINE)

    def restored(self, entry: Entry) -> Entry:
        """The cleaned entry with the tags in its HTML, and with plain words for them anywhere else."""
        if not self._tags:
            return entry
        braced = entry.html.replace("{", "&#123;")
        body = re.sub(rf"{self._word}[ab](\d+)z", lambda word: html.escape(self._tags[int(word[1])]), braced)
        title, summary, alt = map(self._plainly, (entry.title, entry.summary, entry.image_alt))
        return replace(entry, title=title, summary=summary, image_alt=alt, html=body, personal=True)

    def _set_aside(self, match: re.Match[str]) -> str:
        line = match.string.count("\n", 0, match.start()) + 1
        if match["output"]:
            return self._kept(match[0], "a", line) if _READER.search(match[0]) else match[0]
        if match["tag"] and self._is_ours(match["word"], match[0], line):
            return self._kept(match[0], "b", line)
        if match["open"]:
            self.faults.append(Fault(line, f"`{match['open'][:2]}` is never closed"))
        return match[0]

    def _is_ours(self, word: str, tag: str, line: int) -> bool:
        """Whether a tag asks about the reader, or belongs to a condition that does."""
        asks = _READER.search(tag) is not None
        if word == "if":
            self._inside.append((asks, line))
        elif word in ("elif", "elsif", "else", "endif"):
            ours = bool(self._inside) and self._inside[-1][0]
            if word == "endif" and self._inside:
                self._inside.pop()
            return ours
        return asks

    def _kept(self, tag: str, kind: str, line: int) -> str:
        self._tags.append(re.sub(r"^(\{%-?\s*)elsif\b", r"\1elif", tag))  # as Liquid spells it
        if self._examine and (found := self._examine(self._tags[-1])):
            self.faults.append(Fault(line + found[0] - 1, found[1]))
        return f"{self._word}{kind}{len(self._tags) - 1}z"

    def _plainly(self, text: str) -> str:
        """For titles and summaries, which speak to nobody: defaults instead of values, `else` of each condition."""
        pieces = re.split(rf"{self._word}[ab](\d+)z", text)
        said, sides = [pieces[0]], list[bool]()
        for number, after in zip(pieces[1::2], pieces[2::2], strict=True):
            tag = self._tags[int(number)]
            if tag.startswith("{{"):
                default = _DEFAULT.search(tag)
                word = (default[1] or default[2] or "") if default else ""
            else:
                word = self._step(tag, sides)
            said.append(word + after if all(sides) else "")
        # A word of ours may have been cut in two at the end of a summary.
        torn = rf"{self._word[:-1]}\w*…?$"
        return " ".join(re.sub(torn, "…", "".join(said)).split())

    def _step(self, tag: str, sides: list[bool]) -> str:
        word = re.sub(r"\W", "", tag.lstrip("{%- ").split(None, 1)[0])
        if word == "if":
            sides.append(False)
        elif word == "else" and sides:
            sides[-1] = True
        elif word == "endif" and sides:
            sides.pop()
        return ""
