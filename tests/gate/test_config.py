from __future__ import annotations

import re
import traceback
from datetime import UTC, time
from pathlib import Path

import pytest

from gate.config import Config, Hours, load_config
from gate.errors import ConfigRefused
from gate.problem import problem_of
from gate.texts import LANGUAGES, catalogue, explain
from models.cast import Cast

GOOD = """
[compound]
name = "示范小区"
[[camera]]
id = "north"
url = "file:clips/north.mp4"
[[barrier]]
id = "arm"
[[lane]]
id = "north-in"
name = "北门入口"
kind = "vehicle"
camera = "north"
barrier = "arm"
hours = [{ from = "06:00", until = "22:00" }]
"""


def _load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "gate.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def _problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, text)
    return [explain(problem, "en") for problem in refused.value.problems]


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD)
    assert config.camera[0].url == f"file:{tmp_path}/clips/north.mp4"
    assert config.storage.folder == tmp_path / "var"


@pytest.mark.parametrize(
    ("right", "wrong", "hint"),
    [
        ("[compound]", "[compund]", "compund: there is no such key, did you mean compound?"),
        ('name = "示范小区"', 'nmae = "x"', "compound.nmae: there is no such key, did you mean name?"),
        ('camera = "north"\nb', 'camra = "north"\nb', "lane.0.camra: there is no such key, did you mean camera?"),
        ("until", "untill", "lane.0.hours.0.untill: there is no such key, did you mean until?"),
    ],
)
def test_a_typo_names_the_nearest_right_key(tmp_path: Path, right: str, wrong: str, hint: str) -> None:
    assert hint in _problems(tmp_path, GOOD.replace(right, wrong))


def test_a_lane_without_named_credentials_has_all_of_them(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD).lane[0].credentials == ()
    walk = _load(tmp_path, GOOD.replace("vehicle", "pedestrian") + 'credentials = ["face", "card"]\n')
    assert walk.lane[0].credentials == ("face", "card")


def test_a_lane_must_name_a_camera_that_is_there(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace('camera = "north"', 'camera = "nroth"'))
    assert "'nroth'" in problem
    assert "did you mean 'north'?" in problem


def test_a_password_in_a_camera_url_is_refused(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace("file:clips/north.mp4", "rtsp://admin:secret@cam/1"))
    assert "password_file" in problem


def test_a_file_that_is_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, "[compound")
    assert refused.value.code == "config.not_toml"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_config(tmp_path / "none.toml")
    assert "--config" in explain(refused.value, "en")


BOARD = GOOD.replace(
    'id = "arm"\n',
    """id = "arm"
url = "modbus://192.0.2.20:502?unit=1"
travel_s = 2.0
[barrier.wiring]
raise = 0
lower = 1
stop = 2
closed_limit = 0
presence = 2
inverted = ["presence"]
""",
)


