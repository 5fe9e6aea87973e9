"""A downstream Django shop: a queryset and an API view that ask first."""

import json

import httpx
import pytest
from django.db import connection, models
from django.http import JsonResponse
from django.test import Client as Browser
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.serving import until
from tests.trustcenter.sdk.feeding import feeding
from tests.trustcenter.sdk.test_local import checking
from tests.world import ALICE, NOW, key, say
from trustcenter.sdk import Client
from trustcenter.sdk.django import AllowedQuerySet
from trustcenter.sdk.rest_framework import CustomerPermits
from trustcenter.urls import urlpatterns as service

pytestmark = pytest.mark.urls(__name__)
OFFERS = "personal_offers"
asking: list[Client] = []


class Order(models.Model):
    customer = models.CharField(max_length=20, null=True)  # noqa: DJ001  a downstream table has what it has
    total = models.IntegerField()
    objects = AllowedQuerySet.as_manager()

    class Meta:
        app_label = "downstream"
        managed = False
        db_table = "downstream_order"


def totals(request):
    orders = Order.objects.filter(total__gt=1).allowed_for(OFFERS, client=asking[0], column="customer")
    return JsonResponse({"totals": sorted(orders.values_list("total", flat=True))})


class MayRecommend(CustomerPermits):
    purpose, categories = OFFERS, ["purchase_history"]

    @property
    def client(self):
        return asking[0]


class Recommendations(APIView):
    authentication_classes = []
    permission_classes = [MayRecommend]

    def get(self, request, customer):
        return Response({"for": customer})


urlpatterns = [
    *service,
    path("shop/totals", totals),
    path("shop/<str:customer>/recommendations", Recommendations.as_view()),
]


@pytest.fixture
def shop(client):
    """Orders of Alice (two), Bob, Carol and of nobody."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE downstream_order (id integer PRIMARY KEY, customer varchar(20), total integer)")
    rows = [("C-1001", 1), ("C-1001", 10), ("C-1002", 20), ("C-1003", 30), (None, 40), ("", 50)]
    Order.objects.bulk_create(Order(id=place, customer=who, total=total) for place, (who, total) in enumerate(rows))
    asking[:] = [client]
    return Browser()


def test_a_view_shows_the_rows_of_those_who_permit(shop):
    say(ALICE, "give", now=NOW)
    assert shop.get("/shop/totals").json() == {"totals": [10]}
    say(ALICE, "withdraw", now=NOW)
    assert shop.get("/shop/totals").json() == {"totals": []}


def test_each_customer_is_asked_about_once(shop, client):
    asked = []
    whole = client.check_many
    client.check_many = lambda questions: asked.extend(questions) or whole(questions)
    orders = Order.objects.order_by("-total").allowed_for(OFFERS, client=client, column="customer")
    assert [each.total for each in orders] == [10, 1]
    assert sorted(each.customer.id for each in asked) == ["C-1001", "C-1002", "C-1003"]


def test_a_queryset_is_empty_where_nobody_can_be_asked(shop):
    def broken(request):
        raise httpx.ConnectError("there is nobody")

    cut = Client("http://trust.example", key(), recipient="mail-engine", transport=lambda: httpx.MockTransport(broken))
    assert list(Order.objects.allowed_for(OFFERS, client=cut, column="customer")) == []


def test_an_api_view_runs_for_those_who_permit(shop):
    permitted = shop.get("/shop/C-1001/recommendations")
    assert (permitted.status_code, json.loads(permitted.content)) == (200, {"for": "C-1001"})
    for who in ("C-1002", "C-1003", "C-9999"):
        refused = shop.get(f"/shop/{who}/recommendations")
        assert refused.status_code == 403
        assert b"said no" not in refused.content


def test_both_take_a_local_checker_for_a_client(shop):
    with feeding() as feed, checking(feed) as checker:
        assert checker.wait_ready(30)
        asking[:] = [checker]
        assert shop.get("/shop/totals").json() == {"totals": [10]}
        assert shop.get("/shop/C-1001/recommendations").status_code == 403
        feed.say("customer:C-1001", "purchase_history")
        until(lambda: shop.get("/shop/C-1001/recommendations").status_code == 200)
