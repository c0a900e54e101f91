"""Public addresses. They are promises: none is ever taken back."""

app_name = "records"
urlpatterns: list = []
