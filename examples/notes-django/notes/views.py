"""The pages."""

import json
import os

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from notes.models import Note


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """How many notes there are, for people."""
    return HttpResponse(f"<!doctype html><title>Notes</title><p>{Note.objects.count()} notes")


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"healthy": True})


@require_GET
def version(request: HttpRequest) -> JsonResponse:
    """Which release answers."""
    return JsonResponse({"version": os.environ.get("VERSION", "source")})


@require_GET
def counts(request: HttpRequest) -> JsonResponse:
    """Rows per table."""
    return JsonResponse({"notes": Note.objects.count()})


@csrf_exempt
def notes(request: HttpRequest) -> JsonResponse:
    """GET: every number from `from` on. POST: the note of this number, acknowledged once it is committed."""
    if request.method == "POST":
        body = json.loads(request.body)
        note, _ = Note.objects.get_or_create(number=body["number"], defaults={"text": body["text"]})
        return JsonResponse({"id": note.id, "number": note.number}, status=201)
    first = int(request.GET.get("from", "0"))
    numbers = Note.objects.filter(number__gte=first).order_by("number").values_list("number", flat=True)
    return JsonResponse(list(numbers), safe=False)
