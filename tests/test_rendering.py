"""Untrusted text as HTML: what is shown, what is inert, what gives up in time."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.content import highlight, readme, rendering
from registry.content.sandbox import BASE_DIR, OutputTooLarge, SandboxError

PATIENCE = 60  # seconds


class Page(HTMLParser):
    """What a browser would see: elements, and the text between them."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


def source(text, language="typescript") -> Page:
    return Page(rendering.source_html(text, language))


def markdown(text) -> Page:
    return Page(rendering.readme_html(text))


# Source


@pytest.mark.parametrize("language", [*highlight.LEXERS, "text"])
def test_source_keeps_every_character(language):
    text = "a <b> & 'c' \"d\"\n\n  `x` # ü\n\tend"

    assert source(text, language).text == text + "\n"


def test_source_shows_a_byte_order_mark():
    assert source("\ufeffa").text == "U+FEFFa\n"


def test_source_numbers_each_line_with_a_link_that_holds_no_text():
    html = rendering.source_html("a\n\nb\n", "typescript")

    assert [a["id"] for a in source("a\n\nb\n").all("span") if "id" in a] == [
        "L1",
        "L2",
        "L3",
    ]
    assert source("a").all("a") == [
        {
            "href": "#L1",
            "data-line": "1",
            "tabindex": "-1",
            "aria-label": "Line 1",
        }
    ]
    assert "></a>a\n</span>" in html


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "a\rb", "a\nb"])
def test_source_counts_lines_of_any_line_end(text):
    assert source(text).text == "a\nb\n"


def test_source_of_an_empty_file_has_no_line():
    assert source("").all("a") == []
    assert source("", "text").all("a") == []


def test_source_has_classes_only_of_the_theme():
    page = source('// c\nimport { a } from "b";\nclass A { f = /x/g; n = 1; @d m() }')
    used = {a["class"] for a in page.all("span") if "id" not in a}

    assert used <= set(highlight.CLASSES.values())
    assert {"c", "k", "s", "r", "m"} <= used
    assert not any("style" in attrs for _, attrs in page.elements)


@pytest.mark.parametrize(
    ("code", "html"),
    [
        ("save(a)", '<span class="f">save</span>(a)'),
        ("Array.from(a)", '.<span class="f">from</span>(a)'),
        ("a.default", "a.default"),
        ("[...new A]", '...<span class="k">new</span> A'),
    ],
)
def test_source_tells_names_from_keywords(code, html):
    assert html in rendering.source_html(code, "typescript")


