"""A day that somebody types into a form, at whichever door."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from consent.rules import moments


class DayField(forms.DateField):
    """One that all times worked out from it can be told of."""

    default_validators = [MinValueValidator(moments.FIRST_DAY), MaxValueValidator(moments.LAST_DAY)]
