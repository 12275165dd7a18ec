"""The pages' templates and the files that they load, all from this package."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, partial
from importlib import resources
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gate.console.access import TOKEN_FIELD
from gate.console.desk import LANGUAGE_COOKIE, Desk
from gate.console.menu import menu
from gate.console.sessions import Session, home
from gate.texts import LANGUAGES, Language, catalogue, t

LANGUAGE_LASTS_S = 365 * 24 * 3600
ADDRESSES = frozenset(
    {
        "/",
        "/sign-in",
        "/barriers",
        "/shift",
        "/account",
        "/account/password",
        "/account/code",
        "/accounts",
        "/enrolment",
        "/residents/requests",
        "/me/enter",
        "/passes",
        "/pads",
        "/parking",
        "/privacy",
        "/sources",
        "/community",
        "/connections",
        "/patrol",
    }
)
TOGETHER = {
    "guard.js": ("page.js", "sound.js", "questions.js", "calls.js", "standing.js", "live.js"),
    "watcher.js": ("page.js", "sound.js", "questions.js", "standing.js", "live.js"),
}
"""The live page's scripts as one file: an old PC takes longer to ask for six than to read one."""
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page loads; `version` changes with its bytes, so that a browser may keep it.

    `packed` is its content by gzip. Only these files are ever packed: a page holds what must stay secret, and how small
    it becomes beside words that somebody else chose would tell of that.
    """

    content: bytes
    media_type: str
    version: str
    packed: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """Every file of `static/` by its name, and those of `TOGETHER`; nothing else can be asked for."""
    files = {file.name: file.read_bytes() for file in resources.files(__package__).joinpath("static").iterdir()}
    files |= {name: b"\n".join(files[part] for part in parts) for name, parts in TOGETHER.items()}
    return {name: _asset(name, content) for name, content in files.items()}


def _asset(name: str, content: bytes) -> Asset:
    media_type, version = MEDIA_TYPES[name.rpartition(".")[2]], hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, media_type, version, gzip.compress(content, mtime=0))


def _asset_address(name: str) -> str:
    return f"/static/{name}?v={assets()[name].version}"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Three bytes for a Chinese character instead of six; what could end a script is escaped all the same.
    templates.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
    templates.globals["asset"] = _asset_address
    templates.filters["moment"] = lambda stamp, zone: _clock(datetime.fromisoformat(stamp), zone)
    return templates


def page(request: Request, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page in the request's language; a choice of language made in its address is remembered."""
    desk: Desk = request.app.state.desk
    language: Language = request.state.language
    html = _templates().get_template(template)
    session: Session | None = request.state.session
    answer = HTMLResponse(
        html.render(
            facts,
            **_words(language),
            other_language=next(other for other in LANGUAGES if other != language),
            address=_own_address(request),
            compound=desk.watch.compound,
            session=session,
            menu=menu(session.role) if session and not session.must_change else (),
            me=request.state.caller,
            home="/me" if request.state.caller else home(session.role) if session else "/sign-in",
            token_field=TOKEN_FIELD,
        ),
        status,
    )
    if request.query_params.get("lang") == language:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=LANGUAGE_LASTS_S,
            httponly=True,
            samesite="strict",
            secure=desk.settings.secure_cookie,
        )
    return answer


def report_file(language: Language, **facts: Any) -> str:
    """A committee's report as one HTML file that needs nothing else, to be kept, printed or sent."""
    style = Markup("\n".join(assets()[name].content.decode() for name in ("console.css", "audit.css")))  # noqa: S704 - ours
    return _templates().get_template("report_file.html").render(facts, style=style, **_words(language))


def copy_file(language: Language, **facts: Any) -> str:
    """A resident's copy of the own data as one HTML file that needs nothing else."""
    style = Markup(assets()["console.css"].content.decode())  # noqa: S704 - ours
    return _templates().get_template("me_copy_file.html").render(facts, style=style, **_words(language))


def privacy_file(language: Language, document: str, **facts: Any) -> str:
    """The `notice` or the `assessment` as one HTML file that needs nothing else."""
    style = Markup("\n".join(assets()[name].content.decode() for name in ("console.css", "privacy.css")))  # noqa: S704 - ours
    told = {"document": document, "style": style, **facts}
    return _templates().get_template("privacy_file.html").render(told, **_words(language))


def _words(language: Language) -> dict[str, Any]:
    """What every template says things with."""
    return {"t": partial(_say, language), "has": catalogue().__contains__, "clock": _clock, "language": language}


def _say(language: Language, code: str, /, **facts: object) -> str:
    return t(code, language, **facts)


def _clock(at: datetime, zone: tzinfo) -> str:
    """A moment of the record, with its year: it may be an old one."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _own_address(request: Request) -> str:
    """Where the language switch leads: this page, or the front page where the address cannot be asked for."""
    path = request.url.path
    kept = path.startswith(
        ("/audit", "/enrolment/", "/privacy/", "/community/", "/sources/", "/me", "/pinpad", "/patrol/")
    )
    if path in ADDRESSES or (kept and request.method == "GET"):
        return path
    # The answer to a form cannot be asked for again, the page that the form is on can.
    parent = f"/{path.split('/')[1]}".replace("/residents", "/enrolment")
    return parent if parent in ADDRESSES else "/"
