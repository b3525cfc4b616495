"""What Ghost, WordPress and others publish is known for what it is."""

import pytest

from newsletter.markup.clean import Addresses, clean
from newsletter.markup.images import Size
from newsletter.markup.videos import embedded
from newsletter.render.blocks import Block, blocks

HERE = Addresses.against("https://blog.example.org/post/")


def only(source: str) -> Block:
    (block,) = blocks(clean(source, HERE).html)
    return block


@pytest.mark.parametrize(
    "source",
    [
        '<div class="kg-card kg-button-card kg-align-center"><a href="/go" class="kg-btn kg-btn-accent">Go</a></div>',
        (
            '<div class="wp-block-buttons"><div class="wp-block-button"><a class="wp-block-button__link"'
            ' href="/go">Go</a></div></div>'
        ),
        '<p class="button-wrapper"><a class="button primary" href="/go"><span>Go</span></a></p>',
    ],
)
def test_buttons(source: str) -> None:
    block = only(source)
    assert (block.kind, block.href, block.html) == ("button", "https://blog.example.org/go", "Go")


@pytest.mark.parametrize(
    "source",
    ['<p><strong><a href="/go">Go</a></strong></p>', '<p><a href="/go"><b>Go</b></a></p>',
     '<ul><li><a class="kg-btn" href="/go">Go</a></li></ul>', '<p><a class="kg-btn">Go</a></p>'],
)  # fmt: skip
def test_what_is_no_button(source: str) -> None:
    assert only(source).kind == "text"


def test_buttons_beside_each_other_and_beside_words_are_each_their_own() -> None:
    source = '<p>See <a class="kg-btn" href="/a">A</a> <a class="kg-btn" href="/b">B</a> end.</p>'
    assert [(block.kind, str(block.html)) for block in blocks(clean(source, HERE).html)] == [
        ("text", "<p>See </p>"), ("button", "A"), ("button", "B"), ("text", "<p> end.</p>"),
    ]  # fmt: skip


IMAGES = [f'<img src="{name}.png" alt="{name}" width="600" height="400">' for name in "ab"]


@pytest.mark.parametrize(
    "source",
    [
        (
            '<figure class="kg-card kg-gallery-card"><div class="kg-gallery-container"><div class="kg-gallery-row">'
            f'<div class="kg-gallery-image">{IMAGES[0]}</div><div class="kg-gallery-image">{IMAGES[1]}</div></div>'
            "</div><figcaption>Both</figcaption></figure>"
        ),
        (
            f'<figure class="wp-block-gallery has-nested-images"><figure class="wp-block-image">{IMAGES[0]}</figure>'
            f'<figure class="wp-block-image">{IMAGES[1]}</figure><figcaption>Both</figcaption></figure>'
        ),
        (
            f'<ul class="wp-block-gallery"><li><figure>{IMAGES[0]}</figure></li><li><figure>{IMAGES[1]}<figcaption>Both'
            "</figcaption></figure></li></ul>"
        ),
        f"<figure>{''.join(IMAGES)}<figcaption>Both</figcaption></figure>",
    ],
)
def test_galleries(source: str) -> None:
    block = only(source)
    assert (block.kind, block.html) == ("gallery", "Both")
    assert [(image.alt, image.width, image.height) for image in block.images] == [("a", 600, 400), ("b", 600, 400)]


def test_the_captions_of_a_gallery_and_of_its_images_are_all_kept() -> None:
    source = "<figure>" + "".join(f"<figure>{image}<figcaption>c</figcaption></figure>" for image in IMAGES)
    assert only(source + "<figcaption>Both</figcaption></figure>").html == "c &#183; c &#183; Both"


YOUTUBE = "https://www.youtube.com/watch?v=abcdefghijk"