def test_a_board_is_wired_in_a_table_of_its_own(tmp_path: Path) -> None:
    wiring = _load(tmp_path, BOARD).barrier[0].wiring
    assert wiring is not None
    assert wiring.wired().outputs == (0, 1, 2)
    assert wiring.wired().input_count == 3


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[barrier.wiring]\nraise", "raise", "barrier.0.raise: there is no such key"),
        ("lower = 1", "lower = 0", "lower"),
        ("lower = 1", "lowr = 1", "did you mean lower?"),
        ("travel_s = 2.0", "travel_s = 0.4", "a pulse must be shorter than travel_s"),
        ("modbus://192.0.2.20:502?unit=1", "sim://", "has no relays to wire"),
        ("modbus://", "modbuss://", "a barrier's url cannot start with modbuss://"),
    ],
)
def test_a_wiring_that_cannot_be_is_refused_with_the_key(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert any(said in problem for problem in _problems(tmp_path, BOARD.replace(right, wrong)))


def test_a_board_without_a_wiring_is_refused(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, BOARD[: BOARD.index("[barrier.wiring]")] + GOOD[GOOD.index("[[lane]]") :])
    assert "[barrier.wiring]" in problem


def test_two_barriers_on_one_relay_are_refused(tmp_path: Path) -> None:
    block = BOARD[BOARD.index("[[barrier]]") : BOARD.index("[[lane]]")]
    (problem,) = _problems(tmp_path, block.replace('"arm"', '"other"').replace("raise = 0", "raise = 4") + BOARD)
    assert "use one relay of one board" in problem


@pytest.mark.parametrize(
    ("one", "other", "wiring", "code"),
    [
        ("modbus://192.0.2.20:502?unit=1", "modbus://192.0.2.20", "", "config.relay_shared"),
        ("modbus://board.example", "modbus://BOARD.example?timeout_s=0.5&unit=01", "", "config.relay_shared"),
        ("modbus://192.0.2.20", "modbus://192.0.2.20?relay_at=1", "", "config.relay_shared"),
        ("modbus://192.0.2.20", "modbus://192.0.2.20?relay_at=2", "", None),
        ("modbus://192.0.2.20?unit=1", "modbus://192.0.2.20?unit=2", "", None),
        ("serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0", "raise = 4\nlower = 5\n", "config.device_shared"),
        ("modbus-rtu:/dev/ttyUSB0?unit=1", "modbus-rtu:/dev/ttyUSB0?unit=2", "", "config.device_shared"),
        ("gpio:/dev/gpiochip0?outputs=1,2", "gpio:/dev/gpiochip0?outputs=3,4", "", "config.device_shared"),
    ],
)
def test_what_two_barriers_would_share_is_found_however_it_is_spelled(
    tmp_path: Path, one: str, other: str, wiring: str, code: str | None
) -> None:
    parts = ((one, "a", WIRING), (other, "b", f"[barrier.wiring]\n{wiring}" if wiring else WIRING))
    text = "".join(f'[[barrier]]\nid = "{name}"\nurl = "{url}"\n{wired}' for url, name, wired in parts)
    if code is None:
        _load(tmp_path, text)
        return
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, text)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_wrong_item_of_a_list_is_told_once(tmp_path: Path) -> None:
    rule = 'held_open = [{ from = "06:00", until = "09:00", days = ["saturday"] }]'
    (problem,) = _problems(tmp_path, GOOD.replace('id = "arm"', f'id = "arm"\n{rule}'))
    assert problem.startswith("barrier.0.held_open.0.days.0: must be one of")


WIRING = "[barrier.wiring]\nraise = 0\nlower = 1\n"


def _barrier(url: str, tables: str) -> str:
    return f'[[barrier]]\nid = "a"\nurl = "{url}"\n{tables}'


HTTP = _barrier("http://192.0.2.21", f'{WIRING}[barrier.board]\npreset = "shelly1"\n')
ISAPI = _barrier("isapi://192.0.2.22", 'kind = "door"\n[barrier.board]\nkind = "door"\n')
CUSTOM = _barrier(
    "http://192.0.2.21",
    f'{WIRING}[barrier.board]\npreset = "custom"\nswitch = "PUT /io/{{channel}}/{{state}}"\non = "1"\n',
)
SERIAL = _barrier("serial:/dev/ttyUSB0", WIRING)
AIRLOCK = '[[interlock]]\nbarriers = ["arm", "{other}"]\n'
MQTT = _barrier("mqtt://192.0.2.5", f'{WIRING}[barrier.board]\ntopic = "arm"\n')


