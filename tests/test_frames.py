"""Frames: drawn once, filled many times, every value escaped in one place."""

import pytest
from django.template.loader import render_to_string

from hub.listing import Wanted
from hub.narrowing import CategoryRow, categories, groups, tags
from registry.drawing.frames import filled, joined

TAG = "hub/_tag.html"


@pytest.mark.parametrize("text", ["<b>", "a & b", '"', "'", "{0}", "%s", "}"])
def test_values_come_out_as_the_template_would_draw_them(text):
    values = {"label": text, "url": f"/tags/{text}", "count": "3"}

    assert filled(TAG, values) == render_to_string(TAG, values).strip()


def test_what_was_filled_is_not_escaped_again():
    one = filled(TAG, {"label": "<one>", "url": "/", "count": "1"})

    shown = filled("hub/_choices.html", {"title": "Tags", "choices": joined([one])})

    assert "&lt;one&gt;" in shown
    assert "&amp;" not in shown


def test_template_can_ask_what_is_there():
    values = {"url": "/", "label": "Media", "count": "", "bar": "0"}

    assert "<svg" not in filled("hub/_category_choice.html", values)
    assert "<svg" in filled("hub/_category_choice.html", values | {"count": "7"})


def test_choices_of_hostile_results_are_escaped():
    wanted = Wanted(q='"><script>', tag="<i>")
    facets = {
        "category": [("media", 1_200)],
        "license": [("<b>", 2), ("MIT", 1)],
        "tag": [("<i>", 3), ("<u>&", 2)],
    }
    listed = [CategoryRow("media", "Media & <more>", "", 9, True)]

    shown = (
        categories(listed, wanted, facets)
        + groups(wanted, facets)
        + tags(wanted, facets)
    )

    assert "Media &amp; &lt;more&gt;" in shown
    assert '<span class="count">1,200</span>' in shown
    assert "&lt;u&gt;&amp;" in shown
    assert "q=%22%3E%3Cscript%3E" in shown
    for raw in ("<script>", "<b>", "<i>", "<u>"):
        assert raw not in shown


def test_templates_may_change_while_one_develops(settings, tmp_path):
    settings.DEBUG = True
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path],
            "OPTIONS": {"loaders": ["django.template.loaders.filesystem.Loader"]},
        }
    ]
    template = tmp_path / "greeting.html"
    template.write_text("Hello {{ name }}")
    assert filled("greeting.html", {"name": "Ada"}) == "Hello Ada"

    template.write_text("Bye {{ name }}")

    assert filled("greeting.html", {"name": "Ada"}) == "Bye Ada"
