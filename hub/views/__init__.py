"""The public pages: fetch, call, render. They read, and write nothing."""

from hub.views.compare import choose_versions, compare_versions
from hub.views.functions import (
    function_detail,
    function_install,
    function_raw,
    function_screenshot,
    function_source,
    function_uses,
    function_versions,
)
from hub.views.lists import (
    author_detail,
    category_detail,
    function_list,
    home,
    suggest_functions,
    tag_detail,
)
from hub.views.site import (
    favicon,
    functions_without_slash,
    robots,
    security_txt,
)

__all__ = [
    "author_detail",
    "category_detail",
    "choose_versions",
    "compare_versions",
    "favicon",
    "function_detail",
    "function_install",
    "function_list",
    "function_raw",
    "function_screenshot",
    "function_source",
    "function_uses",
    "function_versions",
    "functions_without_slash",
    "home",
    "robots",
    "security_txt",
    "suggest_functions",
    "tag_detail",
]
