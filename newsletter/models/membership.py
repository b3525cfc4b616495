"""Membership: a role that somebody holds for one newsletter, and what each member of staff wants to be told of."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models


class Membership(models.Model):
    """A role for one newsletter. Who holds a role for all of them is in its group, as Django has it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", verbose_name="role")
    newsletter = models.SlugField(max_length=63)

    class Meta:
        ordering = ("newsletter", "group__name")
        constraints = (models.UniqueConstraint(fields=("user", "group", "newsletter"), name="one_role_per_newsletter"),)

    def __str__(self) -> str:
        return f"{self.group.name} of {self.newsletter}"


class Wish(models.Model):
    """Whether a member of staff wants mails of a kind; without a row, their role decides."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="wishes")
    news = models.CharField(max_length=20)
    wanted = models.BooleanField()

    class Meta:
        verbose_name_plural = "wishes"
        constraints = (models.UniqueConstraint(fields=("user", "news"), name="one_wish_per_news"),)

    def __str__(self) -> str:
        return f"{self.news}: {'yes' if self.wanted else 'no'}"
