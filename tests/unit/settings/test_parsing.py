"""Flags in Go's and GNU's spelling, environment variables, and which of them wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from headlamp.settings import Settings, SettingsError, load, parse
from headlamp.settings.declaring import Declaration, declarations

ENV = {"HOME": "/home/ada"}


def refuses_a_question_mark(row: Declaration) -> bool:
    try:
        row.kind.read("?")
    except ValueError:
        return True
    return False


CHOOSY = [row for row in declarations(Settings) if refuses_a_question_mark(row)]


def errors(*argv: str, **env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(argv, ENV | env)
    return "\n".join(caught.value.lines)


@pytest.mark.parametrize(
    "argv",
    [
        ("-oidc-scopes=groups",),
        ("-oidc-scopes", "groups"),
        ("--oidc-scopes=groups",),
        ("--oidc-scopes", "groups"),
    ],
)
def test_a_flag_has_one_dash_or_two_and_its_value_after_an_equals_sign_or_a_space(argv: tuple[str, ...]) -> None:
    assert parse(argv, ENV).oidc_scopes == ("groups",)


@pytest.mark.parametrize(
    ("argv", "on"),
    [
        (("-in-cluster",), True),
        (("-in-cluster=true",), True),
        (("--in-cluster", "true"), True),
        (("-in-cluster=1",), True),
        (("-in-cluster=false",), False),
        (("-in-cluster", "F"), False),
        (("-in-cluster", "-port=80"), True),
    ],
)
def test_a_switch_may_stand_alone_or_have_a_value(argv: tuple[str, ...], on: bool) -> None:
    assert parse(argv, ENV).in_cluster is on


def test_a_switch_with_something_else_than_a_boolean_is_refused() -> None:
    assert '-in-cluster (HEADLAMP_CONFIG_IN_CLUSTER) must be true or false, not "maybe"' in errors("-in-cluster=maybe")


@pytest.mark.parametrize("row", CHOOSY, ids=lambda row: row.flag)
def test_every_setting_is_read_from_its_variable_and_from_its_flag(row: Declaration) -> None:
    assert f"{row.variable} (-{row.flag}) " in errors(**{row.variable: "?"})
    assert f"-{row.flag} ({row.variable}) " in errors(f"-{row.flag}=?")


def test_a_flag_wins_over_its_variable() -> None:
    assert parse(["-port=1"], ENV | {"HEADLAMP_CONFIG_PORT": "2"}).port == 1


def test_a_flag_wins_over_its_variable_even_when_that_one_could_not_be_read() -> None:
    assert parse(["-port=1"], ENV | {"HEADLAMP_CONFIG_PORT": "tcp://10.0.0.1:80"}).port == 1


def test_the_last_of_several_equal_flags_wins() -> None:
    assert parse(["-port=1", "-port=2"], ENV).port == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_variable_is_read_without_the_line_end_that_a_kubernetes_secret_often_has(end: str) -> None:
    settings = parse((), ENV | {"HEADLAMP_CONFIG_ME_USER_INFO_URL": f"https://a.example{end}"})
    assert settings.me_user_info_url == "https://a.example"
    assert parse((), ENV | {"HEADLAMP_CONFIG_PORT": end}).port == Settings().port


def test_an_empty_variable_counts_as_not_set() -> None:
    assert parse([], ENV | {"HEADLAMP_CONFIG_PORT": "", "HEADLAMP_CONFIG_OIDC_SCOPES": ""}) == parse([], ENV)


def test_an_empty_flag_empties_a_list() -> None:
    assert parse(["-oidc-scopes="], ENV).oidc_scopes == ()


def test_a_value_may_begin_with_a_dash() -> None:
    settings = parse(
        ["-oidc-client-secret", "-s3cret", "-oidc-client-id=a", "-oidc-idp-issuer-url=https://idp.example"], ENV
    )
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.reveal() == "-s3cret"


def test_a_flag_is_not_taken_for_the_value_of_another_one() -> None:
    found = errors("-oidc-client-id", "-oidc-client-secret=s3cret")
    assert "-oidc-client-id (HEADLAMP_CONFIG_OIDC_CLIENT_ID) needs a value." in found


def test_an_unknown_flag_is_refused_with_the_one_that_was_probably_meant() -> None:
    assert errors("-oidc-client-idd=x") == "-oidc-client-idd is not a known flag. Did you mean -oidc-client-id?"


def test_an_unknown_flag_that_resembles_none_is_refused_without_a_guess() -> None:
    assert errors("-xyzzy") == "-xyzzy is not a known flag."


def test_an_unknown_flag_does_not_show_its_value() -> None:
    assert "s3cret" not in errors("-oidc-client-secrt=s3cret")
    assert "s3cret" not in errors("-oidc-client-secrt", "s3cret")


def test_a_secret_that_lost_its_flag_is_not_shown() -> None:
    found = errors("-oidc-client-secret=", "s3cret")
    assert found == "There is an argument after -oidc-client-secret that is not a flag."


@pytest.mark.parametrize("argument", ["", "-", "--", "---port=1", "word"])
def test_what_is_not_a_flag_is_refused(argument: str) -> None:
    assert errors(argument) == "There is an argument at the beginning that is not a flag."


def test_a_variable_that_looks_like_a_slip_is_refused() -> None:
    assert errors(HEADLAMP_CONFIG_OIDC_CLIENT_IDD="x") == (
        "HEADLAMP_CONFIG_OIDC_CLIENT_IDD is not a known variable. Did you mean HEADLAMP_CONFIG_OIDC_CLIENT_ID?"
    )


def test_another_unknown_variable_is_only_warned_of() -> None:
    loaded = load([], ENV | {"HEADLAMP_CONFIG_PLUGINS_DIR": "/plugins", "PATH": "/bin"})
    assert loaded.warnings == ("HEADLAMP_CONFIG_PLUGINS_DIR is not a known variable and has no effect.",)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("metrics-enabled", "true"),
        ("metrics-addr", ":9090"),
        ("tracing-enabled", "true"),
        ("otlp-endpoint", "collector:4317"),
        ("use-otlp-http", "true"),
        ("sampling-rate", "0.5"),
        ("service-name", "other"),
    ],
)
def test_a_setting_that_does_not_work_yet_is_refused_by_name(flag: str, value: str) -> None:
    variable = "HEADLAMP_CONFIG_" + flag.upper().replace("-", "_")
    assert errors(f"-{flag}={value}") == f"-{flag} ({variable}) is not available in this version; leave it out."
    assert errors(**{variable: value}) == f"{variable} (-{flag}) is not available in this version; leave it out."


@pytest.mark.parametrize("argument", ["-tracing-enabled=false", "-metrics-addr="])
def test_asking_for_nothing_of_a_setting_that_does_not_work_yet_is_fine(argument: str) -> None:
    assert parse([argument], ENV) == parse([], ENV)


@pytest.mark.parametrize("store", ["redis://h:6379", "rediss://u:s3cret@h", "valkey://h"])
def test_a_store_that_does_not_work_yet_is_refused_by_name(store: str) -> None:
    found = errors(f"-session-store={store}")
    assert f"can't be {store.partition(':')[0]} yet" in found
    assert "s3cret" not in found


def test_everything_that_is_wrong_is_said_at_once_one_line_each() -> None:
    lines = errors(
        "-port=70000", "-base-url=http://x/", "-prot=1", "-tls-key-path=/nowhere", "-tracing-enabled"
    ).splitlines()
    assert len(lines) == 5


def test_a_value_that_could_not_be_read_is_not_complained_of_twice() -> None:
    lines = errors("-oidc-client-id=x", "-oidc-idp-issuer-url=idp.example").splitlines()
    assert len(lines) == 1
    assert "must be a URL" in lines[0]


def test_the_kubeconfig_is_that_of_the_environment_unless_given() -> None:
    assert parse([], ENV).kubeconfig == "/home/ada/.kube/config"
    assert parse([], ENV | {"KUBECONFIG": "/a:/b"}).kubeconfig == "/a:/b"
    assert parse(["-kubeconfig=/c"], ENV | {"KUBECONFIG": "/a"}).kubeconfig == "/c"


def test_a_tilde_stands_for_the_home_directory_in_each_of_several_paths() -> None:
    home = Path.home()
    assert parse(["-kubeconfig=~/a:/b:~/c"], ENV).kubeconfig == f"{home}/a:/b:{home}/c"
    assert parse(["-state-dir=~/s"], ENV).state_dir == home / "s"
    assert "home directory of nobody here" in errors("-state-dir=~nobody-of-this-name/s")


def test_in_a_cluster_no_kubeconfig_is_read_unless_given() -> None:
    assert parse(["-in-cluster"], ENV | {"KUBECONFIG": "/a"}).kubeconfig == ""
    assert parse(["-in-cluster", "-kubeconfig=/c"], ENV).kubeconfig == "/c"


def test_the_state_directory_follows_the_xdg_specification() -> None:
    assert parse([], ENV).state_dir == Path("/home/ada/.local/state/pyheadlamp")
    assert parse([], ENV | {"XDG_STATE_HOME": "/var/state"}).state_dir == Path("/var/state/pyheadlamp")
    assert parse([], ENV | {"XDG_STATE_HOME": "relative"}).state_dir == Path("/home/ada/.local/state/pyheadlamp")


def test_settings_made_without_parsing_have_the_same_defaults() -> None:
    parsed = parse([], {"HOME": str(Path.home())})
    assert Settings(kubeconfig=parsed.kubeconfig) == parsed
