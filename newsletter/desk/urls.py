"""The addresses of the desk's own pages; Django's admin has the rest."""

from django.urls import path

from newsletter.desk.pages import gallery, outbox, preview, reply, report

urlpatterns = [
    path("issue/<int:number>/preview/", preview.preview, name="desk-preview"),
    path("issue/<int:number>/preview/html", preview.raw, name="desk-preview-html"),
    path("issue/<int:number>/report/", report.report, name="desk-report"),
    path("gallery/", gallery.gallery, name="desk-gallery"),
    path("gallery/mail", gallery.mail, name="desk-gallery-mail"),
    path("reply/<int:number>/", reply.reply, name="desk-reply"),
    path("outbox/", outbox.index, name="desk-outbox"),
    path("outbox/<slug:newsletter>/<slug:slug>/", outbox.folder, name="desk-outbox-folder"),
    path("outbox/<slug:newsletter>/<slug:slug>/<slug:name>/", outbox.message, name="desk-outbox-message"),
    path("outbox/<slug:newsletter>/<slug:slug>/<slug:name>/html", outbox.raw, name="desk-outbox-html"),
    path("outbox/<slug:newsletter>/<slug:slug>/<slug:name>/eml", outbox.download, name="desk-outbox-eml"),
]
