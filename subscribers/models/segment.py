"""Segment: people described by rules, and found anew each time they are asked for."""

from __future__ import annotations

from django.db import models


class Segment(models.Model):
    """A saved description of people. `subscribers.segments` says what rules there are and makes the query."""

    name = models.SlugField(max_length=63, unique=True, help_text="As config.yaml and the command line call it.")
    title = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    rules = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title
