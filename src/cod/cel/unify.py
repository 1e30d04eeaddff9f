"""Which types may stand where which are wanted, and what that says of the types still unknown.

Source: cel-go `checker/types.go`; cel-spec `doc/langdef.md` § Gradual type checking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cod.cel.types import DYN, Type

_FREE = ("dyn", "error", "any")


class Unifier:
    """What is known of the type parameters of one expression."""

    __slots__ = ("count", "known")

    def __init__(self) -> None:
        self.known: dict[str, Type] = {}
        self.count = 0

    def fresh(self) -> Type:
        """A type of which nothing is known yet."""
        self.count += 1
        return Type("parameter", (), f"_var{self.count}")

    def instance(self, types: Iterable[Type]) -> list[Type]:
        """The types, with fresh parameters for their own: the same for the same."""
        own: dict[str, Type] = {}
        return [self._renamed(type_, own) for type_ in types]

    def _renamed(self, type_: Type, own: dict[str, Type]) -> Type:
        if type_.kind == "parameter":
            if type_.name not in own:
                own[type_.name] = self.fresh()
            return own[type_.name]
        if not type_.parameters:
            return type_
        inner = tuple(self._renamed(inner, own) for inner in type_.parameters)
        return Type(type_.kind, inner, type_.name)

    def resolved(self, type_: Type, *, is_final: bool = False) -> Type:
        """The type with all that is known of its parameters; `is_final` makes the rest dyn."""
        if type_.kind == "parameter":
            found = self.known.get(type_.name)
            if found is None:
                return DYN if is_final else type_
            return self.resolved(found, is_final=is_final)
        if not type_.parameters or not self.count:
            return type_
        inner = tuple(self.resolved(inner, is_final=is_final) for inner in type_.parameters)
        return Type(type_.kind, inner, type_.name)

    def accepts(self, wanted: Sequence[Type], given: Sequence[Type]) -> bool:
        """Whether all given types may stand for the wanted ones; if so, remember what that says."""
        before = dict(self.known)
        if all(map(self._assignable, given, wanted)):
            return True
        self.known = before
        return False

    def joined(self, one: Type | None, other: Type) -> Type | None:
        """The more general of two types of a list's items; None where they have nothing in common."""
        if one is None or one == other:
            return other
        return self._general(one, other) if self.accepts([one], [other]) else None

    def _assignable(self, one: Type, other: Type) -> bool:
        if one is other:
            return True
        if other.kind == "parameter":
            is_valid, is_known = self._substitutes(one, other)
            if is_valid or is_known:
                return is_valid
        if one.kind == "parameter":
            return self._substitutes(other, one)[0]
        if one.kind in _FREE or other.kind in _FREE:
            return True
        if "null_type" in (one.kind, other.kind):
            return {one.kind, other.kind} <= {"null_type", "opaque", "message"}
        if one.kind != other.kind or one.name != other.name:
            return False
        if one.kind == "type":
            return True
        return len(one.parameters) == len(other.parameters) and all(
            map(self._assignable, one.parameters, other.parameters)
        )

    def _substitutes(self, type_: Type, parameter: Type) -> tuple[bool, bool]:
        """Whether a type may stand for a parameter, and whether anything was known of that before."""
        if type_ == parameter:
            return True, True
        known = self.known.get(parameter.name)
        if known is None:
            if self._occurs(parameter, type_):
                return False, False
            self.known[parameter.name] = type_
            return True, False
        if type_ == known:
            return True, True
        if self._assignable(type_, known):
            general = self._general(type_, known)
            if not self._occurs(parameter, general):
                self.known[parameter.name] = general
            return True, True
        return False, True

    def _occurs(self, parameter: Type, within: Type) -> bool:
        """Whether a type would be part of itself."""
        if within.kind == "parameter":
            if within.name == parameter.name:
                return True
            known = self.known.get(within.name)
            return known is not None and self._occurs(parameter, known)
        return any(self._occurs(parameter, inner) for inner in within.parameters)

    def _general(self, one: Type, other: Type) -> Type:
        return one if self._is_as_general(one, other) else other

    def _is_as_general(self, one: Type, other: Type) -> bool:
        if one.kind in ("parameter", *_FREE) or other.kind == "null_type":
            return True
        if other.kind in ("parameter", *_FREE) or one.kind != other.kind or one.name != other.name:
            return False
        if not one.parameters:
            return True
        return len(one.parameters) == len(other.parameters) and all(
            map(self._is_as_general, one.parameters, other.parameters)
        )
