"""Pictures beside a folder's posts are served; nothing else in the file system is."""

import os

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db  # closing an answer closes old connections
PNG = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def folder(settings, make_config, tmp_path):
    """A folder source with a picture, and things beside and around it that are nobody's business."""
    settings.NEWSLETTER = make_config(
        collect={"sources": {"stories": {"kind": "folder", "location": "stories"}}},
    )
    folder = tmp_path / "stories"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "whale ü.png").write_bytes(PNG)
    (folder / "images" / ".hidden.png").write_bytes(b"secret")
    (folder / ".git").mkdir()
    (folder / ".git" / "logo.png").write_bytes(b"secret")
    (folder / "post.md").write_text("secret")
    (folder / "art.svg").write_text("<svg onload='alert(1)'/>")
    (tmp_path / "outside.png").write_bytes(b"secret")
    return folder


def get(client, path, source="stories", **extra):
    answer = client.get(f"/files/{source}/{path}", **extra)
    answer.close()
    return answer


def test_a_picture_is_served(client, folder):
    answer = client.get(reverse("file", args=("stories", "images/whale ü.png")))
    assert b"".join(answer.streaming_content) == PNG
    answer.close()
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "public, max-age=3600")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.JPG", "image/jpeg"), ("a.jpeg", "image/jpeg"), ("a.gif", "image/gif"), ("a.webp", "image/webp"),
     ("a.avif", "image/avif")],
)  # fmt: skip
def test_each_kind_of_picture_has_its_type(client, folder, name, kind):
    (folder / name).write_bytes(b"x")
    assert get(client, name)["Content-Type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        "../outside.png", "images/../../outside.png", "%2e%2e/outside.png", "..%2foutside.png", "..\\outside.png",
        "/etc/passwd", "//etc/passwd", "/outside.png", "images/.hidden.png", ".git/logo.png", "post.md", "art.svg",
        "images", "images/", "none.png", "x%00.png", "images/whale%20%C3%BC.png/", "a" * 300 + ".png", "post.md/x.png",
    ],
)  # fmt: skip
def test_nothing_else_is(client, folder, path):
    assert get(client, path).status_code == 404


def test_a_link_out_of_the_folder_is_not_followed(client, folder, tmp_path):
    os.symlink(tmp_path / "outside.png", folder / "innocent.png")
    os.symlink(tmp_path, folder / "up")
    assert get(client, "innocent.png").status_code == 404
    assert get(client, "up/outside.png").status_code == 404


def test_a_link_inside_the_folder_is_followed_unless_to_something_hidden_or_no_picture(client, folder):
    os.symlink(folder / "images" / "whale ü.png", folder / "lead.png")
    os.symlink(folder / ".git" / "logo.png", folder / "git.png")
    os.symlink(folder / "post.md", folder / "post.png")
    assert [get(client, name).status_code for name in ("lead.png", "git.png", "post.png")] == [200, 404, 404]


def test_links_in_a_circle_are_not_found(client, folder):
    os.symlink(folder / "b.png", folder / "a.png")
    os.symlink(folder / "a.png", folder / "b.png")
    assert get(client, "a.png").status_code == 404


@pytest.mark.parametrize("source", ["wire", "nobody"])
def test_only_folders_have_files(client, folder, source):
    assert get(client, "images/whale%20%C3%BC.png", source).status_code == 404


def test_a_browser_that_has_the_picture_need_not_fetch_it_again(client, folder):
    first = get(client, "images/whale%20%C3%BC.png")
    by_tag = get(client, "images/whale%20%C3%BC.png", headers={"If-None-Match": first["ETag"]})
    by_date = get(client, "images/whale%20%C3%BC.png", headers={"If-Modified-Since": first["Last-Modified"]})
    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    (folder / "images" / "whale ü.png").write_bytes(PNG + b"more")
    again = get(client, "images/whale%20%C3%BC.png", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