@pytest.mark.parametrize("text", [HTTP, ISAPI, MQTT, _barrier("isapi://192.0.2.22", 'kind = "door"\n')])
def test_a_board_on_the_network_needs_no_more_than_this(tmp_path: Path, text: str) -> None:
    assert _load(tmp_path, text).barrier[0].board is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HTTP + 'ca_fil = "ca.pem"\n', "barrier.0.board.ca_fil: there is no such key, did you mean ca_file?"),
        (HTTP + 'topik = "x"\n', "barrier.0.board.topik: there is no such key"),
        (MQTT + 'topik = "x"\n', "barrier.0.board.topik: there is no such key, did you mean topic?"),
        (ISAPI + "stay_open = true\n", "barrier.0.board.stay_open: there is no such key, did you mean stays_open?"),
        (_barrier("http://192.0.2.21", WIRING), "barrier.0.board.preset: this key is missing"),
        (_barrier("mqtt://192.0.2.5", WIRING), "barrier.0.board.topic: this key is missing"),
        (
            HTTP.replace("shelly1", "shelly9"),
            "barrier.0.board.preset: must be one of 'shelly1', 'shelly2', 'tasmota', 'custom'",
        ),
        (MQTT + "mqtt_version = 5\n", "barrier.0.board.mqtt_version: must be one of '3.1.1', '5'"),
        (HTTP + "timeout_s = 20\n", "barrier.0.board.timeout_s: may be at most 10"),
    ],
)
def test_a_wrong_key_of_a_board_is_named_as_its_family_has_it(tmp_path: Path, text: str, said: str) -> None:
    assert _problems(tmp_path, text) == [said]


def test_a_hint_keeps_to_the_keys_of_the_boards_own_family(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, ISAPI + "input = 2\n")
    assert problem == "barrier.0.board.input: there is no such key"


def test_the_files_of_a_board_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = MQTT.replace("mqtt://", "mqtts://") + 'username = "u"\npassword_file = "p"\nca_file = "/etc/ca.pem"\n'
    board = _load(tmp_path, text).barrier[0].board
    assert board is not None
    assert board.password_file == tmp_path / "p"
    assert board.ca_file == Path("/etc/ca.pem")


@pytest.mark.parametrize(
    ("kind", "url", "said"),
    [
        ("camera", "//admin:secret@10.0.0.1/1", "no scheme"),
        ("camera", "admin:secret@10.0.0.1/1", "no scheme"),
        ("camera", "rtps://admin:secret@10.0.0.1/1", "rtps://"),
        ("camera", "rtsp://admin:secret@10.0.0.1/1", "password_file"),
        ("camera", "rtsp:admin:secret@10.0.0.1/1", "password_file"),
        ("camera", "rtsp://admin:12/secret@10.0.0.1/1", "password_file"),
        ("camera", "rtsp://admin:secret", "host name"),
        ("camera", "rtsp://[secret", "host name"),
        ("barrier", "//admin:secret@10.0.0.1/1", "no scheme"),
        ("barrier", "httpx://admin:secret@10.0.0.1", "httpx://"),
        ("barrier", "http://admin:secret@10.0.0.1", "password_file"),
        ("barrier", "isapi://admin:secret@10.0.0.1", "password_file"),
        ("barrier", "mqtt://admin:secret@10.0.0.1", "password_file"),
        ("barrier", "modbus://admin:secret@10.0.0.1", "password_file"),
    ],
)
def test_a_password_in_a_url_is_never_said_again(tmp_path: Path, kind: str, url: str, said: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, f'[[{kind}]]\nid = "a"\nurl = "{url}"\n')
    problems = refused.value.problems
    assert [said in explain(problem, "en") for problem in problems] == [True]
    shown = "".join(explain(problem, language) + str(problem) for problem in problems for language in LANGUAGES)
    assert "secret" not in shown + "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("start", "end"),
    [('"06:00"', '"22:00"'), ('"06:00:30"', '"22:00:00"'), ("06:00:00", "22:00:00"), ('"22:00"', '"00:00"')],
)
def test_hours_are_times_of_the_day(tmp_path: Path, start: str, end: str) -> None:
    config = _load(tmp_path, GOOD.replace('from = "06:00", until = "22:00"', f"from = {start}, until = {end}"))
    (hours,) = config.lane[0].hours
    assert hours.start.isoformat().startswith(start.strip('"'))
    assert hours.end.isoformat().startswith(end.strip('"'))


@pytest.mark.parametrize(
    "written",
    [
        "6",
        "6.5",
        "true",
        '"6:00"',
        '"24:00"',
        '"06:60"',
        '"06:00Z"',
        '"06:00+08:00"',
        '"0600"',
        '"06:00\\n"',
        '"６:００"',
    ],
)
def test_hours_are_nothing_that_could_mean_something_else(tmp_path: Path, written: str) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace('from = "06:00"', f"from = {written}"))
    assert problem.startswith("lane.0.hours.0.from: write a time as")


