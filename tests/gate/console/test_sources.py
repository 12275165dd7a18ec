from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from enrollment.form import PersonForm
from gate.community.registers.registers import Registers
from gate.config import Config, Console, load_config
from gate.console.desk import Sources
from gate.console.serving import ConsoleServer
from gate.site import Site, open_site
from tests.gate.console.fake_watch import FakeWatch
from tests.gate.console.made_app import console_app
from tests.gate.console.staff import PASSWORD, Staff
from tests.gate.console.test_accessibility import DESK, opened, sign_in

BLOCK = '[[community.source]]\nid = "office"\nkind = "drop"\nfolder = "in"\nsettle_s = 0\nnew_rooms = true\n'
HEAD = "编号,住户,姓名,电话\n"
PEOPLE = [f"{number},3-2-{500 + number},张{number},138000000{number:02}\n" for number in range(1, 41)]


@dataclass
class Place:
    """A console over a real register that another one fills."""

    url: str
    watch: FakeWatch
    site: Site
    registers: Registers
    folder: Path
    browsers: ExitStack

    def tell(self, *lines: str) -> None:
        """The other register leaves a table and is asked."""
        (self.folder / "people.csv").write_text(HEAD + "".join(lines), "utf-8")
        for _ in range(2):
            self.registers.ask("office")

    def signed_in(self, role: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=10, trust_env=False)
        self.browsers.enter_context(client)
        assert client.post("/sign-in", data={"username": role, "password": PASSWORD}).status_code == 303
        return client

    def apply(self, client: httpx.Client, **form: str) -> httpx.Response:
        page = client.get("/sources/office").text
        token = page.partition('name="csrf" value="')[2].partition('"')[0]
        return client.post("/sources/office/apply", data={"csrf": token, **form}, follow_redirects=True)

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.site.register.residents()]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "in").mkdir()
    file = tmp_path / "gate.toml"
    file.write_text(BLOCK, "utf-8")
    return load_config(file)


@pytest.fixture
def place(config: Config, tmp_path: Path, watch: FakeWatch) -> Iterator[Place]:
    settings = Console(port=0)
    with open_site(config, create=True) as site, ExitStack() as browsers:
        registers = Registers(site, config)
        app = console_app(watch, Staff(), settings, sources=Sources(registers, lambda _name: None))
        with ConsoleServer(app, settings) as console:
            yield Place(console.url.rstrip("/"), watch, site, registers, tmp_path / "in", browsers)
        registers.close()


def test_a_plan_is_shown_before_anything_is_taken_over(place: Place) -> None:
    place.tell(*PEOPLE[:2])
    admin = place.signed_in("admin")
    assert "<dd>2</dd>" in admin.get("/sources").text
    plan = admin.get("/sources/office").text
    assert "张1" in plan
    assert "3-2-501" in plan
    assert ("id-admin", "source:office") in place.watch.looked
    assert place.names == []
    done = place.apply(admin)
    assert "已新增 2 条、更改 0 条、终止 0 条" in done.text
    assert place.names == ["张1", "张2"]
    assert all(not place.site.register.consents.of(one.id) for one in place.site.register.residents())


def test_a_mass_ending_waits_until_somebody_ticks_that_it_was_checked(place: Place) -> None:
    place.tell(*PEOPLE)
    admin = place.signed_in("admin")
    place.apply(admin)
    place.tell(*PEOPLE[:20], "41,3-2-541,张41,13800000041\n")
    assert "超过平常的数量" in admin.get("/sources/office").text
    place.apply(admin)
    assert len(place.names) == 41
    assert _ended(place) == 0
    code = place.registers.plan("office").code
    assert "终止 20 条" in place.apply(admin, confirm=code).text
    assert _ended(place) == 20


def _ended(place: Place) -> int:
    stays = [place.site.register.tenancies.of(one.id) for one in place.site.register.residents()]
    return sum(any(stay.ends_at for stay in own) for own in stays)


def test_a_plan_that_is_another_by_now_ends_nobody(place: Place) -> None:
    place.tell(*PEOPLE)
    admin = place.signed_in("admin")
    place.apply(admin)
    place.tell(*PEOPLE[:20])
    shown = place.registers.plan("office").code
    place.tell(*PEOPLE[:10])
    answer = place.apply(admin, confirm=shown)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


def test_what_was_edited_on_both_sides_is_decided_by_a_person(place: Place) -> None:
    place.tell(*PEOPLE[:2])
    admin = place.signed_in("admin")
    place.apply(admin)
    one = next(one for one in place.site.register.residents() if one.name == "张1")
    place.site.register.edit_person(one.id, PersonForm.of("张1", "3-2-501", phone="13911111111"), "x", one.version)
    place.tell("1,3-2-501,张1,13922222222\n", PEOPLE[1])
    plan = admin.get("/sources/office").text
    assert "13911111111" in plan
    assert "13922222222" in plan
    place.apply(admin, **{"decide:1": "keep"})
    assert _phone(place) == "13911111111"
    place.tell("1,3-2-501,张1,13933333333\n", PEOPLE[1])
    place.apply(admin, **{"decide:1": "take"})
    assert _phone(place) == "13933333333"


def _phone(place: Place) -> str | None:
    return next(one.phone for one in place.site.register.residents() if one.name == "张1")


def test_an_enroller_sees_the_plan_and_leaves_it_to_an_administrator(place: Place) -> None:
    place.tell(*PEOPLE[:1])
    enroller = place.signed_in("enroller")
    assert "由管理员登记" in enroller.get("/sources/office").text
    assert place.apply(enroller).status_code == 403
    assert place.names == []


@pytest.mark.parametrize("path", ["/sources/nobody", "/sources/../x"])
def test_a_register_that_is_not_configured_is_no_page(place: Place, path: str) -> None:
    assert place.signed_in("admin").get(path).status_code == 404


@pytest.mark.parametrize("counts", ["1-2", "a-b-c", "1-2-3-4", "9" * 20 + "-1-1", "<b>-1-1"])
def test_made_up_counts_say_nothing(place: Place, counts: str) -> None:
    assert 'role="status"' not in place.signed_in("admin").get("/sources/office", params={"done": counts}).text


def test_a_browser_takes_a_register_over(place: Place, chromium: Browser) -> None:
    place.tell(*PEOPLE)
    place.registers.apply("office", "x")
    place.tell(*PEOPLE[:30], "1,3-2-501,张1,13922222222\n")
    context = chromium.new_context(base_url=place.url, viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, "admin")
    assert not opened(page, "/sources", "/sources/office")
    page.goto("/sources")
    page.locator(".destination a").click()
    page.locator("[name=confirm]").check()
    page.locator("form.deciding button").click()
    expect(page.locator("[role=status]")).to_contain_text("10")
    context.close()
