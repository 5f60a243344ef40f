from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.extra import jsonpath
from headlamp.live.extra.cells import ExtraCell
from headlamp.live.extra.column import BadExtra, Seen
from headlamp.live.extra.kubectl_path import MAX_STEPS, MOST_ELEMENTS, parse_path
from headlamp.live.extra.registry import extra_column
from headlamp.live.resources import Selection

PODS = Selection("", "v1", "pods", namespaced=True)
SECRETS = Selection("", "v1", "secrets", namespaced=True)
CONFIG_MAPS = Selection("", "v1", "configmaps", namespaced=True)
PASSWORD = "hunter2hunter2"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
TEMPLATE = {
    "containers": [
        {
            "name": "app",
            "image": "cart:1",
            "env": [{"name": "PASSWORD", "value": PASSWORD}],
            "envFrom": [{"prefix": PASSWORD}],
        }
    ]
}
OBJECT: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "cart-1",
        "labels": {"app": "cart", "example.com/tier": "web", "it's": "quoted"},
        "annotations": {APPLIED: json.dumps(TEMPLATE), "kapp.k14s.io/original": PASSWORD, "note": "seen"},
        "managedFields": [{"manager": PASSWORD}],
    },
    "spec": TEMPLATE
    | {
        "nodeName": "node-1",
        "priority": 7,
        "hostNetwork": False,
        "template": {"spec": TEMPLATE},
        "jobTemplate": {"spec": {"template": {"spec": TEMPLATE}}},
        "ports": [{"name": "a", "number": [1, 2]}, {"name": "b", "number": [3]}],
        "big": 2**63,
    },
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False", "count": 3}],
        "addresses": {"x": "10.0.0.1", "y": "10.0.0.2"},
    },
}


def renamed(text: str) -> str:
    """The same with names that are not hidden."""
    for hidden in ("env", "managedFields", APPLIED, "kapp.k14s.io/original"):
        text = text.replace(hidden, "x" + hidden)
    return text


def found(expression: str, made: Any = OBJECT, kind: Selection = PODS) -> ExtraCell:
    return extra_column(f"jsonpath:{expression}", kind).of(Seen(json.dumps(made).encode()))


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        ("{.spec.nodeName}", "node-1"),
        (".spec.nodeName", "node-1"),
        ("{$.spec.nodeName}", "node-1"),
        ("{ .spec['nodeName'] }", "node-1"),
        ("{.spec.priority}", 7),
        ("{.spec.hostNetwork}", False),
        ("{.spec.big}", str(2**63)),
        ("{.metadata.labels.app}", "cart"),
        (r"{.metadata.labels.example\.com/tier}", "web"),
        ("{.metadata.labels['example.com/tier']}", "web"),
        (r"{.metadata.labels['it\'s']}", "quoted"),
        ("{.spec.containers[0].image}", "cart:1"),
        ("{.spec.containers[-1].image}", "cart:1"),
        ("{.spec.containers[5].image}", None),
        ("{.spec.ports[*].name}", "a b"),
        ("{.spec.ports[*].number}", "[1,2] [3]"),
        ("{.spec.ports[*].number[*]}", "1 2 3"),
        ("{.spec.ports[1].number}", "[3]"),
        ("{.spec.ports[1]['number'][0]}", 3),
        ("{.status.addresses.*}", "10.0.0.1 10.0.0.2"),
        ('{.status.conditions[?(@.type=="Ready")].status}', "True"),
        ("{.status.conditions[?( @.type != 'Ready' )].status}", "False"),
        ("{.status.conditions[?(@.count>2)].type}", "Initialized"),
        ("{.status.conditions[?(@.type=='Other')].status}", None),
        ("{.status.conditions[?(@.type=='`')].status}", None),
        ("{.metadata.labels}", '{"app":"cart","example.com/tier":"web","it\'s":"quoted"}'),
        ("{.nothing.at.all}", None),
        ("{.spec.nodeName.deeper}", None),
        ("{.spec[0]}", None),
    ],
)
def test_an_expression_finds_what_kubectl_finds(expression: str, cell: ExtraCell) -> None:
    assert found(expression) == cell


