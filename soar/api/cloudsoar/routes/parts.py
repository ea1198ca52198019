"""Parts of an incident (contract §4.3)."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