@pytest.mark.parametrize(
    ("character", "title"),
    [
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u3164", "U+3164 HANGUL FILLER"),
        ("\uffa0", "U+FFA0 HALFWIDTH HANGUL FILLER"),
        ("\u115f", "U+115F HANGUL CHOSEONG FILLER"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\U000e0041", "U+E0041 TAG LATIN CAPITAL LETTER A"),
        ("\x00", "U+0000"),
        ("\x1b", "U+001B"),
        ("\u2028", "U+2028 LINE SEPARATOR"),
    ],
)
@pytest.mark.parametrize("language", ["typescript", "text"])
def test_source_shows_deceiving_characters(character, title, language):
    page = source(f'const a = "x{character}y"\n', language)
    marks = [a for a in page.all("span") if a.get("class") == "invisible"]

    assert [mark["title"] for mark in marks] == [title]
    assert character not in page.text
    assert title.split()[0] in page.text


@pytest.mark.parametrize("text", ["⚠️", "👨‍👩‍👧", "👩🏽‍💻", "❤️‍🔥", "می‌خواهم", "क्‍ष"])
def test_source_leaves_emoji_and_joined_scripts_alone(text):
    assert source(text, "text").text == text + "\n"


def test_language_of_a_path():
    paths = "a.ts a.tsx a.mts a.js a.JSX a.json README.md a.sql a.scala Makefile"

    expected = (
        "typescript tsx typescript javascript javascript json markdown sql text text"
    )
    assert " ".join(map(rendering.language_of, paths.split())) == expected


def test_plain_has_the_lines_of_the_source_view():
    text = "const a = 1;\n\n<b>\n"

    assert Page(rendering.plain_html(text)).text == text
    assert rendering.plain_html(text) == rendering.source_html(text, "text")
    assert "id=" not in rendering.plain_html(text, numbered=False)


def test_plain_stays_in_proportion():
    for text in ("\n" * 500_000, "\u202e" * 170_000, "<" * 500_000):
        assert len(rendering.plain_html(text)) < 10 * len(text)


# README


def test_readme_renders_what_authors_write():
    page = markdown(
        "# Title\n\nText ~~gone~~ https://a.example/x **b**\n\n"
        "| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n\n"
        "```ts\nconst x = 1;\n```\n\n1. one\n"
    )
    tags = {tag for tag, _ in page.elements}

    assert {"h2", "p", "del", "strong", "table", "th", "ul", "ol", "code"} <= tags
    assert page.all("th")[0] == {"align": "right"}
    assert {"class": "k"} in page.all("span")
    assert [("checked" in box, "disabled" in box) for box in page.all("input")] == [
        (True, True),
        (False, True),
    ]
    assert page.all("a")[0]["href"] == "https://a.example/x"


def test_readme_tables_scroll_in_a_box_the_keyboard_reaches():
    table = "| a |\n|---|\n| 1 |\n"
    html = rendering.readme_html(f"{table}\ntext\n\n{table}")

    boxes = [div for div in Page(html).all("div") if div.get("role") == "region"]
    assert [box["aria-label"] for box in boxes] == ["Table", "Table 2"]
    assert all(box["tabindex"] == "0" for box in boxes)
    assert html.count('tabindex="0"><table>') == html.count("</table></div>") == 2


def test_readme_authors_cannot_make_such_a_box():
    html = '<div class="table-scroll" role="region" tabindex="0">x</div>'

    assert Page(rendering.readme_html(html)).all("div") == [{"class": ""}]


def test_readme_may_be_long():
    item = (
        "- [`some_name`](docs/some_name.md), *see* **also** [that](https://a.example)\n"
    )
    row = "| `a_b` | [c](d.md) | *e* | f |\n"
    text = item * 400 + "\n| a | b | c | d |\n|---|---|---|---|\n" + row * 400

    assert len(markdown(text).all("a")) == 1200


def test_readme_headings_move_down_a_level():
    page = markdown("# a\n\n###### b\n\n<h1>c</h1>\n")

    assert [t for t, _ in page.elements if t[0] == "h"] == ["h2", "h6", "h2"]


def test_readme_ids_are_prefixed_and_unique():
    page = markdown(
        '# Top\n\n[up](#top)\n\n<p id="nav">x</p><p id="nav">y</p>\n\n## Top\n'
    )
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]

    assert ids == ["user-content-top", "user-content-nav", "user-content-top_1"]
    assert page.all("a")[0]["href"] == "#user-content-top"


def test_readme_links_lead_nowhere_by_surprise():
    page = markdown("[a](https://a.example) [b](mailto:a@b.example)")

    assert {a["rel"] for a in page.all("a")} == {"nofollow ugc noopener"}


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#x0A;script:alert(1)",
        "java&#10;script:alert(1)",
        "&#106;avascript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "ssh://a.example",
        "//evil.example/x",
        "///evil.example/x",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "http:///evil.example",
        "../../../admin/",
        "a/../../b",
        "%2e%2e/x",
        "?next=x",
    ],
)
@pytest.mark.parametrize("form", ["[text]({})", '<a href="{}">text</a>', "<{}>"])
def test_readme_drops_other_targets(target, form):
    html = rendering.readme_html(form.format(target))

    assert "href" not in html
    assert "data-relative" not in html


def test_readme_keeps_relative_links_for_later():
    html = rendering.readme_html(
        '[a](docs/x.md#use) [b](/src/a.ts) [c](./b.ts) ![pic](img/a.png "t")'
    )
    page = Page(html)

    assert [a["data-relative"] for a in page.all("a")] == [
        "docs/x.md#use",
        "src/a.ts",
        "b.ts",
    ]
    assert not any("href" in a for a in page.all("a"))
    assert page.all("img") == [{"data-relative": "img/a.png", "alt": "pic"}]


def test_resolve_relative_points_links_and_images_at_their_files():
    html = rendering.readme_html('[a](docs/x.md) ![p"ic](img/a.png)')

    both = Page(rendering.resolve_relative(html, "/s/", "/raw/"))
    assert [a["href"] for a in both.all("a")] == ["/s/docs/x.md"]
    assert both.all("img") == [
        {"src": "/raw/img/a.png", "alt": 'p"ic', "loading": "lazy"}
    ]

    links = Page(rendering.resolve_relative(html, "/s/"))
    assert [a["href"] for a in links.all("a")] == ["/s/docs/x.md", "/s/img/a.png"]
    assert links.all("img") == []


