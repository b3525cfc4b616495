"""Three readers of whom different things are true, and what each gets of a mail."""

from newsletter import splice
from newsletter.questions import Person

ADA = Person("ada@example.org", "Dr. Ada Lovelace", {"city": "Berlin", "plan": "paid"}, frozenset({"vip", "readers"}))
BOB = Person("bob@example.org", "", {"plan": "paid", "city": "Rome"}, frozenset({"readers"}))
CY = Person("cy@example.org", "Cy", {}, frozenset())


def got(mail, part, person):
    """One part of a rendering or an edition as a person gets it."""
    return splice.fill(getattr(mail, part), mail.marker, splice.answers("TOKEN", person, mail.late), part)


def everyone(mail, part):
    return tuple(got(mail, part, person) for person in (ADA, BOB, CY))