@pytest.mark.parametrize(
    ("url", "href", "pictured"),
    [
        ("https://www.youtube.com/embed/abcdefghijk?feature=oembed", YOUTUBE, True),
        ("https://www.youtube-nocookie.com/embed/abcdefghijk", YOUTUBE, True),
        ("//www.youtube.com/embed/abcdefghijk", YOUTUBE, True),
        ("https://player.vimeo.com/video/76979871?app_id=1", "https://vimeo.com/76979871", False),
        ("https://player.vimeo.com/video/76979871?h=8272103f6e&x=1", "https://vimeo.com/76979871/8272103f6e", False),
        ("https://www.dailymotion.com/embed/video/x8abcde", "https://www.dailymotion.com/video/x8abcde", True),
        ("https://embed.ted.com/talks/ada_on_engines", "https://www.ted.com/talks/ada_on_engines", False),
        ("https://tube.example.org/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d",
         "https://tube.example.org/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d", False),
    ],
)  # fmt: skip
def test_players_become_films(url: str, href: str, pictured: bool) -> None:
    block = only(f'<figure class="kg-embed-card"><iframe src="{url}" title="A &amp; b"></iframe></figure>')
    assert (block.kind, block.href, block.title, bool(block.src)) == ("video", href, "A & b", pictured)


@pytest.mark.parametrize(
    "url", ["https://ads.example.org/", "https://www.youtube.com/embed/videoseries?list=x", "", "x"]
)
def test_frames_that_are_no_players_are_dropped(url: str) -> None:
    assert embedded(url) is None
    assert blocks(clean(f'<iframe src="{url}">inside</iframe>', HERE).html) == []


def test_a_film_of_ones_own_with_its_player_left_out() -> None:
    source = """<figure class="kg-card kg-video-card"><div class="kg-video-container">
        <video src="/film.mp4" poster="/still.jpg" width="960" height="540"></video>
        <div class="kg-video-overlay"><button>Play</button></div>
        <div class="kg-video-player-container"><div class="kg-video-player">0:00<div>/0:30</div> 1×</div></div>
        </div><figcaption>The <em>film</em></figcaption></figure><p>After.</p>"""
    film, after = blocks(clean(source, HERE).html)
    assert (film.kind, film.href, film.src) == (
        "video", "https://blog.example.org/film.mp4", "https://blog.example.org/still.jpg"
    )  # fmt: skip
    assert (film.title, film.html, after.html) == ("blog.example.org", "The <em>film</em>", "<p>After.</p>")


def test_a_film_may_name_its_address_inside() -> None:
    block = only('<p>x</p><video><source src="a.webm"><source src="b.mp4">No video</video>'.removeprefix("<p>x</p>"))
    assert (block.kind, block.href) == ("video", "https://blog.example.org/post/a.webm")
    assert blocks(clean("<video>nothing to see</video>", HERE).html) == []


def test_a_film_within_words_stands_between_them() -> None:
    html = clean(f'<p>Before <iframe src="{YOUTUBE}"></iframe> after</p>', HERE).html
    assert [block.kind for block in blocks(html)] == ["text", "video", "text"]


def test_an_image_has_a_variant_for_dark_screens() -> None:
    source = (
        '<picture><source media="(min-width: 1px)" srcset="w.png"><source media="(prefers-color-scheme:dark)"'
        ' srcset="dark.png 1x, dark2.png 2x"><img src="light.png" alt="L"></picture><p><img src="other.png"></p>'
    )
    cleaned = clean(source, HERE)
    first, second = blocks(cleaned.html)
    assert first.src_dark == cleaned.image.dark == "https://blog.example.org/post/dark.png"
    assert second.src_dark == ""


def test_sizes_are_filled_in_and_what_is_too_big_is_linked_to() -> None:
    known = {"a": Size(1200, 600), "b": Size(too_big=20_000_000)}
    addresses = Addresses(str, lambda url: f"https://x.org/{url}", lambda url: known.get(url[-1], Size()))
    cleaned = clean('<img src="b" alt="B"><a href="https://y.org"><img src="b"></a><img src=a width=300>'
                    '<img src=a><img src=c>', addresses)  # fmt: skip
    assert cleaned.html == (
        '<a href="https://x.org/b">Picture: B (20 MB)</a><a href="https://y.org">Picture (20 MB)</a>'
        '<img src="https://x.org/a" alt="" width="300" height="150">'
        '<img src="https://x.org/a" alt="" width="1200" height="600"><img src="https://x.org/c" alt="">'
    )
    assert (cleaned.image.url, cleaned.unmeasured) == ("https://x.org/a", ("https://x.org/c",))