def test_resolve_relative_cannot_be_fooled_by_text():
    text = '`<a data-relative="x">` <img data-relative="y" alt="z">'
    html = rendering.readme_html(text)

    assert rendering.resolve_relative(html, "/s/", "/raw/") == html


@pytest.mark.parametrize(
    "image",
    [
        "![alt](https://evil.example/track.gif)",
        "![alt](http://evil.example/x.png)",
        "![alt](//evil.example/x.png)",
        '<img src="https://evil.example/x.png" alt="alt" width="100000">',
        '<img srcset="https://evil.example/x.png 1x" alt="alt">',
        '<picture><source srcset="https://evil.example/x"><img alt="alt"></picture>',
        "![alt](data:image/svg+xml,<svg/onload=alert(1)>)",
        "[![alt](https://evil.example/x.svg)](https://ci.example)",
    ],
)
def test_readme_loads_no_remote_image(image):
    page = markdown(image)

    assert page.all("img") == []
    assert "alt" in page.text


XSS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<scr<script>ipt>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input onfocus=alert(1) autofocus type=text value=x>",
    "<input type=checkbox onclick=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    '<base href="https://evil.example/">',
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    '<p style="position:fixed;inset:0;background:url(//evil.example)">x</p>',
    '<div class="navbar modal highlight">x</div>',
    "<a href='x' onmouseover=alert(1)>x</a>",
    '<a href="https://a.example" target="_self" ping="//evil.example">x</a>',
    '<a name="x" id="content">x</a>',
    "<video src=x onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<textarea><script>alert(1)</script></textarea>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<xss id=x onfocus=alert(1) tabindex=1>",
    "[x](https://a.example '\" onmouseover=alert(1) x=\"')",
    '![x" onerror="alert(1)](a.png)',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```ts"onclick="alert(1)\nx\n```',
    "```{.x onclick=alert(1) style=color:red}\nx\n```",
    "    <script>alert(1)</script>",
    "[x]: javascript:alert(1)\n\n[x] and [y][x]",
    '<https://a.example/"onclick=alert(1)>',
    "# x {onclick=alert(1)}",
    '<h1 id="a" onclick=alert(1)>x</h1>',
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "- [x] <script>alert(1)</script>",
    "<plaintext>",
    "<title><img src=x onerror=alert(1)></title>",
    '<a href="https://a.example/?a=<script>">x</a>',
    "\ufeff<script>alert(1)</script>",
    "<a\x00 href=javascript:alert(1)>x</a>",
]


@pytest.mark.parametrize("text", XSS)
def test_readme_is_inert(text):
    for html in (
        rendering.readme_html(text),
        rendering.resolve_relative(rendering.readme_html(text), "/s/", "/raw/"),
        rendering.plain_html(text, numbered=False),
        rendering.source_html(text, "markdown"),
        rendering.source_html(text, "typescript"),
    ):
        assert_inert(html)


PIECES = [
    *('<a href="', "<img src=", "<script>", "</script>", "<!--", "-->", "<p id='", ">"),
    *("javascript:", "onerror=", "data-relative=", "mailto:", "http://a.b", "//e", "x"),
    *('"', "'", "<", "[", "]", "(", ")", "!", "`", "```\n", "\n", "\n\n", "> ", "- "),
    *("| ", "|-|\n", "&lt;", "&#x3c;", "&", "*", "_", "~~", "# ", "    ", "[x]: "),
    *("\u202e", "\x00", "\ufeff", "\r", "é", "🦊", "<math>", "<style>", "<table>"),
]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_is_inert_and_whole(text):
    html = rendering.readme_html(text)
    assert_inert(html)
    assert_inert(rendering.resolve_relative(html, "/s/", "/raw/"))
    for language in ("typescript", "json", "markdown"):
        html = rendering.source_html(text, language)
        assert_inert(html)
        plain = rendering.plain_html(text)
        assert Page(html).text == Page(plain).text


def assert_inert(html: str) -> None:
    allowed = {
        *("id", "class", "href", "rel", "title", "alt", "align", "start", "open"),
        *("type", "disabled", "checked", "aria-label", "tabindex", "data-relative"),
        *("src", "loading", "data-line", "role"),
    }
    classes = readme.CLASSES["span"] | {"source", "source--plain", "line", "invisible"}
    classes |= {"highlight", "task-list", "task-list-item", "table-scroll"}
    for tag, attrs in Page(html).elements:
        assert tag in readme.TAGS
        assert set(attrs) <= allowed
        assert set(attrs.get("class", "").split()) <= classes
        assert tag != "input" or (attrs["type"], "disabled" in attrs) == (
            "checkbox",
            True,
        )
        assert re.match(r"https?://\w|mailto:|#|/s/|/raw/|\Z", attrs.get("href", ""))
        assert re.match(r"/raw/|\Z", attrs.get("src", ""))