def test_hours_have_no_zone_of_their_own() -> None:
    with pytest.raises(ValueError, match=r"config\.bad_time"):
        Hours(**{"from": time(6, tzinfo=UTC), "until": time(7)})


def test_hours_without_a_length_are_refused_with_what_to_write_for_always(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD.replace('until = "22:00"', 'until = "06:00"'))
    assert "a lane is always open without hours" in problem


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('pack = "strater"', "models.pack: the catalogue has no 'strater' that fits here; there is: starter"),
        (
            'face_finder = "yunet_s"',
            "models.face_finder: the catalogue has no 'yunet_s' that fits here; there is: yunet-s",
        ),
        ('plate_reader = "plate-detect"', "there is: starter-plate-reader, plate-rec-color"),
        ('face_embedder = "minifasnet-v2"', "models.face_embedder: the catalogue has no"),
    ],
)
def test_a_pack_or_model_that_is_none_or_fits_elsewhere_is_named_with_the_nearest(
    tmp_path: Path, line: str, said: str
) -> None:
    (problem,) = _problems(tmp_path, f"[models]\n{line}\n")
    assert said in problem


def test_a_pack_is_named_as_a_whole_and_single_roles_beside_it(tmp_path: Path) -> None:
    models = _load(tmp_path, '[models]\npack = "base"\nface_finder = "yunet-n"\n').models
    assert models.cast() == Cast("yunet-n", "mobilefacenet", "plate-detect", "plate-rec-color")
    assert models.cast(["w600k-r50@4c06341c"]) == models.cast()


def test_without_a_pack_the_enrolled_faces_choose_and_the_starter_serves_whoever_has_none() -> None:
    models = Config().models
    assert models.cast() == Cast.of_pack("starter")
    assert models.cast(["mobilefacenet@b7120c09"]) == Cast.of_pack("base")


def test_the_threshold_is_the_embedders_unless_one_is_named(tmp_path: Path) -> None:
    cast = Cast.of_pack("base")
    assert Config().faces.limits(cast).accept == 0.45
    assert Config().faces.limits(Cast.of_pack("starter")).accept == Cast.of_pack("starter").thresholds.accept
    named = _load(tmp_path, "[faces]\naccept = 0.6\nmargin = 0.1\n").faces.limits(cast)
    assert (named.accept, named.margin) == (0.6, 0.1)


def _source(rest: str) -> str:
    return f'[[community.source]]\nid = "office"\nkind = "rest"\nurl = "https://h"\n{rest}'


def _hc(url: str) -> str:
    block = f'id = "hc"\nkind = "hc"\nurl = "{url}"\ncommunity_id = "1"\nmachines = {{ nroth = "MC1" }}\n'
    return f"[[community.destination]]\n{block}"


TWO = GOOD[GOOD.index("[[lane]]") :]
LANE = 'camera = "north"'
WALK = GOOD.replace("vehicle", "pedestrian")


def _reader(rest: str, url: str = "osdp+tcp://h:1", id_: str = "outside") -> str:
    return f'[[reader]]\nid = "{id_}"\nurl = "{url}"\nlane = "north-in"\n{rest}'


