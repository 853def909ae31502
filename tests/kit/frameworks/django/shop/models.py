"""Customers and their orders."""

from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=100)
    note = models.TextField(default="")


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    total = models.IntegerField()
