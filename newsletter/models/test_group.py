"""TestGroup: addresses that are sent test mails together, kept at the desk; config.yaml can name further ones."""

from __future__ import annotations

from django.db import models


class TestGroup(models.Model):
    """A group of a newsletter, or, without one, of all of them."""

    __test__ = False  # no test of pytest's, in spite of its name

    newsletter = models.SlugField(max_length=63, blank=True, help_text="Left empty, it is there for every newsletter.")
    name = models.CharField(max_length=63)
    addresses = models.JSONField(default=list)

    class Meta:
        ordering = ("name", "pk")
        verbose_name = "test group"
        constraints = (models.UniqueConstraint(fields=("newsletter", "name"), name="one_test_group_per_name"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def for_newsletter(cls, newsletter: str) -> models.QuerySet[TestGroup]:
        """Those that a newsletter's tests can go to."""
        return cls.objects.filter(newsletter__in=("", newsletter))
