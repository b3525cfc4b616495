"""Links, looked at: which there are, whether they lead anywhere, and what is to be said of them."""

from newsletter.preflight.links.looking import Looker, look
from newsletter.preflight.links.telling import findings
from newsletter.preflight.links.wanted import Wanted, wanted

__all__ = ["Looker", "Wanted", "findings", "look", "wanted"]
