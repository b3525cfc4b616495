"""Sections as topics: what preferences call each, and its emoji where config.yaml names none.

The emoji are known by English, German, French and Spanish words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from subscribers.fields import slug

# An emoji, then the words that mean its topic, without accents. Where two fit a title, the first of its words decides.
_TABLE = """
🌍 world international global foreign abroad welt ausland monde mundo internacional
🏛️ politics politik politique politica government regierung election elections wahl wahlen elecciones parliament
🔬 science research wissenschaft forschung sciences ciencia recherche investigacion lab physics chemistry biology
💻 technology tech technik technologie tecnologia software computers computing code programming internet digital web
🎭 culture kultur cultura arts theatre theater theatro stage buhne
🎨 art design kunst arte disegno galeria gallery craft crafts
⚽ sport sports deporte deportes football soccer fussball futbol
🩺 health gesundheit sante salud medicine medizin medecine medicina wellbeing
🍽️ food essen küche kuche cuisine cocina comida recipes rezepte recettes recetas cooking restaurants kitchen
🧳 travel reise reisen voyage voyages viaje viajes tourism tourismus tourisme journeys
💼 business wirtschaft economie economia economy finance finanzen finances negocios money geld argent markets
🌱 environment umwelt environnement ambiente climate klima climat clima nature natur naturaleza ecology planet planeta
📚 books buch bucher livres libros literature literatur litterature literatura reading fiction poetry
🎵 music musik musique musica songs concerts
🎬 film films movies cinema kino cine movie series tv television fernsehen
📜 history geschichte histoire historia heritage past
🚀 space weltraum raumfahrt espace espacio astronomy astronomie astronomia
⛅ weather wetter meteo tiempo forecast
🎓 education bildung education educacion school schule ecole escuela university universitat students learning
💬 opinion meinung opinions comment kommentar debate debatte debat tribune letters leserbriefe essays
⚖️ law recht droit derecho justice justiz justicia courts gericht legal
📍 local lokales lokal locales regional region neighbourhood community gemeinde city stadt ville ciudad town
🏠 home wohnen maison hogar housing property garden garten jardin
👗 fashion mode moda style stil
🐾 animals tiere animaux animales wildlife pets haustiere
🎮 games spiele jeux juegos gaming
🧩 puzzles puzzle ratsel quiz crossword kreuzwortratsel
🚲 transport verkehr transports transporte mobility mobilitat mobilite traffic
📅 events termine evenements eventos calendar kalender agenda veranstaltungen
💡 ideas ideen idees innovation tips tipps conseils consejos
👤 people menschen leute gens gente portraits interviews interview
👪 family familie famille familia parents eltern children kinder enfants ninos
🧪 experiments experimente experiences
🔒 security sicherheit securite seguridad privacy datenschutz
🗳️ democracy demokratie democratie democracia voting
🛠️ work arbeit travail trabajo jobs stellen emploi empleo careers
📸 photos photo photography fotos fotografie photographie fotografia pictures bilder
🎙️ podcasts podcast audio radio
🔗 links elsewhere anderswo ailleurs
😂 humour humor fun spass satire
🦄 curious curiosities oddities kurioses curiosites curiosidades weird miscellany vermischtes
❤️ love liebe amour amor relationships
"""
_WORD = re.compile(r"[^\W\d_]+")


def topic(title: str) -> str:
    """What the preferences of readers call a section: `Science desk` is `science_desk`.

    A title without a Latin letter or digit, which has no such name, is called by a digest of it.
    """
    return slug(title) or f"topic_{hashlib.sha256(title.encode()).hexdigest()[:10]}"


def emoji_for(title: str, tags: Iterable[str] = ()) -> str:
    """The emoji of the topic that a section's title names, or else one of its tags; empty if none is known."""
    table = _by_word()
    return next((table[word] for text in (title, *tags) for word in _words(text) if word in table), "")


def _words(text: str) -> Iterator[str]:
    """The words of a text as the table writes them."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    yield from _WORD.findall("".join(character for character in bare if not unicodedata.combining(character)))


@cache
def _by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _TABLE.strip().split("\n"):
        symbol, *words = line.split()
        for word in words:
            found.setdefault(next(_words(word)), symbol)
    return found
