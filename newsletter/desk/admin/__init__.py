"""The lists and forms of the desk, a module for each room of the pipeline, in its order."""

from django.contrib import admin

from newsletter.desk.admin import audience, collect, compose, replies, send, staff, track

__all__ = ["audience", "collect", "compose", "replies", "send", "staff", "track"]

admin.site.index_title = "Today"
