"""Pictures for the sample issue: a few flat shapes each, so that a gallery needs no server, no network and no files.

A mail names them by web addresses, as it would name any picture; `inlined` puts the pictures themselves in their place
for somebody who looks at the sample.
"""

from __future__ import annotations

from urllib.parse import quote

_SITE = "https://example.org/sample/"
_SCENES = {
    "hills": (
        '<rect width="1200" height="640" fill="#f6d8a8"/><circle cx="880" cy="230" r="96" fill="#f4a261"/>'
        '<path d="M0 430 Q300 260 620 420 T1200 350 V640 H0Z" fill="#7fb59a"/>'
        '<path d="M0 520 Q360 400 700 520 T1200 480 V640 H0Z" fill="#2a7f73"/>'
        '<path d="M150 470 h420 v34 h-420z M600 470 h180 v34 h-180z" fill="#14213d"/>'
        '<g fill="#fdf0d5"><path d="M180 478h40v14h-40zM250 478h40v14h-40zM320 478h40v14h-40zM390 478h40v14h-40z"/></g>'
    ),
    "sea": (
        '<rect width="1200" height="640" fill="#bfe3ee"/><path d="M0 380 H1200 V640 H0Z" fill="#2f7f9e"/>'
        '<path d="M0 460 Q150 430 300 460 T600 460 T900 460 T1200 460 V640 H0Z" fill="#236681"/>'
        '<path d="M820 180h60l22 220h-104z" fill="#f7f3ea"/><path d="M815 250h70l6 50h-82z" fill="#d9534f"/>'
        '<path d="M806 140h88v42h-88z" fill="#14213d"/><path d="M250 410h180l-40 50h-100z" fill="#14213d"/>'
        '<path d="M335 250v150h-90z" fill="#ffffff"/>'
    ),
    "night": (
        '<rect width="1200" height="640" fill="#101c3a"/><circle cx="900" cy="200" r="80" fill="#f6e7c1"/>'
        '<circle cx="930" cy="185" r="70" fill="#101c3a"/><g fill="#f6e7c1"><circle cx="160" cy="120" r="5"/>'
        '<circle cx="420" cy="220" r="4"/><circle cx="640" cy="90" r="6"/><circle cx="1080" cy="330" r="4"/></g>'
        '<path d="M0 470 Q300 360 640 460 T1200 420 V640 H0Z" fill="#1d3a5c"/>'
        '<path d="M0 540 Q360 470 700 550 T1200 520 V640 H0Z" fill="#16294a"/>'
        '<path d="M150 500h420v34h-420z" fill="#0a1228"/><g fill="#f4c261"><path d="M180 508h40v14h-40zM250 508h40v14'
        'h-40zM320 508h40v14h-40z"/></g>'
    ),
    "town": (
        '<rect width="1200" height="640" fill="#f3e4d7"/><path d="M80 330h220v310H80z" fill="#c8553d"/>'
        '<path d="M300 250h180v390H300z" fill="#588b8b"/><path d="M520 140h130v500H520z" fill="#8f5d5d"/>'
        '<path d="M510 140l75-90 75 90z" fill="#4a3a3a"/><circle cx="585" cy="220" r="44" fill="#fff8ee"/>'
        '<path d="M585 190v32h26" stroke="#4a3a3a" stroke-width="8" fill="none"/>'
        '<path d="M690 300h210v340H690z" fill="#f28f3b"/><path d="M920 360h220v280H920z" fill="#6d8a96"/>'
    ),
    "wood": (
        '<rect width="1200" height="640" fill="#dfe8d2"/><g fill="#46654a"><path d="M140 80h46v470h-46zM430 40h54v510'
        'h-54zM760 90h44v460h-44zM1020 30h58v520h-58z"/></g><path d="M0 500 Q600 430 1200 500 V640 H0Z" fill="#6b8f5e"/>'  # noqa: E501
        '<g fill="#d1603d"><path d="M290 470a70 50 0 0 1 140 0zM600 500a50 36 0 0 1 100 0zM860 480a80 56 0 0 1 160 0z"/>'  # noqa: E501
        '</g><g fill="#f7efe0"><path d="M345 470h30v70h-30zM640 500h20v50h-20zM925 480h32v70h-32z"/></g>'
    ),
}


def address(name: str) -> str:
    """The address that the sample gives a picture."""
    return f"{_SITE}{name}.png"


def inlined(html: str) -> str:
    """The document with each of the sample's pictures in the place of its address."""
    for name, scene in _SCENES.items():
        drawn = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 640" width="1200" height="640">{scene}</svg>'
        )
        html = html.replace(address(name), f"data:image/svg+xml,{quote(drawn)}")
    return html
