"""Ways: where the links and the image of a mail are answered, in front of the web application and without the database.

`door.py` decides, from a request, the keys and what is known of links; it neither waits nor asks. `known.py` is what is
known. `asgi.py` and `wsgi.py` put the door in front of an application, for our own server and for another's.
"""

from newsletter.track.ways.door import Door
from newsletter.track.ways.known import Destination, Known

__all__ = ["Destination", "Door", "Known"]
