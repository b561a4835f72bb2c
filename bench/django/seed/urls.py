"""The one path."""

from django.urls import path

from .views import heartbeat

urlpatterns = [path("admin-panel/api/esp32/heartbeat/", heartbeat)]
