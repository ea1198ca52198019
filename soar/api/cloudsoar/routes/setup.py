"""Users, groups, tokens and set-up (contract §4.7)."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