def test_the_column_is_called_by_the_last_field() -> None:
    assert extra_column('jsonpath:{.status.conditions[?(@.type=="Ready")].status}', PODS).name == "status"
    assert extra_column("jsonpath:{.spec.containers[*].image}", PODS).name == "image"


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "{}",
        "nodeName",
        "{..env}",
        "{.spec..env}",
        "{.spec.a | .spec.b}",
        "{.spec.containers[0:2]}",
        "{.spec.containers['a','b']}",
        "{range .items[*]}{.name}{end}",
        "{.a}{.b}",
        "{.spec.containers[?(@.name=~/a+/)]}",
        "{.spec.containers[?(@.a==@.b)]}",
        "{.spec.containers[?($.a=='b')]}",
        "{.spec.containers[?(@.a[*]=='b')]}",
        "{.spec.containers[?(@.a=='b' && @.c=='d')]}",
        "{.spec.containers[?(length(@.a)>1)]}",
        "{.spec.containers[?(@.name)]}",
        "{.spec.length(@)}",
        "{.a[?(@.b=='c'}",
        "{.a['b}",
        "{.a[12345678901]}",
        "{.a.}",
        "{.a\n}{",
        "{." + "a" * 600 + "}",
        "{" + ".a" * (MAX_STEPS + 1) + "}",
        "x",
        "\x00",
    ],
)
def test_what_is_not_of_the_documented_forms_is_refused(expression: str) -> None:
    with pytest.raises(BadExtra):
        parse_path(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "{.spec.containers[0].env[0].value}",
        "{.spec.containers[*].env[*].value}",
        "{.spec.containers[?(@.name=='app')].env}",
        "{.spec.containers[*].*}",
        "{.spec.containers}",
        "{.spec}",
        "{.spec.*}",
        "{.*}",
        "{['spec']['containers'][0]['env']}",
        "{.spec.containers[0]['envFrom'][0].prefix}",
        "{.spec.template.spec.containers[0].env}",
        "{.spec.template}",
        "{.spec.jobTemplate.spec.template.spec.containers[*].env[*].value}",
        "{.metadata}",
        "{.metadata.*}",
        "{.metadata.annotations}",
        "{.metadata.annotations.*}",
        r"{.\m\e\tadata}",
    ],
)
def test_a_colleague_reads_no_environment_no_manifest_and_no_managed_fields(expression: str) -> None:
    assert PASSWORD not in str(found(expression))
    # The same expression finds it where the fields are called otherwise: it is the names that are hidden.
    assert PASSWORD in str(found(renamed(expression), json.loads(renamed(json.dumps(OBJECT)))))


@pytest.mark.parametrize(
    "expression",
    [
        "{.metadata.managedFields}",
        "{.metadata['managedFields']}",
        r"{.metadata.managed\Fields}",
        f"{{.metadata.annotations['{APPLIED}']}}",
        "{.metadata.*[?(@.managedFields=='x')]}",
    ],
)
def test_what_rows_never_carry_is_refused_by_name(expression: str) -> None:
    with pytest.raises(BadExtra, match="never carry"):
        extra_column(f"jsonpath:{expression}", PODS)


def test_an_environment_at_the_beginning_of_an_expression_is_hidden_too() -> None:
    assert found("{.env.PASSWORD}", {"env": {"PASSWORD": PASSWORD}}) is None
    assert found("{.spec.env[0].value}", {"spec": {"env": [{"value": PASSWORD}]}}) is None
    assert found("{.spec.env}", {"spec": {"env": "production"}}) == "production"


@pytest.mark.parametrize(
    "expression",
    [
        "{.data.password}",
        "{.data}",
        "{.stringData}",
        "{.*}",
        "{['data']['password']}",
        "{.type}",
        r"{.d\ata}",
        "{[0]}",
        "{[?(@.data=='x')]}",
    ],
)
def test_of_secrets_nothing_but_metadata_can_be_asked_for(expression: str) -> None:
    with pytest.raises(BadExtra, match="secrets"):
        extra_column(f"jsonpath:{expression}", SECRETS)


def test_the_metadata_of_a_secret_can_be_shown_and_is_read_without_the_rest() -> None:
    column = extra_column("jsonpath:{.metadata.labels.app}", SECRETS)
    assert not column.whole
    assert column.of(Seen(json.dumps(OBJECT).encode())) == "cart"


def test_results_are_bounded_in_number_and_size() -> None:
    many = {"spec": {"items": [{"x": "y" * 900} for _ in range(5000)]}}
    text = found("{.spec.items[*].x}", many)
    assert isinstance(text, str)
    assert len(text) == 1024
    assert found("{.spec}", many) == text or len(str(found("{.spec}", many))) == 1024


