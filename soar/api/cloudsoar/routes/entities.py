"""Entities (contract §4.6)."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