ZONE = """
[[parking.zone]]
id = "yard"
name = "yard"
spaces = 9
enter = ["north-in"]
leave = ["north-out"]
"""
REFUSED = {
    "config.reader_scheme": GOOD + _reader("", "http://h:1"),
    "config.reader_no_scheme": GOOD + _reader("", "h"),
    "config.reader_needs_port": GOOD + _reader("", "osdp+tcp://h"),
    "config.reader_needs_path": GOOD + _reader("", "osdp:ttyUSB0"),
    "config.reader_baud": GOOD + _reader("", "osdp:/dev/ttyUSB0?baud=1"),
    "config.reader_key_elsewhere": GOOD + _reader("alive_s = 5\n"),
    "config.install_needs_key": GOOD + _reader("install = true\n"),
    "config.reversed_needs_bytes": GOOD + _reader("formats = [37]\nreversed_bytes = true\n"),
    "config.format_unknown": GOOD + _reader("formats = [27]\n"),
    "config.format_outside": GOOD + _reader("[[reader.format]]\nbits = 20\nfirst = 10\ncount = 12\n"),
    "config.format_is_keys": GOOD + _reader("[[reader.format]]\nbits = 8\nfirst = 0\ncount = 8\n"),
    "config.reader_names_no_lane": GOOD + _reader("").replace("north-in", "north-inn"),
    "config.cards_not_taken": GOOD + 'credentials = ["plate"]\n' + _reader(""),
    "config.reader_line_shared": GOOD + "".join(_reader("", "wiegand:/dev/x", name) for name in ("one", "two")),
    "config.reader_line_spelled": GOOD + _reader("") + _reader("address = 1\n", "osdp+tcp://h:1/", "two"),
    "config.reader_address_shared": GOOD + _reader("") + _reader("", id_="two"),
    "config.camera_scheme": GOOD.replace("file:", "rtps://"),
    "config.camera_no_scheme": GOOD.replace("file:", ""),
    "config.barrier_scheme": _barrier("httpx://h", ""),
    "config.barrier_no_scheme": _barrier("192.0.2.20", ""),
    "config.password_in_url": _barrier("http://a:b@h", WIRING),
    "config.substream_alone": '[[camera]]\nid = "c"\nurl = "usb:0"\nsubstream = "rtsp://h/2"\n',
    "config.no_host": _barrier("http://h:99999", WIRING),
    "config.url_query": _barrier("http://h?a=1", WIRING),
    "config.community_unencrypted": _hc("http://h"),
    "config.community_url": _hc("ftp://h"),
    "config.source_empty": _source(""),
    "config.source_field": _source('person = "/p"\nfields = { nmae = "ownerName" }\n'),
    "config.community_lane": GOOD + _hc("https://h"),
    "config.community_id_needed": '[[community.destination]]\nid = "p"\nkind = "gat1400"\nurl = "https://h"\n'
    f'contract = "1"\ndevice_id = "{"1" * 20}"\nusername = "u"\npassword_file = "p"\ncommunity = true\n',
    "config.files_place": '[[community.destination]]\nid = "drop"\nkind = "files"\n',
    "config.sftp_needs": '[[community.destination]]\nid = "drop"\nkind = "files"\nurl = "sftp://h/drop"\n',
    "config.anchor_scheme": '[ledger]\nanchor_url = "http://h/checkpoints"\nanchor_secret_file = "s"\n',
    "config.anchor_secret": '[ledger]\nanchor_url = "https://h/checkpoints"\n',
    "config.database_scheme": '[database]\nurl = "mysql://root@h/gate"\n',
    "config.no_such_zone": '[compound]\ntimezone = "Asia/Nowhere"\n',
    "config.bad_time": GOOD.replace('"06:00"', "6"),
    "config.empty_hours": GOOD.replace("22:00", "06:00"),
    "config.region_corners": GOOD + "region = [[0, 0], [1, 1]]\n",
    "config.region_fractions": GOOD + "region = [[0, 0], [1, 1], [2, 0]]\n",
    "config.face_only": WALK + 'credentials = ["face"]\n',
    "config.credential_of_camera": GOOD + 'credentials = ["card", "guard"]\n',
    "config.id_twice": GOOD + '[[camera]]\nid = "north"\nurl = "usb:0"\n',
    "config.lane_names_near": GOOD.replace(LANE, 'camera = "nroth"'),
    "config.lane_names_none": GOOD.replace(LANE, 'camera = "zz"'),
    "config.barrier_shared": GOOD + TWO.replace("north-in", "north-out"),
    "config.relay_shared": BOARD + BOARD[BOARD.index("[[barrier]]") : BOARD.index("[[lane]]")].replace('"arm"', '"b"'),
    "config.device_shared": HTTP + HTTP.replace('"a"', '"b"'),
    "config.level_has_no_stop": BOARD.replace("stop = 2", 'stop = 2\nstyle = "level"'),
    "config.channel_twice": BOARD.replace("lower = 1", "lower = 0"),
    "config.inverted_unwired": BOARD.replace('inverted = ["presence"]', 'inverted = ["open_limit"]'),
    "config.half_sign_in": HTTP + 'username = "gate"\n',
    "config.not_of_kind": ISAPI + "stops = true\n",
    "config.bad_topic": MQTT.replace('topic = "arm"', 'topic = "arm/#"'),
    "config.no_board_table": _barrier("sim://", "[barrier.board]\n"),
    "config.no_wiring": _barrier("sim://", WIRING),
    "config.needs_wiring": HTTP.replace(WIRING, ""),
    "config.pulse_too_long": BOARD.replace("travel_s = 2.0", "travel_s = 0.4"),
    "config.only_custom": HTTP + 'switch = "GET /x"\n',
    "config.custom_needs_switch": CUSTOM.replace('switch = "PUT /io/{channel}/{state}"\n', ""),
    "config.custom_needs_state": CUSTOM.replace("/{state}", ""),
    "config.custom_needs_channel": CUSTOM.replace("/{channel}", ""),
    "config.bad_placeholder": CUSTOM.replace("{state}", "{state}/{chanel}"),
    "config.custom_same_words": CUSTOM + 'off = "1"\n',
    "config.bad_request_line": CUSTOM.replace("PUT /io", "io"),
    "config.input_unoffered": SERIAL + "open_limit = 0\n",
    "config.isapi_kind": ISAPI.replace('kind = "door"\n[', "["),
    "config.interlock_unknown": AIRLOCK.replace("{other}", "zz") + GOOD,
    "config.interlock_twice": AIRLOCK.replace("{other}", "arm") + GOOD,
    "config.interlock_held_open": AIRLOCK.replace("{other}", "arm")
    + GOOD.replace('id = "arm"', 'id = "arm"\nheld_open = [{ from = "06:00", until = "09:00" }]'),
    "config.ca_without_tls": HTTP + 'ca_file = "ca.pem"\n',
    "config.too_few_channels": HTTP + "outputs = 1\n",
    "config.preset_without_inputs": MQTT + 'preset = "tasmota"\ninputs = 1\n',
    "config.unknown_key": "[zzzzzz]\n",
    "config.unknown_key_near": "[compund]\n",
    "config.missing_key": '[[camera]]\nid = "a"\n',
    "config.not_above": GOOD.replace('id = "arm"', 'id = "arm"\ntravel_s = 0'),
    "config.too_much": "[storage]\nsnapshot_days = 400\n",
    "config.too_little": "[storage]\nsnapshot_days = 0\n",
    "config.text_too_short": '[compound]\nname = ""\n',
    "config.too_few": '[[interlock]]\nbarriers = ["arm"]\n' + GOOD,
    "config.too_many": GOOD + "region = [[0, 0, 0], [1, 1], [1, 0]]\n",
    "config.bad_pattern": GOOD.replace('id = "north-in"', 'id = "North"'),
    "config.not_one_of": GOOD.replace("vehicle", "boat"),
    "config.not_text": "[compound]\nname = 3\n",
    "config.not_whole": '[console]\nport = "http"\n',
    "config.not_number": '[faces]\naccept = "high"\n',
    "config.not_bool": '[console]\nsecure_cookie = "perhaps"\n',
    "config.not_in_catalogue": '[models]\npack = "bsae"\n',
    "config.half_hours": GOOD.replace(', until = "22:00"', ""),
    "config.open_pattern": '[rules]\nemergency_plates = ["*"]\n',
    "config.open_window": '[[rules.window]]\nid = "taxi"\nhours = [{ from = "06:00", until = "09:00" }]\n',
    "config.bad_household": '[[rules.group]]\nid = "a"\nhouseholds = ["somewhere"]\n',
    "config.not_a_plate": '[[rules.blocked_plate]]\nplate = "A12"\nreason = "x"\n',
    "config.no_offset": '[[rules.blocked_plate]]\nplate = "辽A12345"\nreason = "x"\nuntil = 2026-12-31T00:00:00\n',
    "config.rule_twice": '[[rules.group]]\nid = "a"\n[[rules.group]]\nid = "a"\n',
    "config.rules_in_two_places": '[rules]\nfile = "rules.toml"\ngrace_days = 2\n',
    "config.parking_in_two_places": '[parking]\nfile = "parking.toml"\nplaces = 2\n',
    "config.rules_name_no_lane": GOOD + '[[rules.group]]\nid = "a"\nlanes = ["north-inn"]\n',
    "config.parking_no_zone": "[parking]\nplaces = 2\n",
    "config.zone_twice": GOOD + ZONE + ZONE,
    "config.zone_both_ways": GOOD + ZONE.replace("north-out", "north-in"),
    "config.zone_names_no_lane": GOOD + ZONE,
    "config.zone_lane_on_foot": GOOD.replace("vehicle", "pedestrian") + ZONE,
    "config.api_origin": '[api]\nallow_origins = ["*"]\n',
    "config.not_date": '[rules]\ndays_off = ["someday"]\n',
    "config.qr_not_taken": GOOD.replace('kind = "vehicle"', 'kind = "vehicle"\nqr = true\ncredentials = ["plate"]'),
    "config.residents_address": '[residents]\naddress = "gate.example"\n',
    "config.not_list": "lane = 3\n",
    "config.not_table": "compound = 3\n",
}
"""A gate.toml for every sentence about one line of it."""
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
"""Two words one after the other; keys, urls and names never stand so."""


