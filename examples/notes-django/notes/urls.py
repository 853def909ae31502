"""Which page is where."""

from django.urls import path

from notes import views

urlpatterns = [
    path("", views.home),
    path("health", views.health),
    path("version", views.version),
    path("counts", views.counts),
    path("notes", views.notes),
]