# Through the worker

REFERENCES = "[a]: http://x.example/" + "y" * 32_000 + "\n\n" + "[a] " * 8_000
HOSTILE = {
    "32,000 dots": ("typescript", "." * 32_000),
    "dots in many lines": ("typescript", ("." * 4_900 + "\n") * 40),
    "200,000 brackets": ("typescript", "(" * 200_000),
    "200,000 templates": ("typescript", "`${\n" * 60_000),
    "48 backslashes": ("javascript", '"' + "\\" * 4_801),
    "half a megabyte of line ends": ("typescript", "\n" * 500_000),
    "one long line": ("json", "[" + "1," * 120_000 + "1]"),
    "deep JSON": ("json", "[" * 100_000),
    "README: 20,000 brackets": ("readme", "[" * 20_000),
    "README: bracket blocks": ("readme", ("[" * 490 + "\n\n") * 130),
    "README: unclosed links": ("readme", "[a](b " * 5_000),
    "README: tags": ("readme", "<a " * 8_000),
    "README: stars": ("readme", "*a **b " * 10_000),
    "README: backticks": ("readme", "`a``b" * 10_000),
    "README: references": ("readme", REFERENCES),
    "README: definitions": ("readme", "[a]: b\n" * 8_000),
    "README: quotes": ("readme", "> " * 10_000 + "a"),
    "README: quotes line by line": (
        "readme",
        "".join(">" * n + " a\n" for n in range(500)),
    ),
    "README: lists": ("readme", "".join("  " * n + "- a\n" for n in range(400))),
    "README: 5,000 columns": (
        "readme",
        "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|a\n" * 5_000,
    ),
    "README: entities": ("readme", "&amp;" * 100_000),
    "README: equal headings": ("readme", "# a\n" * 20_000),
    "README: elements": ("readme", "<div>" * 20_000),
    "README: addresses": ("readme", "a@b.c " * 40_000),
}


@pytest.mark.parametrize(("kind", "text"), HOSTILE.values(), ids=HOSTILE)
def test_render_comes_back_from_hostile_text(kind, text):
    rendered = rendering.render(kind, text, timeout=1.5)

    assert rendered.complete != bool(rendered.reason)
    assert len(rendered.html) < 10 * len(text) + 200 or rendered.complete
    again = rendering.render("typescript", "let a;", timeout=PATIENCE)
    assert again.complete


@pytest.mark.parametrize(
    "name", ["32,000 dots", "README: 20,000 brackets", "README: references"]
)
def test_render_falls_back_to_plain_text_and_says_why(name):
    kind, text = HOSTILE[name]
    rendered = rendering.render(kind, text, timeout=PATIENCE)

    assert not rendered.complete
    assert rendered.reason.endswith(".")
    assert rendered.html == rendering.plain_html(text, numbered=kind != "readme")


def test_render_is_what_the_worker_makes():
    assert rendering.render("readme", "*a*", PATIENCE) == rendering.Rendered(
        "<p><em>a</em></p>", complete=True, prose="a"
    )


def test_readme_output_is_limited():
    with pytest.raises(OutputTooLarge):
        rendering.readme_html("```\n" + "<" * 300_000 + "\n```\n")


def test_source_refuses_what_is_known_to_be_slow():
    with pytest.raises(SandboxError, match="5,001 characters"):
        rendering.source_html("x" * 5_001, "typescript")


# The theme

CSS = Path(BASE_DIR, "static/hub/source.css").read_text()
COLOURS = dict(
    (name, (light, dark))
    for name, light, dark in re.findall(
        r"--source-([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS
    )
)


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", [n for n in COLOURS if not n.startswith("bg")])
def test_theme_keeps_aa_contrast(name, mode):
    for background in ("bg", "bg-marked"):
        assert contrast(COLOURS[name][mode], COLOURS[background][mode]) >= 4.5


def test_theme_styles_every_class():
    styled = set(re.findall(r":is\(\.source, \.highlight\) \.(\w+) \{", CSS))

    assert styled == set(highlight.CLASSES.values())
    assert readme.CLASSES["span"] == styled
    assert set(re.findall(r"var\(--source-([\w-]+)", CSS)) == set(COLOURS)
