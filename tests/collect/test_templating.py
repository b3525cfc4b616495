"""Tags of site generators are kept where they mean something in a mail, and named where they do not."""

import pytest

from newsletter.collect.templating import without_tags


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ('See [it]({{ "/docs/x" | relative_url }}).', "See [it](/docs/x)."),
        ("{{ site.url }}/a", "/a"),
        ("a {% raw %}{{ b }}{% endraw %} c", "a {{ b }} c"),
        ("a{% comment %} secret {% endcomment %}b", "ab"),
        (
            "{% highlight ruby %}\n{% raw %}\nputs {{ 1 }}\n{% endraw %}\n{% endhighlight %}",
            "\n```ruby\nputs {{ 1 }}\n```\n",
        ),
        ("```liquid\n{% raw %}\n{% include x %}\n{% endraw %}\n```\n", "```liquid\n{% include x %}\n```\n"),
    ],
)
def test_of_jekyll_what_means_something_here_is_kept(source, kept):
    assert without_tags(source, jekyll=True) == (kept, [])


def test_of_jekyll_the_rest_is_left_out_and_named_once():
    source = "a {% include ad.html %} b {% include x %} {{ page.title }}"
    assert without_tags(source, jekyll=True) == ("a  b  ", ["include", "page.title"])


def test_outside_jekylls_folder_liquid_is_somebodys_words():
    source = "Write {% include x %} or {{ name }}."
    assert without_tags(source, jekyll=False) == (source, [])


def test_hugos_figure_becomes_a_figure():
    kept, left_out = without_tags('{{< figure src="/a b.png" caption="A \'view\' & more" >}}', jekyll=False)
    figure = '<figure><img src="/a b.png" alt="A &#x27;view&#x27; &amp; more">'
    assert kept.strip() == f"{figure}<figcaption>A &#x27;view&#x27; &amp; more</figcaption></figure>"
    assert left_out == []


def test_hugos_references_are_links():
    assert without_tags('[x]({{< relref "posts/x.md" >}})', jekyll=False) == ("[x](posts/x.md)", [])


def test_other_shortcodes_are_left_out_and_what_they_enclose_stays():
    source = "{{% notice tip %}}Mind the gap.{{% /notice %}} {{< youtube abc >}}"
    assert without_tags(source, jekyll=False) == ("Mind the gap. ", ["notice", "youtube"])


def test_code_between_fences_is_nobodys_tag():
    source = "~~~ html\n{{< figure src=x >}}\n~~~\n"
    assert without_tags(source, jekyll=False) == (source, [])


@pytest.mark.parametrize("jekyll", [True, False])
def test_tags_without_an_end_cost_no_time_and_lose_no_words(jekyll):
    source = "{% raw %} " * 2000 + "{{ " * 2000 + "end"
    assert without_tags(source, jekyll)[0].endswith("end")
