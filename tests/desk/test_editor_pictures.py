"""Pictures that editors upload: made fit for a mail, told nothing of, and refused in words where they are not fit."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from newsletter.desk.editor import pictures
from newsletter.models import Issue, Picture
from tests.desk.test_editor import filled, page_of, row
from tests.factories import make_issue, make_item, make_post

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    make_item(issue, make_post(title="A"))
    return issue


def picture(kind="PNG", size=(40, 30), mode="RGB", **options):
    out = BytesIO()
    Image.new(mode, size, (0, 128, 128, 90) if mode == "RGBA" else "teal").save(out, kind, **options)
    return out.getvalue()


def upload(client, issue, data, name="a.png", alt="A whale", headers=JSON):
    file = SimpleUploadedFile(name, data)
    return client.post(reverse("desk-edit-picture", args=(issue.pk,)), {"file": file, "alt": alt}, headers=headers)


def test_a_picture_is_kept_once_and_served_under_a_name_that_never_changes(staff, client, issue, config):
    first, again = (upload(staff, issue, picture()).json() for _ in range(2))
    assert first == again
    assert first["text"] == f"![A whale]({first['url']})"
    assert Picture.objects.count() == 1
    answer = client.get(first["url"].removeprefix(config.site.url))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert "immutable" in answer["Cache-Control"]
    assert Image.open(BytesIO(answer.content)).size == (40, 30)
    assert (
        client.get(first["url"].removeprefix(config.site.url), headers={"If-None-Match": answer["ETag"]}).status_code
        == 304
    )


@pytest.mark.parametrize("name", ["x.png", "../settings.py", f"{'a' * 32}-40x30.png", f"{'a' * 32}-40x30.svg"])
def test_what_is_no_picture_of_ours_is_not_there(client, name):
    assert client.get(f"/pictures/{name}").status_code == 404


def test_place_and_camera_stay_behind_and_it_stands_upright(staff, issue):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "Secret camera", {1: "N", 2: (52.0, 31.0, 0.0)}
    upload(staff, issue, picture("JPEG", exif=exif.tobytes()), "a.jpg")
    kept = Picture.objects.get()
    assert b"Secret" not in bytes(kept.data)
    made = Image.open(BytesIO(bytes(kept.data)))
    assert dict(made.getexif()) == {}
    assert (kept.width, kept.height) == made.size == (30, 40)


def test_a_wide_picture_is_made_as_wide_as_mails_need(staff, issue):
    upload(staff, issue, picture("JPEG", (4000, 1000)), "a.jpg")
    assert (Picture.objects.get().width, Picture.objects.get().height) == (1600, 400)


@pytest.mark.parametrize(("kind", "mode", "becomes"), [
    ("WEBP", "RGB", "jpg"), ("WEBP", "RGBA", "png"), ("BMP", "RGB", "png"), ("PNG", "P", "png"), ("PNG", "LA", "png"),
    ("TIFF", "CMYK", "jpg"), ("GIF", "P", "png"),
])  # fmt: skip
def test_every_kind_becomes_one_that_mail_programs_show(staff, issue, kind, mode, becomes):
    assert upload(staff, issue, picture(kind, mode=mode)).status_code == 200
    assert Picture.objects.get().kind == becomes


def test_an_animation_goes_on_moving(staff, issue):
    out = BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80)
    upload(staff, issue, out.getvalue(), "a.gif")
    kept = Picture.objects.get()
    assert kept.kind == "gif"
    assert Image.open(BytesIO(bytes(kept.data))).n_frames == 3


@pytest.mark.parametrize("svg", [
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    b'<?xml version="1.0"?><!DOCTYPE svg><svg onload="alert(1)"/>',
    b'\xef\xbb\xbf  <SVG/>',
])  # fmt: skip
def test_an_svg_is_refused_whatever_it_is_called(staff, issue, svg):
    answer = upload(staff, issue, svg, "harmless.png")
    assert answer.status_code == 422
    assert "This is an SVG" in answer.json()["error"]
    assert not Picture.objects.exists()


def test_fifty_megabytes_are_refused_in_words(staff, issue):
    answer = upload(staff, issue, picture() + b"\0" * 50_000_000)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("The picture has 50 MB; 20 MB is the most.")
    assert not Picture.objects.exists()


def test_a_bomb_of_pixels_is_refused_before_it_goes_off(staff, issue):
    assert (
        "million pixels, which is too many"
        in upload(staff, issue, picture(size=(20_000, 20_000), mode="1")).json()["error"]
    )


@pytest.mark.parametrize("data", [b"", b"hello", picture()[:40], picture("JPEG")[:200], b"GIF89a", b"%PDF-1.7"])
def test_what_cannot_be_read_is_refused_in_words(staff, issue, data):
    answer = upload(staff, issue, data)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert not Picture.objects.exists()


def test_a_picture_without_words_is_refused(staff, issue):
    assert "Say what the picture shows" in upload(staff, issue, picture(), alt="  ").json()["error"]
    assert (
        "Choose a picture first"
        in staff.post(reverse("desk-edit-picture", args=(issue.pk,)), {"alt": "x"}, headers=JSON).json()["error"]
    )


def test_without_a_script_the_page_says_how_it_is_written(staff, issue):
    answer = upload(staff, issue, picture(), headers={})
    assert answer.status_code == 303
    assert "![A whale](" in staff.get(page_of(issue)).content.decode()


def test_a_story_gets_an_uploaded_picture_for_this_issue(staff, issue, config):
    found = row(staff, issue, 0)
    data = filled(
        found.form, do="item", piece=found.name, image_alt="A map", picture=SimpleUploadedFile("a.png", picture())
    )
    told = staff.post(page_of(issue), data, headers=JSON).json()
    item = issue.items.get()
    assert item.image_url == told["values"]["image_url"] == pictures.address(config, Picture.objects.get())
    assert (item.image_alt, item.image_width, item.image_height) == ("A map", 40, 30)
    found = row(staff, issue, 0)
    data = filled(found.form, do="item", piece=found.name, picture=SimpleUploadedFile("a.png", b"<svg/>"))
    assert "SVG" in staff.post(page_of(issue), data, headers=JSON).json()["errors"]["picture"][0]
