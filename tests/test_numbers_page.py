"""The page of installs: what it draws, its table, its CSV, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.svg import installs
from registry.installs.statistics import Day
from registry.models import Function, InstallCount

pytestmark = pytest.mark.django_db

FUNCTION = "/functions/alice/image-resizer"
TODAY = datetime.now(UTC).date()


def installed(version, installs, *, ago=0, automated=0):
    day = datetime.now(UTC).date() - timedelta(days=ago)
    InstallCount.objects.create(
        version=version, day=day, installs=installs, automated=automated
    )


def page_of(client) -> str:
    return " ".join(client.get(f"{FUNCTION}/installs").content.decode().split())


def test_page_without_installs_says_so(client, publish):
    publish()

    assert "Not installed yet" in page_of(client)


def test_page_draws_the_days_and_lists_them(client, publish):
    version = publish()
    installed(version, 1200)
    installed(version, 5, ago=3, automated=7)
    Function.objects.update(install_count=1205)

    page = page_of(client)

    assert page.count('<rect class="bar"') == 2
    assert 'aria-label="1,205 installs in the last 90 days"' in page
    assert '<td class="num">1,200</td>' in page
    assert '<td class="num muted">7</td>' in page
    assert "/docs/statistics" in page


def test_function_page_leads_to_it(client, publish):
    publish()

    assert f'href="{FUNCTION}/installs"' in client.get(FUNCTION).content.decode()
    assert client.get("/docs/statistics").status_code == 200


def test_csv_has_every_day_and_version(client, publish):
    first = publish()
    second = publish(version="1.1.0", code="export const two = 2;\n")
    installed(first, 2, ago=400)
    installed(second, 3, automated=1)

    response = client.get(f"{FUNCTION}/installs.csv")

    today = datetime.now(UTC).date()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.decode().split("\r\n") == [
        "day,version,installs,automated",
        f"{today - timedelta(days=400)},1.0.0,2,0",
        f"{today},1.1.0,3,1",
        "",
    ]


def test_page_costs_the_same_with_many_versions_and_days(client, publish, queries):
    installed(publish(), 1)
    one = queries(client, f"{FUNCTION}/installs")

    for n in range(1, 5):
        version = publish(version=f"1.{n}.0", code=f"export const n = {n};\n")
        for ago in range(5):
            installed(version, n, ago=ago)

    assert queries(client, f"{FUNCTION}/installs") == one


@pytest.mark.parametrize(
    ("most", "lines"),
    [(0, [0, 1]), (1, [0, 1]), (3, [0, 5]), (8, [0, 5, 10]), (1999, [0, 1000, 2000])],
)
def test_plot_has_round_lines_of_whole_installs(most, lines):
    plot = installs.plot_of([Day(TODAY, 0), Day(TODAY, most)])

    assert [value for value, _ in plot.lines] == lines
    assert max(bar.height for bar in plot.bars) <= installs.HEIGHT
    assert plot.bars[-1].x + installs.BAR <= plot.width
