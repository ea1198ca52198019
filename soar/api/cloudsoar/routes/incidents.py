"""Incidents (contract §4.2)."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
