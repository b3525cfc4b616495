"""What the words of links say, and whether there are any."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof

# What says nothing when links are read out one after the other, as screen readers do; in the languages of our themes,
# and in some more. Each on its own, or after “click”.
_EMPTY: dict[str, str] = {
    "en": "here|click|click here|click this|this|this link|this page|link|more|read more|learn more|see more|more|"
    "more info|details|go|read|website|page|view|continue",
    "de": "hier|klick|klick hier|hier klicken|klicken sie hier|link|dieser link|mehr|weiterlesen|mehr lesen|"
    "mehr erfahren|weiter|details|mehr infos|seite",
    "fr": "ici|cliquez ici|cliquer ici|lien|ce lien|plus|lire plus|en savoir plus|lire la suite|suite|"
    "voir plus|détails",
    "es": "aquí|aqui|haz clic aquí|clic aquí|pulsa aquí|enlace|este enlace|más|leer más|ver más|saber más|detalles",
    "pt": "aqui|clique aqui|link|este link|mais|ler mais|leia mais|saiba mais|ver mais|detalhes",
    "it": "qui|clicca qui|link|questo link|di più|leggi di più|scopri di più|leggi tutto|altro|dettagli",
    "nl": "hier|klik hier|link|deze link|meer|lees meer|lees verder|meer lezen|details",
    "ar": "هنا|اضغط هنا|انقر هنا|رابط|الرابط|المزيد|اقرأ المزيد|للمزيد",
    "he": "כאן|לחצו כאן|לחץ כאן|קישור|עוד|קרא עוד|קראו עוד|למידע נוסף",
}
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def empty_words(proof: Proof) -> Iterator[Finding]:
    """Links whose words tell nobody where they lead."""
    wanted = _words("en") | _words(proof.letter.language.lower().partition("-")[0])
    for anchor in proof.anchors:
        said = _EDGES.sub("", " ".join(anchor.words.casefold().split()))
        if anchor.seen and said in wanted:
            where, item = proof.place_of(anchor.url)
            yield Finding("link-text", f"a link says no more than “{anchor.words}”",
                          "let its words say what is behind it: many hear the links one after the other",
                          where, item, f"{anchor.words} {anchor.url}")  # fmt: skip


def silent(proof: Proof) -> Iterator[Finding]:
    """Links in which there is nothing to read or hear."""
    for anchor in proof.anchors:
        if anchor.seen and not anchor.words:
            where, item = proof.place_of(anchor.url)
            yield Finding("link-silent", f"there are no words in the link to {anchor.url[:90]}",
                          "write words into it, or give its image some", where, item, anchor.url)  # fmt: skip


def _words(language: str) -> frozenset[str]:
    return frozenset(_EMPTY.get(language, "").split("|")) - {""}
