"""Segments: people described by rules, found anew each time. The rules are a tree in JSON; see `rules` for its form.

check(rules)        what is wrong with them, and where
condition(rules)    what the database is asked; raises Broken
describe(rules)     the same in words
count, sample, look how many people they mean, and who
"""

from subscribers.segments.belonging import LIST, TAG
from subscribers.segments.binding import SEGMENT, bind, check
from subscribers.segments.compiling import Compiled, condition
from subscribers.segments.custom import FIELD
from subscribers.segments.finding import Found, count, look, sample
from subscribers.segments.people import PEOPLE
from subscribers.segments.rules import DEEPEST, MOST, VERSION, Broken, Problem
from subscribers.segments.vocabulary import KINDS, Kind, Question, Rows, Subjects, asks, register
from subscribers.segments.words import describe

register(FIELD, TAG, LIST, *PEOPLE, SEGMENT)

__all__ = [
    "DEEPEST",
    "KINDS",
    "MOST",
    "VERSION",
    "Broken",
    "Compiled",
    "Found",
    "Kind",
    "Problem",
    "Question",
    "Rows",
    "Subjects",
    "asks",
    "bind",
    "check",
    "condition",
    "count",
    "describe",
    "look",
    "register",
    "sample",
]