@pytest.mark.parametrize("code", REFUSED)
def test_a_chinese_sentence_is_chinese_throughout(tmp_path: Path, code: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        _load(tmp_path, REFUSED[code])
    said = {problem.code: problem for problem in refused.value.problems}
    assert code in said
    chinese, english = explain(said[code], "zh"), explain(said[code], "en")
    assert re.search("[\u4e00-\u9fff]{2}", chinese)
    assert not ENGLISH.search(chinese)
    assert ENGLISH.search(english)
    assert not re.search("[\u4e00-\u9fff]", english)


OF_THE_FILE = {"config.missing", "config.unreadable", "config.not_toml", "config.refused"}
WITHOUT_A_CASE = {"config.bad_value", "config.not_below"}
"""What pydantic may yet say of limits and types that no key has today."""


def test_every_sentence_about_a_line_is_known_to_be_said() -> None:
    written = {code for code in catalogue() if code.startswith("config.")}
    assert written - OF_THE_FILE - WITHOUT_A_CASE == set(REFUSED)


def test_what_has_no_sentence_of_its_own_is_still_said() -> None:
    problem = problem_of({"loc": ("lane", 0), "type": "value_error", "msg": "odd"}, Config, {})
    assert explain(problem, "en") == "lane.0: wrong value: odd"
    problem = problem_of({"loc": (), "type": "less_than", "msg": "", "ctx": {"lt": 0.5}}, Config, {})
    assert explain(problem, "en") == "gate.toml: must be less than 0.5"


def test_a_liveness_model_is_named_like_any_other_and_brings_its_threshold(tmp_path: Path) -> None:
    config = _load(tmp_path, '[models]\nface_liveness = "antispoof-bin"\n')
    cast = config.models.cast()
    assert (cast.face_finder, cast.face_liveness) == ("starter-face-finder", "antispoof-bin")
    assert config.faces.limits(cast).liveness.live_from == 0.5


def test_the_liveness_rules_override_the_model(tmp_path: Path) -> None:
    text = '[models]\nface_liveness = "antispoof-bin"\n[faces.liveness]\nlive_from = 0.3\n'
    config = _load(tmp_path, text)
    assert config.faces.limits(config.models.cast()).liveness.live_from == 0.3
    assert Config().faces.limits(Cast.of_pack("starter")).liveness.live_from is None


def test_a_liveness_model_that_no_program_runs_cannot_be_named(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, '[models]\nface_liveness = "minifasnet-v2"\n')
    assert "antispoof" in problem
