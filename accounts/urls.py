"""Account pages, under /account/."""

urlpatterns = []
