"""Results that are right, each for one rule."""

from __future__ import annotations

from cod.allocate.in_use import Use
from tests.allocate.short import (
    AB,
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

RIGHT: dict[str, Case] = {
    "one device": case(claim(ask()), AB, given("r=a")),
    "two devices": case(claim(ask(count=2)), AB, given("r=b", "r=a")),
    "all devices": case(claim(ask_all()), AB, given("r=a", "r=b")),
    "all, beside a foreign pool that is being updated": case(
        claim(ask_all(deviceClassName="d")),
        [AB, slice_({"name": "z"}, driver="e", count=2)],
        given("r=a", "r=b"),
    ),
    "nothing for nothing": case([], AB),
    "a later alternative": case(claim(first_of("x", "y")), AB, given("r/y=a", "r/y=b")),
    "a selected device": case(claim(ask(selectors=IS_0)), slice_(*Y), given("r=c")),
    "all selected": case(claim(ask_all(selectors=IS_0)), slice_(*Y), given("r=c", "r=a")),
    "a tolerated taint": case(
        claim(ask(tolerations=[{"key": "t", "operator": "Exists"}])),
        TAINTED,
        given({"is": "r=a", "tolerations": [{"key": "t", "operator": "Exists"}]}),
    ),
    "looking at what is in use": case(
        claim(ask(**LOOK)), AB, given({"is": "r=a", **LOOK}), used={"a": (Use("x"),)}
    ),
    "looking at what another claim gets": case(
        [claim(ask()), claim(ask(**LOOK), name="c2")], AB, given("r=a"), given({"is": "r=a", **LOOK})
    ),
    "looking draws no counters": case(
        [claim(ask(count=2)), claim(ask(count=2, **LOOK), name="c2")],
        drawers(drawing("a"), drawing("b")),
        given("r=a", "r=b"),
        given({"is": "r=a", **LOOK}, {"is": "r=b", **LOOK}),
    ),
    "a share, rounded up": case(
        claim(ask(**mem("2"))), slice_(shared(policy=STEPS)), given(share("r=a", mem="3"))
    ),
    "a share of the default": case(claim(ask()), slice_(shared(policy=STEPS)), given(share("r=a", mem="1"))),
    "a whole shared device": case(claim(ask()), slice_(shared()), given(share("r=a", mem="4"))),
    "two shares for two requests": case(
        claim(ask("r", **mem("2")), ask("q", **mem("2"))),
        slice_(shared()),
        given(share("r=a", mem="2"), share("q=a", "id-2", mem="2")),
    ),
    "a share beside another's": case(
        claim(ask(**mem("1"))),
        slice_(shared()),
        given(share("r=a", mem="1")),
        used={"a": (Use("x", "id-0", {"mem": "3"}),)},
    ),
    "a shared device draws once": case(
        claim(ask("r", **mem("1")), ask("q", **mem("1"))),
        drawers(shared(**{k: v for k, v in drawing("a", "2").items() if k != "name"})),
        given(share("r=a", mem="1"), share("q=a", "id-2", mem="1")),
    ),
    "a shared device in use draws no more": case(
        claim(ask(**mem("1"))),
        drawers(shared(**{k: v for k, v in drawing("a", "2").items() if k != "name"})),
        given(share("r=a", mem="1")),
        used={"a": (Use("x", "id-0", {"mem": "1"}),)},
    ),
    "a counter that is overdrawn is another's": case(
        claim(ask()),
        [
            slice_(
                name="0",
                count=2,
                sharedCounters=[
                    {"name": name, "counters": {"c": {"value": "2"}}} for name in ("set", "more")
                ],
            ),
            slice_(
                drawing("a", "3"),
                {
                    "name": "b",
                    "consumesCounters": [{"counterSet": "more", "counters": {"c": {"value": "1"}}}],
                },
                name="1",
                count=2,
            ),
        ],
        given("r=b"),
        used={"a": (Use("x"),)},
    ),
    "counters of two drivers are apart": case(
        claim(ask(count=4)),
        [*drawers(drawing("a"), drawing("b")), *drawers(drawing("a"), drawing("b"), driver="e")],
        given("r=a", "r=b", "r=e/p/a", "r=e/p/b"),
    ),
    "a common element": case(claim(ask(count=2), constraints=SAME_X), LISTS, given("r=a", "r=b")),
    "a list and its element": case(claim(ask(count=2), constraints=SAME_X), LISTS, given("r=b", "r=c")),
    "nothing in common": case(claim(ask(count=2), constraints=OTHER_X), LISTS, given("r=a", "r=c")),
    "a version is no text": case(claim(ask(count=2), constraints=OTHER_X), LISTS, given("r=v", "r=s")),
    "a constraint on another request": case(
        claim(ask("r"), ask("q"), constraints=[{"requests": ["q"], "matchAttribute": "d/x"}]),
        LISTS,
        given("r=n", "q=a"),
    ),
    "a constraint on another alternative": case(
        claim(first_of("x"), constraints=[{"requests": ["r/y"], "matchAttribute": "d/x"}]),
        LISTS,
        given("r/x=n"),
    ),
    "what is bound later": case(claim(ask()), slice_({"name": "a", **READY}), given({"is": "r=a", **READY})),
    "on all nodes": case(claim(ask()), slice_({"name": "a"}, allNodes=True), given("r=a", node=None)),
    "where a label is": case(
        claim(ask()),
        slice_({"name": "a"}, nodeSelector={"nodeSelectorTerms": [{"matchExpressions": [ZONE]}]}),
        given("r=a", node={"nodeSelectorTerms": [{"matchExpressions": [ZONE]}]}),
    ),
    "on the node that it binds to": case(
        claim(ask()), slice_({"name": "a", "bindsToNode": True}, allNodes=True), given("r=a")
    ),
    "settings of class and claim": case(
        claim(
            ask("r", deviceClassName="set"),
            ask("q"),
            ask("s", deviceClassName="set"),
            config=[{"requests": ["q"], **OPAQUE}, {"requests": ["r", "q", "s"], **OPAQUE}],
        ),
        slice_(*Y),
        given(
            "r=a",
            "q=b",
            "s=c",
            config=[
                OF_CLASS | {"requests": ["r", "s"]},
                {"source": "FromClaim", "requests": ["q"], **OPAQUE},
                {"source": "FromClaim", **OPAQUE},
            ],
        ),
    ),
    "no settings of an alternative not taken": case(
        claim(first_of("x", "y"), config=[{"requests": ["r/y"], **OPAQUE}]), AB, given("r/x=a")
    ),
}
