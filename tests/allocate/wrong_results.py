"""Results that are wrong, each by one rule, with what the checker says."""

from __future__ import annotations

from cod.allocate.in_use import Use
from tests.allocate.short import (
    AB,
    COUNTERS,
    IS_0,
    LISTS,
    LOOK,
    OF_CLASS,
    OPAQUE,
    OTHER_X,
    READY,
    SAME_X,
    STEPS,
    TAINTED,
    TWO,
    ZONE,
    Case,
    Y,
    ask,
    ask_all,
    case,
    claim,
    drawers,
    drawing,
    first_of,
    given,
    mem,
    share,
    shared,
    slice_,
)

OLDER = [slice_({"name": "a"}, name="0"), slice_({"name": "b"}, name="1", generation=2)]
TWICE = [slice_({"name": "a"}, name="0", count=2), slice_({"name": "a"}, name="1", count=2)]
DANGLING = slice_(drawing("a"))
DANGLING_COUNTER = [
    COUNTERS,
    slice_(
        {"name": "a", "consumesCounters": [{"counterSet": "set", "counters": {"z": {"value": "1"}}}]},
        name="1",
        count=2,
    ),
]
TWO_SETS = [*(slice_(name=f"{n}", count=3, sharedCounters=[{"name": "set", "counters": {}}]) for n in "01")]
ROUND = slice_(
    *(
        {"name": name, "attributes": {"x": {"strings": list(xs)}}}
        for name, xs in (("a", "pq"), ("b", "qr"), ("c", "pr"))
    )
)
SHARES = [claim(ask("r", **mem("2")), ask("q", **mem("2")))]
BOTH = given(share("r=a", mem="2"), share("q=a", "id-2", mem="2"))

