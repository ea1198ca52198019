"""Triage (contract §4.5)."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
