"""What is sent when sending is measured: a story of about 54 kB as a mail, with 30 links and the reader's name."""

from __future__ import annotations

import random
from pathlib import Path

LINKS = 26
"""Links in the story; the mail has four of its own."""
_WORDS = (
    "a about after again all along among and another as at back because been before between boat both bridge by came "
    "city cold could day deep down each early east every far few field first for found from garden gave great had half "
    "harbour have he her high hill his home house how if in into island it just keep kept last late left letter light "
    "like little long looked low made many map market more morning most mountain much near never new night no north "
    "not now of off old on once only open or other our out over own paper people place quiet rain read river road "
    "round said salt sea season second see seen she ship shore side since slow small snow so some south still stone "
    "story street such sun table than that the their them then there they thing this those three through tide time to "
    "told took town train tree turn two under until up upon wall warm was water way we weather well went were west "
    "what when where which while who wide wind winter with without wood word work year years"
)


def write(folder: Path) -> None:
    """Write the story into a folder of posts; the same each time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2026-11-01-story.md").write_text(story(), encoding="utf-8")


def story() -> str:
    """The story as Markdown."""
    chance = random.Random(54)  # noqa: S311 - nobody must not guess it
    parts = ['---\ntitle: "⛵ Thirty harbours"\ndate: 2026-11-01 09:00\n---\n']
    parts.append('Good morning, {{ reader.name | default("friend") }}. Here is the story.\n')
    for number in range(LINKS):
        if number % 3 == 0:
            parts.append(f"## Harbour {number + 1}\n")
        link = f"[{_sentence(chance, 3)}](https://harbours.example.org/{number}/{chance.randrange(10**9)}?from=story)"
        parts.append(f"{_prose(chance, 3)} More is told in {link}. {_prose(chance, 1)}\n")
    return "\n".join(parts)


def _prose(chance: random.Random, sentences: int) -> str:
    return " ".join(f"{_sentence(chance, chance.randint(8, 15)).capitalize()}." for _ in range(sentences))


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS.split(), k=words))
