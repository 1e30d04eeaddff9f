"""What an expression can cost at least and at most, whatever device it is evaluated for.

Source: cel-go `checker/cost.go`, step by step, so that every estimate is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from cod.cel.bounds import INDICES, ITEMS, KEYS, VALUES, size_at
from cod.cel.charges import NEW_LIST, NEW_MAP, estimated
from cod.cel.check import Checked
from cod.cel.functions import Overload, Price, Size
from cod.cel.library.price import ANY_SIZE, MOST_COST, ONE, add, known, multiply, sum_of
from cod.cel.syntax import (
    Call,
    Comprehension,
    Expression,
    Identifier,
    ListLiteral,
    Literal,
    MapLiteral,
    Message,
    Select,
)
from cod.cel.types import DYN, Type

TARGET = "@target"  # what `optMap` calls its receiver, which it evaluates once here and twice in Kubernetes
Path = tuple[str, ...]
_FREE = Price(0, 0)
_NOTHING = Size(MOST_COST, 0)  # what the first size replaces
_SCALARS = ("bool", "int", "uint", "double")
_NEW_MESSAGE = 40


class Entries(Struct, frozen=True):
    """The sizes of what a list or a map that is written out has in it."""

    is_list: bool
    key: Size
    value: Size


class Local(Struct, frozen=True):
    """What is known of a name that a loop or `cel.bind` gave."""

    path: Path
    size: Size | None
    entries: Entries | None = None


def estimate(checked: Checked) -> tuple[int, int]:
    """The least and the most that an expression can cost."""
    price = _Estimator(checked).price(checked.parsed.expression)
    return price.least, price.most


def is_bind(node: Comprehension) -> bool:
    """Whether a comprehension is no loop, but gives a name to a value."""
    return isinstance(node.condition, Literal) and node.condition.value is False


class _Estimator:
    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.paths: dict[int, Path] = {}
        self.sizes: dict[int, Size] = {}
        self.entries: dict[int, Entries] = {}
        self.locals: dict[str, list[Local]] = {}
        self.targets: list[Expression] = []
        self.of_targets: dict[int, Price] = {}

    def price(self, node: Expression) -> Price:
        """The price of a node with all that is in it."""
        return _PRICES[type(node)](self, node)

    def literal(self, _: Literal) -> Price:
        return _FREE

    def identifier(self, node: Identifier) -> Price:
        if node.name == TARGET:
            return self.target(node)
        name = node.name.removeprefix(".")
        local = self.local(node.name)
        self.paths[node.id] = (name,) if local is None else local.path
        return ONE

    def target(self, node: Identifier) -> Price:
        target = self.targets.pop()
        price = self.of_targets.get(target.id)
        if price is None:  # once, as each may stand in another
            price = self.of_targets[target.id] = self.price(target)
        self.targets.append(target)
        self.paths[node.id] = self.path(target)
        self.copy_sizes(node, target)
        return price

    def select(self, node: Select) -> Price:
        if node.id in self.checked.names:
            return ONE
        price = self.price(node.operand)
        if node.is_test:
            return price
        if self.type(node.operand).kind in ("map", "message", "parameter"):
            price = sum_of(price, ONE)
        self.paths[node.id] = (*self.path(node.operand), node.field)
        return price

    def call(self, node: Call) -> Price:
        target = None if node.id in self.checked.names else node.target
        if node.function == "dyn" and target is None:
            price = sum_of(ONE, self.price(node.args[0]))
            self.copy_sizes(node, node.args[0])
            return price
        prices = [self.price(arg) for arg in node.args]
        of_target = _FREE if target is None else self.price(target)
        args = node.args if target is None else (target, *node.args)
        if node.function in ("_&&_", "_||_"):
            return Price(prices[0].least, add(prices[0].most, prices[1].most))
        if node.function == "_?_:_":
            return self.conditional(node, prices)
        own = self.called(node, args)
        return sum_of(own, of_target, *prices)

    def called(self, node: Call, args: Sequence[Expression]) -> Price:
        """What a call costs without its arguments: from the cheapest overload to the dearest."""
        if node.function == "_?._":
            return ONE
        overloads = self.checked.overloads[node.id]
        sizes = [self.sized(arg, overloads) for arg in args]
        types = [self.type(arg) for arg in args]
        least, most, result = MOST_COST, 0, None
        for overload in overloads:
            price = estimated(overload, sizes, types)
            least, most = min(least, price.least), max(most, price.most)
            if price.size is not None:
                result = price.size if result is None else _union(result, price.size)
            if overload.id in ("index_list", "index_map"):
                entries = self.entries_of(args[0])
                result = None if entries is None else entries.value
                step = ITEMS if overload.id == "index_list" else VALUES
                self.paths[node.id] = (*self.path(args[0]), step)
            elif overload.id.startswith("add_"):
                self.note_entries(node, self.entries_of(args[0]), self.entries_of(args[1]))
            if result is None:
                result = self.size(node)
        if result is not None:
            self.sizes[node.id] = result
        return Price(least, most)

    def conditional(self, node: Call, prices: Sequence[Price]) -> Price:
        _, one, other = node.args
        self.note_entries(node, self.entries_of(one), self.entries_of(other))
        self.sizes[node.id] = _union(known(self.size(one)), known(self.size(other)))
        condition, *chosen = prices
        least, most = min(price.least for price in chosen), max(price.most for price in chosen)
        return Price(add(condition.least, least), add(condition.most, most))

    def list(self, node: ListLiteral) -> Price:
        prices = [self.price(item) for item in node.items]
        item = self.together(node.items)
        self.entries[node.id] = Entries(True, Size(1, 1), item)
        return sum_of(*prices, Price(NEW_LIST, NEW_LIST))

    def map(self, node: MapLiteral) -> Price:
        prices = [self.price(part) for entry in node.entries for part in (entry.key, entry.value)]
        key = self.together([entry.key for entry in node.entries])
        value = self.together([entry.value for entry in node.entries])
        self.entries[node.id] = Entries(False, key, value)
        return sum_of(*prices, Price(NEW_MAP, NEW_MAP))

    def message(self, node: Message) -> Price:
        prices = [self.price(field.value) for field in node.fields]
        return sum_of(*prices, Price(_NEW_MESSAGE, _NEW_MESSAGE))

    def comprehension(self, node: Comprehension) -> Price:
        if is_bind(node):
            return self.bind(node)
        before = sum_of(self.price(node.range), self.price(node.start))
        self.enter(node.accumulator, self.named(node.start))
        self.enter_variables(node)
        condition, step = self.price(node.condition), self.price(node.step)
        for name in filter(None, (node.variable, node.variable2)):
            self.locals[name].pop()
        result = self.price(node.result)
        self.locals[node.accumulator].pop()
        count = known(self.size(node.range))
        each = sum_of(condition, step)
        loop = Price(multiply(count.least, each.least), multiply(count.most, each.most))
        if isinstance(node.start, (ListLiteral, MapLiteral)):
            self.sizes[node.id] = count
            self.note_entries(node, self.entries_of(node.step))
        elif isinstance(node.start, Literal) and (size := self.size(node.start)) is not None:
            self.sizes[node.id] = size
        return sum_of(before, result, loop)

    def bind(self, node: Comprehension) -> Price:
        if node.accumulator == TARGET:
            self.targets.append(node.start)
            price = self.price(node.result)
            self.targets.pop()
        else:
            price = sum_of(self.price(node.range), self.price(node.start))
            self.enter(node.accumulator, self.named(node.start))
            price = sum_of(price, self.price(node.result))
            self.locals[node.accumulator].pop()
        self.copy_sizes(node, node.result)
        return price

    def named(self, node: Expression) -> Local:
        return Local(self.path(node), self.size(node), self.entries_of(node))

    def enter(self, name: str, local: Local) -> None:
        self.locals.setdefault(name, []).append(local)

    def enter_variables(self, node: Comprehension) -> None:
        """The sizes of what a loop's variables get, and where they come from."""
        entries, path = self.entries_of(node.range), self.path(node.range)
        is_list = self.type(node.range).kind == "list" if entries is None else entries.is_list
        key = None if entries is None else entries.key
        value = None if entries is None else entries.value
        of_key = Local((*path, INDICES if is_list else KEYS), key)
        of_value = Local((*path, ITEMS if is_list else VALUES), value)
        if node.variable2:
            self.enter(node.variable, of_key)
            self.enter(node.variable2, of_value)
        else:
            self.enter(node.variable, of_value if is_list else of_key)

    def local(self, name: str) -> Local | None:
        found = self.locals.get(name)
        return found[-1] if found else None

    def type(self, node: Expression) -> Type:
        return self.checked.types.get(node.id, DYN)

    def path(self, node: Expression) -> Path:
        if isinstance(node, Identifier) and (local := self.local(node.name)) is not None:
            return local.path
        return self.paths.get(node.id, ())

    def together(self, nodes: Sequence[Expression]) -> Size:
        """From the smallest of all sizes to the largest."""
        sizes = [known(self.size(node)) for node in nodes]
        return _union(_NOTHING if sizes else Size(0, 0), *sizes)

    def size(self, node: Expression) -> Size | None:
        """The size of a value, from the first who knows it."""
        size = self.sizes.get(node.id) or _written_size(node)
        if size is None and (size := size_at(self.path(node))) is not None:
            self.sizes[node.id] = size
        if size is None and _is_scalar(self.type(node)):
            return Size(1, 1)
        if size is None and isinstance(node, Identifier) and (local := self.local(node.name)) is not None:
            return local.size
        return size

    def sized(self, node: Expression, overloads: Sequence[Overload]) -> Size | None:
        """The size of an argument, with what its type says of items, and its number if it is written out."""
        size, type_ = self.size(node), self.type(node)
        if isinstance(node, Literal) and type(node.value) is int:
            return Size(1, 1, value=node.value)
        if not type_.parameters:
            return size
        has_texts = type_.parameters[0].kind in ("string", "bytes") or "join" in overloads[0].id
        items = (size_at((*self.path(node), ITEMS)) or ANY_SIZE) if has_texts else Size(0, 0)
        size = known(size)
        return Size(size.least, size.most, items)

    def entries_of(self, node: Expression) -> Entries | None:
        found = self.entries.get(node.id)
        if found is None and isinstance(node, Identifier) and (local := self.local(node.name)) is not None:
            return local.entries
        return found

    def note_entries(self, node: Expression, one: Entries | None, *others: Entries | None) -> None:
        for other in others:
            if one is None or other is None:
                return
            one = Entries(one.is_list, _union(one.key, other.key), _union(one.value, other.value))
        if one is not None:
            self.entries[node.id] = one

    def copy_sizes(self, node: Expression, like: Expression) -> None:
        if (size := self.size(like)) is not None:
            self.sizes[node.id] = size
        self.note_entries(node, self.entries_of(like))


def _union(*sizes: Size) -> Size:
    return Size(min(size.least for size in sizes), max(size.most for size in sizes))


def _written_size(node: Expression) -> Size | None:
    """The size of what is written out."""
    if isinstance(node, ListLiteral):
        count = len(node.items)
    elif isinstance(node, MapLiteral):
        count = len(node.entries)
    elif isinstance(node, Literal):
        count = len(node.value) if isinstance(node.value, (str, bytes)) else 1
    else:
        return None
    return Size(count, count)


def _is_scalar(type_: Type) -> bool:
    if type_.name == "optional_type":
        return _is_scalar(type_.parameters[0])
    return type_.kind in _SCALARS or type_.name in ("timestamp", "duration")


_PRICES: dict[type, Callable[[_Estimator, Any], Price]] = {
    Literal: _Estimator.literal,
    Identifier: _Estimator.identifier,
    Select: _Estimator.select,
    Call: _Estimator.call,
    ListLiteral: _Estimator.list,
    MapLiteral: _Estimator.map,
    Message: _Estimator.message,
    Comprehension: _Estimator.comprehension,
}
