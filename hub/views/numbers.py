"""How often a function is installed: plot, tables, CSV."""

import csv
import io

from django.http import HttpRequest, HttpResponse

from hub.function_page import FunctionPage, function_page, render_page
from hub.svg.installs import plot_of
from registry.installs import statistics

CSV_HEAD = ("day", "version", "installs", "automated")


@function_page
def function_installs(request: HttpRequest, page: FunctionPage):
    days = statistics.by_day(page.function)
    return render_page(
        request,
        page,
        "installs",
        plot=plot_of(days),
        days=[day for day in reversed(days) if day.installs],
        recent=sum(day.installs for day in days),
        shown_days=len(days),
        by_version=statistics.by_version(page.function),
    )


@function_page
def function_installs_csv(request: HttpRequest, page: FunctionPage):
    """Every count there is: one row per day and version."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_HEAD)
    writer.writerows(statistics.rows(page.function))
    response = HttpResponse(text.getvalue(), "text/csv; charset=utf-8")
    name = f"installs-{page.function.slug}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
