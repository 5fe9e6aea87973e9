"""Officers: who may sign in to the console. They are Django users; customers never are."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit import vault
from consent.errors import Field, Invalid, TooMany
from consent.models import SignInTry
from consent.rules import text
from consent.services import ledger
from consent.services.ledger import Actor, Fact

GROUP = "privacy officer"
# Wrong tries within the window, after which neither the name nor the address is listened to.
WINDOW = timedelta(minutes=15)
TRIES_PER_NAME = 5
TRIES_PER_ADDRESS = 20


@transaction.atomic
def create(*, username: str, password: str, full_name: str, by: Actor, now: datetime) -> User:
    """Let one more person sign in to the console.

    Returns the officer. Raises Invalid for a name that is taken or cannot be one, and with the password rules' own
    words for a weak password.
    """
    user = User(username=User.normalize_username(username), first_name=full_name.strip(), date_joined=now)
    problems = [*_name_problems(user), *_password_problems(password, user)]
    if problems:
        raise Invalid(*problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Invalid(_taken()) from None
    user.groups.add(Group.objects.get_or_create(name=GROUP)[0])
    ledger.record(Fact("officer.created", object=f"staff-{user.pk}"), by=by, now=now)
    return user


def listed() -> list[User]:
    """Everybody who is or was an officer, by name."""
    return list(User.objects.order_by("first_name", "username"))


def recognise(*, username: str, password: str, address: str, now: datetime) -> User | None:
    """The officer whose name and password these are; None for every other case alike.

    Raises TooMany after 5 wrong tries for a name, or 20 from an address, within 15 minutes; a name nobody has is
    counted like any other. A try is written down before the password is looked at: however many come at the same
    moment, no more than these are answered. So this is no single transaction.
    """
    SignInTry.objects.filter(tried_at__lte=now - WINDOW).delete()
    name = User.normalize_username(username)
    tried = SignInTry.objects.create(
        name_hash=vault.lookup_hash("sign-in name", name),
        address_hash=vault.lookup_hash("sign-in address", address),
        tried_at=now,
    )
    if _too_many(tried, now):
        # Not counted: who keeps knocking at a closed door does not keep it closed.
        tried.delete()
        raise TooMany("Too many wrong tries. Wait 15 minutes, then try again.")
    user = authenticate(username=name, password=password)
    if not isinstance(user, User) or not is_officer(user):
        return None
    SignInTry.objects.filter(name_hash=tried.name_hash).delete()
    return user


def is_officer(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this is a person who may use the console now."""
    return isinstance(user, User) and user.is_active and user.groups.filter(name=GROUP).exists()


def _too_many(tried: SignInTry, now: datetime) -> bool:
    recent = SignInTry.objects.filter(tried_at__gt=now - WINDOW)
    return (
        recent.filter(name_hash=tried.name_hash).count() > TRIES_PER_NAME
        or recent.filter(address_hash=tried.address_hash).count() > TRIES_PER_ADDRESS
    )


def _name_problems(user: User) -> list[Field]:
    problems = []
    try:
        user.clean_fields(exclude={"password", "first_name"})
    except ValidationError as wrong:
        problems += _fields("/username", wrong)
    else:
        problems += [_taken()] if User.objects.filter(username=user.username).exists() else []
    if not user.first_name:
        problems.append(Field("/full_name", "required", "Give the name that stands beside what the officer does."))
    elif problem := text.problem(user.first_name, length=150):
        problems.append(Field("/full_name", "text", problem))
    return problems


def _password_problems(password: str, user: User) -> list[Field]:
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        return _fields("/password", wrong)
    return []


def _fields(pointer: str, wrong: Any) -> list[Field]:
    return [Field(pointer, "format", sentence) for sentence in wrong.messages]


def _taken() -> Field:
    return Field("/username", "taken", "Another officer has this name. Choose another one.")