@pytest.mark.parametrize("step", ["[*]", "[?(@.n!='x')]"])
def test_no_more_than_so_many_elements_of_a_list_are_looked_at(step: str) -> None:
    items = [{"n": number} for number in range(MOST_ELEMENTS + 1)]
    assert parse_path(f"{{{step}.n}}").search(items) == list(range(MOST_ELEMENTS))


def test_no_more_than_so_many_values_of_a_map_are_looked_at() -> None:
    assert len(parse_path("{.*}").search({str(number): 1 for number in range(MOST_ELEMENTS + 1)})) == MOST_ELEMENTS


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        ("{.items[?(@.n>'a')].name}", "text"),
        ("{.items[?(@.n<5)].name}", "number"),
        ("{.items[?(@.n==1)].name}", "number"),
        ("{.items[?(@.n==1.0)].name}", "number"),
        ("{.items[?(@.n==true)].name}", "boolean"),
        ("{.items[?(@.n<=true)].name}", None),
        ("{.items[?(@.n!=1)].name}", "text boolean nothing"),
    ],
)
def test_values_of_different_types_are_neither_equal_nor_in_order(expression: str, cell: ExtraCell) -> None:
    values = {"text": "b", "number": 1, "boolean": True, "nothing": None}
    made = {"items": [{"name": name, "n": value} for name, value in values.items()]}
    assert found(expression, made) == cell


def test_a_number_that_no_double_can_hold_is_shown_as_text() -> None:
    assert found("{.spec.n}", {"spec": {"n": 10**400}}) == str(10**400)


@pytest.mark.parametrize(
    "expressions",
    [
        [f"{{.data.k{number}}}" for number in range(20)],
        [f"{{.data.k{number}.x.y.z}}" for number in range(20)],
        [f"{{.data.*.k{number}}}" for number in range(20)],
        ["{.*.*}", "{.data.*}", "{.data}", "{.data[?(@.a=='b')]}", "{.*}"],
        ["{" + ".data" * depth + ".*}" for depth in range(1, 20)],
    ],
)
def test_an_object_is_decoded_a_few_times_however_many_expressions_there_are(
    expressions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: Any = {f"k{number}": "v" * 8 for number in range(1000)}
    for _ in range(18):
        inner = {"data": inner, "k0": {"x": {"y": {"z": 1}}}}
    raw = json.dumps({"data": inner}).encode()
    decoded = 0

    def counting(decode: Callable[..., Any]) -> Callable[..., Any]:
        def count(part: bytes, **form: Any) -> Any:
            nonlocal decoded
            decoded += len(part)
            return decode(part, **form)

        return count

    monkeypatch.setattr(msgspec.json, "decode", counting(msgspec.json.decode))
    fields = SimpleNamespace(decode=counting(jsonpath._fields_decoder.decode))
    monkeypatch.setattr(jsonpath, "_fields_decoder", fields)
    seen = Seen(raw)
    for expression in expressions:
        extra_column(f"jsonpath:{expression}", CONFIG_MAPS).of(seen)
    assert len(raw) <= decoded <= 5 * len(raw)


def test_time_grows_with_the_object_alone() -> None:
    """The dearest expression that fits: wildcards all the way down a wide and deep object, and a comparison."""
    made: Any = "leaf"
    for _ in range(9):
        made = {"k": [made, made]}
    expression = "{.spec" + ".k[*]" * 8 + "[?(@.k=='x')]}"
    began = time.thread_time()
    found(expression, {"spec": made})
    assert time.thread_time() - began < 1.0


@given(st.text(alphabet="{}.[]()?@*='\"\\ $-0123456789abenv|&,:`\n", max_size=80))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        column = extra_column(f"jsonpath:{{{text}}}", PODS)
    except BadExtra:
        return
    assert PASSWORD not in str(column.of(Seen(json.dumps(OBJECT).encode())))


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_any_key_can_be_named_between_quotes(name: str, value: str) -> None:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    if name in ("managedFields", "env", "envFrom"):
        return
    assert found(f"{{.spec['{quoted}']}}", {"spec": {name: value}}) == value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    items = {"items": [{"key": value, "n": "yes"}, {"key": value + "x", "n": "no"}]}
    assert found(f'{{.items[?(@.key=="{escaped}")].n}}', items) == "yes"
