"""The addresses of this door."""

from django.urls import path, register_converter
from django.views.i18n import set_language

from trustcenter.portal import (
    acting,
    ai,
    amounts,
    ask,
    check,
    choices,
    concerns,
    confirm,
    entrance,
    log,
    receipts,
    rights,
    stop,
)


class KeyConverter:
    """A key of the catalogue; whatever else stands in an address has no page."""

    regex = "[a-z0-9][a-z0-9._-]{0,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyConverter, "key")

app_name = "portal"
urlpatterns = [
    path("", choices.home, name="home"),
    path("choices/everything", choices.everything, name="everything"),
    path("choices/<key:purpose>", choices.choose, name="choose"),
    path("purposes/<key:key>", choices.purpose, name="purpose"),
    path("purposes/<key:key>/amount", amounts.amount, name="amount"),
    path("purposes/<key:key>/changed", choices.news, name="changed"),
    path("seen", choices.seen, name="seen"),
    path("log", log.show, name="log"),
    path("log.csv", log.download, name="log-csv"),
    path("receipts", receipts.index, name="receipts"),
    path("receipts/<uuid:number>", receipts.show, name="receipt"),
    path("receipts/<uuid:number>/proof.json", receipts.proof, name="proof"),
    path("receipts/<uuid:number>/receipt.jws", receipts.signed, name="signed"),
    path("acting", acting.index, name="acting"),
    path("acting/stop", acting.stop, name="stop-acting"),
    path("acting/<uuid:number>", acting.act, name="act"),
    path("acting/<uuid:number>/end", acting.end, name="end-mandate"),
    path("ai", ai.show, name="ai"),
    path("ai/principles", ai.principles, name="principles"),
    path("ai/principles/<int:number>", ai.principles, name="principles-version"),
    path("copy-or-erase", rights.index, name="rights"),
    path("copy-or-erase/<key:kind>", rights.ask, name="rights-ask"),
    path("copy-or-erase/requests/<str:reference>", rights.follow, name="rights-follow"),
    path("copy-or-erase/requests/<str:reference>/add", rights.add, name="rights-add"),
    path("copy-or-erase/requests/<str:reference>/withdraw", rights.withdraw, name="rights-withdraw"),
    path("copy-or-erase/requests/<str:reference>/file", rights.file, name="rights-file"),
    path("concerns", concerns.index, name="concerns"),
    path("concerns/new", concerns.new, name="concern-new"),
    path("concerns/read", concerns.read, name="concern-read"),
    path("concerns/<str:reference>", concerns.follow, name="concern"),
    path("concerns/<str:reference>/add", concerns.add, name="concern-add"),
    path("check", check.check, name="check"),
    path("welcome", entrance.welcome, name="welcome"),
    path("welcome/code", entrance.code, name="code"),
    path("fresh", entrance.fresh, name="fresh"),
    path("enter/<str:token>", entrance.enter, name="enter"),
    path("ask/<str:token>", ask.ask, name="ask"),
    path("stop/<str:token>", stop.stop, name="stop"),
    path("stop/<str:token>/now", stop.one_click, name="one-click"),
    path("confirm/<str:token>", confirm.confirm, name="confirm"),
    path("stay", entrance.stay, name="stay"),
    path("sign-out", entrance.leave, name="sign-out"),
    path("language", set_language, name="language"),
]
