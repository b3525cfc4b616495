"""What site generators put between the words: Jekyll's Liquid tags and Hugo's shortcodes.

A mail is no site: what means the same here is kept (raw text, code, a figure, a link), the rest is left out and named.
Code between fences is nobody's tag and stays as it is.
"""

from __future__ import annotations

import html
import re

_TOKENS = re.compile(
    r"""
    (?P<fence>^[ ]{0,3}(?P<mark>```+|~~~+)[^\n]*\n.*?(?:^[ ]{0,3}(?P=mark)[`~]*[ \t]*$|\Z))
    | \{%-?\s*raw\s*-?%\}(?P<raw>.*?)\{%-?\s*endraw\s*-?%\}
    | \{%-?\s*comment\s*-?%\}(?P<comment>.*?)\{%-?\s*endcomment\s*-?%\}
    | \{%-?\s*highlight\s+(?P<language>[\w+-]+)[^%]*%\}(?P<code>.*?)\{%-?\s*endhighlight\s*-?%\}
    | \{\{[<%]\s*/?\s*(?P<shortcode>[\w./-]+)(?P<arguments>[^{}]*?)/?\s*[>%]\}\}
    | \{%-?\s*(?P<tag>\w+)[^{}]*?%\}
    | \{\{-?\s*(?P<output>[^{}<%]*?)\s*-?\}\}
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_RAW_MARKS = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}\n?")
_ARGUMENT = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|`([^`]*)`|([^\s"`]+))""")
_TEXT = re.compile(r"""["']([^"']*)["']""")


def without_tags(source: str, jekyll: bool) -> tuple[str, list[str]]:
    """The text without its generator's tags, and the names of those that could not be kept.

    Liquid is read only in a `_posts` folder of Jekyll's; elsewhere `{% … %}` is what somebody wrote about templates.
    """
    left_out: list[str] = []
    kept = _TOKENS.sub(lambda match: _kept(match, jekyll, left_out), source)
    return kept, list(dict.fromkeys(left_out))


def _kept(match: re.Match[str], jekyll: bool, left_out: list[str]) -> str:
    if match["fence"] is not None:
        return _RAW_MARKS.sub("", match[0]) if jekyll else match[0]
    if match["shortcode"]:
        return _shortcode(match["shortcode"], match["arguments"], left_out)
    return _liquid(match, left_out) if jekyll else match[0]


def _shortcode(name: str, arguments: str, left_out: list[str]) -> str:
    """Hugo's own figure and links are kept; any other shortcode only the site knows."""
    if name == "figure":
        return _figure({key: a or b or c for key, a, b, c in _ARGUMENT.findall(arguments)})
    if name in ("ref", "relref") and (text := _TEXT.search(arguments)):
        return text[1]
    left_out.append(name)
    return ""


def _figure(given: dict[str, str]) -> str:
    source, caption = html.escape(given.get("src", "")), html.escape(given.get("caption") or given.get("title", ""))
    alt = html.escape(given.get("alt") or given.get("caption") or given.get("title", ""))
    under = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'\n<figure><img src="{source}" alt="{alt}">{under}</figure>\n'


def _liquid(match: re.Match[str], left_out: list[str]) -> str:
    if match["raw"] is not None:
        return match["raw"]
    if match["comment"] is not None:
        return ""
    if match["code"] is not None:
        code = _RAW_MARKS.sub("", match["code"]).strip("\n")
        return f"\n```{match['language']}\n{code}\n```\n"
    if match["output"] is not None:
        return _output(match["output"], left_out)
    left_out.append(match["tag"])
    return ""


def _output(expression: str, left_out: list[str]) -> str:
    """`{{ "/path" | relative_url }}` is the path; the site's own address is what links are made absolute with."""
    value, *_ = expression.split("|")
    if text := _TEXT.fullmatch(value.strip()):
        return text[1]
    if value.strip() not in ("site.url", "site.baseurl"):
        left_out.append(value.strip())
    return ""