WRONG: dict[str, tuple[str, Case]] = {
    "a result too few": ("0 results for 1 claims", case(claim(ask()), AB)),
    "too few devices": ("has 1 devices, not 2", case(claim(ask(count=2)), AB, given("r=a"))),
    "too many devices": ("has 2 devices, not 1", case(claim(ask()), AB, given("r=a", "r=b"))),
    "nothing": ("met by 0 alternatives", case(claim(ask()), AB, given(node=None))),
    "a request of nobody": ("no request q", case(claim(ask()), AB, given("r=a", "q=b"))),
    "an alternative's short name": ("no request r", case(claim(first_of("x")), AB, given("r=a"))),
    "two alternatives": (
        "met by 2 alternatives",
        case(claim(first_of("x", "y")), slice_(*Y), given("r/x=a", "r/y=b", "r/y=c")),
    ),
    "out of order": ("order", case(claim(ask("r"), ask("q")), AB, given("q=a", "r=b"))),
    "not all": ("not all that match", case(claim(ask_all()), AB, given("r=a"))),
    "all, and one more": (
        "not all that match",
        case(claim(ask_all(selectors=IS_0)), slice_(*Y), given("r=a", "r=b", "r=c")),
    ),
    "all, and one more in a pool that is being updated": (
        "what else there may be with d/q",
        case(claim(ask_all()), [AB, slice_({"name": "z"}, pool="q", name="t", count=2)], given("r=a", "r=b")),
    ),
    "a device of nobody": ("not offered", case(claim(ask()), AB, given("r=z"))),
    "an old generation": ("not offered", case(claim(ask()), OLDER, given("r=a"))),
    "an incomplete pool": ("incomplete", case(claim(ask()), slice_({"name": "a"}, count=2), given("r=a"))),
    "an obsolete pool": (
        "obsolete",
        case(
            claim(ask()),
            [
                slice_({"name": "a"}, count=2),
                slice_({"name": "a"}, name="1", count=2, nodeName="n1", generation=2),
            ],
            given("r=a"),
        ),
    ),
    "a name that is there twice": ("duplicate device", case(claim(ask()), TWICE, given("r=a"))),
    "a set that is nowhere": ("dangling counter", case(claim(ask()), DANGLING, given("r=a"))),
    "a counter that is nowhere": ("dangling counter", case(claim(ask()), DANGLING_COUNTER, given("r=a"))),
    "a set that is there twice": (
        "duplicate counter set",
        case(claim(ask()), [*TWO_SETS, slice_({"name": "a"}, name="2", count=3)], given("r=a")),
    ),
    "another node": (
        "not on this node",
        case(claim(ask()), slice_({"name": "a"}, nodeName="n1"), given("r=a")),
    ),
    "a node without the label": (
        "not on this node",
        case(
            claim(ask()),
            slice_(
                {"name": "a"},
                nodeSelector={"nodeSelectorTerms": [{"matchExpressions": [ZONE | {"values": ["z9"]}]}]},
            ),
            given("r=a"),
        ),
    ),
    "another node than the device's": (
        "not offered",
        case(
            claim(ask()),
            slice_(
                {"name": "a", "nodeName": "n1"}, {"name": "b", "nodeName": "n0"}, perDeviceNodeSelection=True
            ),
            given("r=a"),
        ),
    ),
    "the class's selector": (
        'is not selected by device.driver == "d"',
        case(claim(ask(deviceClassName="d")), slice_({"name": "a"}, driver="e"), given("r=e/p/a")),
    ),
    "the request's selector": (
        "is not selected by",
        case(claim(ask(selectors=IS_0)), slice_(*Y), given("r=b")),
    ),
    "a selector without an answer": (
        "no such key: y",
        case(claim(ask(selectors=IS_0)), AB, given("r=a")),
    ),
    "a taint": ("has the taint t", case(claim(ask()), TAINTED, given("r=a"))),
    "a taint, when looking": (
        "has the taint t",
        case(claim(ask(**LOOK)), TAINTED, given({"is": "r=a", **LOOK})),
    ),
    "in use": ("is in use by x", case(claim(ask()), AB, given("r=a"), used={"a": (Use("x"),)})),
    "shared once, not now": (
        "is in use",
        case(claim(ask()), AB, given("r=a"), used={"a": (Use("x", "id-0"),)}),
    ),
    "whole once, shared now": (
        "is in use",
        case(claim(ask(**mem("1"))), slice_(shared()), given(share("r=a", mem="1")), used={"a": (Use("x"),)}),
    ),
    "one device for two claims": ("to 2 requests", case(TWO, AB, given("r=a"), given("r=a"))),
    "one device for two requests": (
        "to 2 requests",
        case(claim(ask("r"), ask("q")), AB, given("r=a", "q=a")),
    ),
    "one device twice": ("2 times to one request", case(claim(ask(count=2)), AB, given("r=a", "r=a"))),
    "looking at one's own": (
        "2 times in one claim",
        case(claim(ask("r"), ask("q", **LOOK)), AB, given("r=a", {"is": "q=a", **LOOK})),
    ),
    "looking twice": (
        "2 times in one claim",
        case(
            claim(ask("r", **LOOK), ask("q", **LOOK)), AB, given({"is": "r=a", **LOOK}, {"is": "q=a", **LOOK})
        ),
    ),
    "not said that it looks": ("adminAccess is False", case(claim(ask(**LOOK)), AB, given("r=a"))),
    "said that it looks": ("adminAccess is True", case(claim(ask()), AB, given({"is": "r=a", **LOOK}))),
    "tolerations left out": (
        "tolerations is",
        case(claim(ask(tolerations=[{"operator": "Exists"}])), AB, given("r=a")),
    ),
    "conditions left out": (
        "bindingConditions is",
        case(
            claim(ask()),
            slice_({"name": "a", **READY}),
            given({"is": "r=a", "bindingFailureConditions": ["ex.com/failed"]}),
        ),
    ),
    "failure conditions left out": (
        "bindingFailureConditions is",
        case(
            claim(ask()),
            slice_({"name": "a", **READY}),
            given({"is": "r=a", "bindingConditions": ["ex.com/ready"]}),
        ),
    ),
    "a capacity too small": (
        "does not give the capacity",
        case(
            claim(ask(**mem("2"))), slice_({"name": "a", "capacity": {"mem": {"value": "1"}}}), given("r=a")
        ),
    ),
    "a capacity that it has not": (
        "does not give the capacity",
        case(claim(ask(**mem("2"))), AB, given("r=a")),
    ),
    "more than the policy gives": (
        "does not give the capacity",
        case(claim(ask(**mem("4"))), slice_(shared(value="9", policy=STEPS)), given(share("r=a", mem="5"))),
    ),
    "not one of the values": (
        "does not give the capacity",
        case(
            claim(ask(**mem("3"))),
            slice_(shared(policy={"default": "1", "validValues": ["1", "2"]})),
            given(share("r=a", mem="3")),
        ),
    ),
    "a share too large beside others": (
        "has not enough mem left",
        case(
            claim(ask(**mem("2"))),
            slice_(shared()),
            given(share("r=a", mem="2")),
            used={"a": (Use("x", "id-0", {"mem": "1"}), Use("y", "id-9", {"mem": "2"}))},
        ),
    ),
    "shares too large together": (
        "has 3 of mem and gives 4",
        case(SHARES, slice_(shared(value="3")), BOTH),
    ),
    "one share too many in a request": (
        "2 times to one request",
        case(
            claim(ask(count=2, **mem("1"))),
            slice_(shared()),
            given(share("r=a", mem="1"), share("r=a", "id-2", mem="1")),
        ),
    ),
    "not rounded": (
        "consumedCapacity is",
        case(claim(ask(**mem("2"))), slice_(shared(policy=STEPS)), given(share("r=a", mem="2"))),
    ),
    "a capacity not said": (
        "consumedCapacity is",
        case(claim(ask()), slice_(shared()), given(share("r=a"))),
    ),
    "no shareID": (
        "no shareID",
        case(claim(ask()), slice_(shared()), given(share("r=a", "", mem="4"))),
    ),
    "a shareID of a whole device": (
        "not shared and has a shareID",
        case(claim(ask()), AB, given(share("r=a"))),
    ),
    "a consumption of a whole device": (
        "not shared and consumes",
        case(claim(ask()), AB, given({"is": "r=a", "consumedCapacity": {"mem": "1"}})),
    ),
    "one shareID twice": (
        "shareID id-1 is there twice",
        case(SHARES, slice_(shared()), given(share("r=a", mem="2"), share("q=a", mem="2"))),
    ),
    "another's shareID": (
        "shareID id-1 is there twice",
        case(
            claim(ask(**mem("1"))),
            slice_(shared()),
            given(share("r=a", mem="1")),
            used={"a": (Use("x", "id-1", {"mem": "1"}),)},
        ),
    ),
    "counters overdrawn": (
        "counter c of set in d/p is overdrawn by 1",
        case(claim(ask(count=2)), drawers(drawing("a", "2"), drawing("b")), given("r=a", "r=b")),
    ),
    "counters overdrawn over two claims": (
        "overdrawn",
        case(TWO, drawers(drawing("a", "2"), drawing("b")), given("r=a"), given("r=b")),
    ),
    "counters that others hold": (
        "overdrawn",
        case(claim(ask()), drawers(drawing("a", "2"), drawing("b")), given("r=b"), used={"a": (Use("x"),)}),
    ),
    "counters that a share holds": (
        "overdrawn",
        case(
            claim(ask()),
            drawers(drawing("a", "2", allowMultipleAllocations=True), drawing("b")),
            given("r=b"),
            used={"a": (Use("x", "id-0"),)},
        ),
    ),
    "another value": (
        "no d/x is common",
        case(claim(ask(count=2), constraints=SAME_X), LISTS, given("r=a", "r=c")),
    ),
    "common to the first two and the last two": (
        "no d/x is common",
        case(claim(ask(count=3), constraints=SAME_X), LISTS, given("r=a", "r=b", "r=c")),
    ),
    "something common to each two, nothing to all": (
        "no d/x is common",
        case(claim(ask(count=3), constraints=SAME_X), ROUND, given("r=a", "r=b", "r=c")),
    ),
    "the same text of another type": (
        "no d/x is common",
        case(claim(ask(count=2), constraints=SAME_X), LISTS, given("r=v", "r=s")),
    ),
    "no value": (
        "n has no d/x",
        case(claim(ask(), constraints=SAME_X), LISTS, given("r=n")),
    ),
    "no value to be distinct": (
        "n has no d/x",
        case(claim(ask(), constraints=OTHER_X), LISTS, given("r=n")),
    ),
    "a common element, where none may be": (
        "have the same d/x",
        case(claim(ask(count=3), constraints=OTHER_X), LISTS, given("r=a", "r=v", "r=b")),
    ),
    "a constraint on some requests": (
        "no d/x is common",
        case(
            claim(
                ask("r"), ask("q"), ask("s"), constraints=[{"requests": ["r", "s"], "matchAttribute": "d/x"}]
            ),
            LISTS,
            given("r=a", "q=n", "s=c"),
        ),
    ),
    "a constraint on an alternative": (
        "have the same d/x",
        case(
            claim(first_of("x", "y"), constraints=[{"requests": ["r/y"], "distinctAttribute": "d/x"}]),
            LISTS,
            given("r/y=b", "r/y=c"),
        ),
    ),
    "a constraint on a request with alternatives": (
        "have the same d/x",
        case(
            claim(first_of("x", "y"), constraints=[{"requests": ["r"], "distinctAttribute": "d/x"}]),
            LISTS,
            given("r/y=b", "r/y=c"),
        ),
    ),
    "33 devices": (
        "33 devices, more than 32",
        case(
            claim(ask(count=17), ask("q", count=16)),
            slice_(*({"name": f"x{number}"} for number in range(33))),
            given(*(f"r=x{n}" for n in range(17)), *(f"q=x{n}" for n in range(17, 33))),
        ),
    ),
    "no node": ("nodeSelector", case(claim(ask()), AB, given("r=a", node=None))),
    "a wrong node": (
        "nodeSelector names",
        case(
            claim(ask()),
            AB,
            given(
                "r=a",
                node={
                    "nodeSelectorTerms": [
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}
                    ]
                },
            ),
        ),
    ),
    "a node for a device of all": (
        "nodeSelector",
        case(claim(ask()), slice_({"name": "a"}, allNodes=True), given("r=a")),
    ),
    "no label": (
        "nodeSelector",
        case(
            claim(ask()),
            slice_({"name": "a"}, nodeSelector={"nodeSelectorTerms": [{"matchExpressions": [ZONE]}]}),
            given("r=a", node=None),
        ),
    ),
    "no node that it binds to": (
        "nodeSelector",
        case(
            claim(ask()), slice_({"name": "a", "bindsToNode": True}, allNodes=True), given("r=a", node=None)
        ),
    ),
    "settings of the class left out": (
        "config is",
        case(claim(ask(deviceClassName="set")), AB, given("r=a")),
    ),
    "settings of the class for each request": (
        "config is",
        case(
            claim(ask("r", deviceClassName="set"), ask("q", deviceClassName="set")),
            AB,
            given("r=a", "q=b", config=[OF_CLASS | {"requests": ["r"]}, OF_CLASS | {"requests": ["q"]}]),
        ),
    ),
    "settings of an alternative not taken": (
        "config is",
        case(
            claim(first_of("x", "y"), config=[{"requests": ["r/y"], **OPAQUE}]),
            AB,
            given("r/x=a", config=[{"source": "FromClaim", "requests": ["r/y"], **OPAQUE}]),
        ),
    ),
    "settings of the claim before those of the class": (
        "config is",
        case(
            claim(ask(deviceClassName="set"), config=[OPAQUE]),
            AB,
            given("r=a", config=[{"source": "FromClaim", **OPAQUE}, OF_CLASS]),
        ),
    ),
}
