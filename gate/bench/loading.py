"""How soon the guard's page is there: in a real browser, on a processor made as slow as an old PC's."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

from enrollment.accounts import Role
from gate.config import Config
from gate.console.desk import SESSION_COOKIE, Desk
from gate.console.serving import ConsoleServer
from gate.errors import GateError
from gate.overview import Overview
from gate.running import RunningGate
from gate.serving import console_of
from gate.site import open_site
from models.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")

DRAWN = """wanted => {
  const has = (selector, count) => document.querySelectorAll(selector).length >= count;
  const all = has(".lane", wanted.lanes) && has("#standing > li", 1) && has("#attention-list > li", wanted.questions)
    && has("#passages > li", wanted.passages);
  window.frames_with_all = (window.frames_with_all ?? 0) + all;
  return window.frames_with_all > 1 && performance.now();
}"""
"""Asked before each frame: milliseconds since the page was asked for, once a frame was painted with everything that it
shows at first."""

INDEX = """() => {
  const rate = work => {
    const start = performance.now();
    let times = 0;
    for (; performance.now() - start < 500; times += 1) work();
    return 1000 * times / (performance.now() - start);
  };
  const numbers = Array.from({ length: 100000 }, (_, at) => at), others = [...numbers];
  const texts = rate(() => { let text = ""; for (let at = 0; at < 10000; at += 1) text += "a"; return text.length; });
  const copies = rate(() => { for (let at = 0; at < numbers.length; at += 1) others[at] = numbers[at]; });
  return (texts + copies) / 20;
}"""
"""The benchmark index of Lighthouse: how often in a second a text grows to 10,000 letters and how often 100,000 numbers
are copied one by one, a tenth of the mean of both."""
OLD_PC = 800.0
"""That of an old PC. Lighthouse's authors give 1500 to 2000 for a fast desktop, 1000 to 1500 for a small PC with a Core
i3, 800 and more for a cheap Chromebook, less for telephones; on one core a cheap Chromebook's Celeron is no faster than
a desktop's of 2010."""


@dataclass(frozen=True, slots=True)
class Load:
    """Milliseconds from asking for the page until all of it is drawn: in the middle, and at the 95th percentile."""

    median_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class LoadScore:
    """The first time, with nothing kept from before (`cold`), and afterwards; what there was to draw.

    `index` is this machine's own (`INDEX`), before it was made slower.
    """

    cold: Load
    warm: Load
    lanes: int
    passages: int
    questions: int
    index: float
    slowdown: float
    times: int


def measure(config: Config, times: int, slowdown: float | None) -> LoadScore:
    """Start the gate of a compound, let somebody ring at each lane, and load the live page so often.

    Args:
        config: of the compound.
        times: each way.
        slowdown: of the browser's processor; None: down to an old PC's (`OLD_PC`).

    Raises:
        GateError: `bench_pages.no_playwright`, `bench_pages.no_browser`.
    """
    with open_site(config) as site:
        gate = RunningGate(config, site, Store())
        app = console_of(gate)
        desk: Desk = app.state.desk
        with ConsoleServer(app, config.console.model_copy(update={"port": 0})) as console:
            gate.start()
            try:
                overview, account = Overview(gate), next(one for one in site.accounts.list() if one.role is Role.ADMIN)
                for lane in overview.lanes():
                    overview.ring(lane.id)
                wanted = {
                    "lanes": len(overview.lanes()),
                    "questions": len(desk.questions.waiting()),
                    "passages": len(overview.recent(desk.bounds.recent)),
                }
                return _loads(console.url, desk.sessions.open(account), wanted, times, slowdown)
            finally:
                gate.stop()


def _loads(url: str, token: str, wanted: dict[str, int], times: int, slowdown: float | None) -> LoadScore:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as missing:
        raise GateError("bench_pages.no_playwright") from missing
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise GateError("bench_pages.no_browser", names=", ".join(NAMES))
    cold, warm = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        index = _index(browser)
        slower = max(1.0, index / OLD_PC) if slowdown is None else slowdown
        for _ in range(times):
            context = _signed_in(browser, url, token)
            cold.append(_load(context, url, wanted, slower))
            warm.append(_load(context, url, wanted, slower))
            context.close()
        browser.close()
    return LoadScore(_told(cold), _told(warm), **wanted, index=round(index), slowdown=round(slower, 1), times=times)


def _index(browser: Browser) -> float:
    page = browser.new_page()
    index = median(float(page.evaluate(INDEX)) for _ in range(3))
    page.close()
    return index


def _signed_in(browser: Browser, url: str, token: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": url}])
    return context


def _load(context: BrowserContext, url: str, wanted: dict[str, int], slowdown: float) -> float:
    """One load in a page of its own; the context keeps the files."""
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(url, wait_until="commit")
    took = float(page.wait_for_function(DRAWN, arg=wanted, timeout=60_000).json_value())
    page.close()
    return took


def _told(spent: list[float]) -> Load:
    worst = quantiles(spent, n=20)[-1] if len(spent) > 1 else spent[0]
    return Load(round(median(spent), 1), round(worst, 1))
