"""What is changed to make a mutant: operators of Cosmic Ray, and four of ours.

Cosmic Ray has far more operators than tell anything about a rule (each comparison by
each other). ``OPERATORS`` names those that stand for a mistake somebody makes.
"""

import parso
from cosmic_ray import plugins
from cosmic_ray.operators.operator import Example, Operator

QUERIES = {"filter", "exclude", "get", "update", "get_or_create", "Q", "count"}
# Only a place where tests stop the command (cli/aerostack_cli/plan.py).
UNSEEN = {"checkpoint"}


class RemoveCall(Operator):
    """Leave out a statement that only calls something."""

    def mutation_positions(self, node):
        if node.type == "expr_stmt" or node.parent is None:
            return
        called = _name_called(node.children[-1]) if _is_call(node) else ""
        if node.parent.type == "simple_stmt" and called and called not in UNSEEN:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        return parso.parse(node.get_first_leaf().prefix + "pass")

    @classmethod
    def examples(cls):
        return (Example("f(1)", "pass"),)


class DropCondition(Operator):
    """Leave out one keyword of a query, such as ``owner=`` of ``filter()``."""

    def mutation_positions(self, node):
        for argument in self._conditions(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node, index):
        argument = list(self._conditions(node))[index]
        parent = argument.parent
        if parent.type == "arglist":
            at = parent.children.index(argument)
            del parent.children[at : at + 2]  # with its comma
        else:
            parent.children.remove(argument)
        return node

    def _conditions(self, node):
        if node.type != "trailer" or node.children[0].value != "(":
            return
        if _name_called(node) not in QUERIES:
            return
        inside = node.children[1]
        arguments = inside.children if inside.type == "arglist" else [inside]
        for argument in arguments:
            if argument.type == "argument" and _value(argument.children[1]) == "=":
                yield argument

    @classmethod
    def examples(cls):
        return (Example("x.filter(a=1, b=2)", "x.filter(b=2)"),)


class SwapIn(Operator):
    """``in`` becomes ``not in`` and the other way round."""

    def mutation_positions(self, node):
        if node.type == "comparison":
            for operator in node.children[1::2]:
                if operator.get_code().split() in (["in"], ["not", "in"]):
                    yield operator.start_pos, operator.end_pos

    def mutate(self, node, index):
        at = [
            number
            for number, child in enumerate(node.children)
            if number % 2 and child.get_code().split() in (["in"], ["not", "in"])
        ][index]
        swapped = "in" if "not" in node.children[at].get_code() else "not in"
        node.children[at] = parso.parse(f" {swapped}")
        return node

    @classmethod
    def examples(cls):
        return (Example("a in b", "a not in b"),)


class Negate(Operator):
    """Negate the whole condition of an ``if``, a ``while`` or a comprehension."""

    CONDITIONAL = ("if_stmt", "while_stmt", "comp_if", "test")

    def mutation_positions(self, node):
        for at in self._conditions(node):
            yield node.children[at].start_pos, node.children[at].end_pos

    def mutate(self, node, index):
        at = list(self._conditions(node))[index]
        condition = node.children[at].get_code().strip()
        node.children[at] = parso.parse(f" not ({condition})")
        return node

    def _conditions(self, node):
        for at, child in enumerate(getattr(node, "children", ())):
            before = _value(node.children[at - 1]) if at else ""
            # Cosmic Ray leaves out the "not" of what starts with one.
            asked = before in ("if", "elif", "while") and child.type != "not_test"
            if asked and node.type in self.CONDITIONAL:
                yield at

    @classmethod
    def examples(cls):
        return (
            Example("if a and b: pass", "if not (a and b): pass"),
            Example("[a for a in b if a]", "[a for a in b if not (a)]"),
        )


def _value(node):
    return getattr(node, "value", "")


def _is_call(node) -> bool:
    return (
        node.type in ("atom_expr", "power")
        and node.children[-1].type == "trailer"
        and node.children[-1].children[0].value == "("
    )


def _name_called(trailer) -> str:
    before = trailer.get_previous_sibling()
    if before is None:
        return ""
    return _value(before.get_last_leaf())


OURS = {each.__name__: each for each in (RemoveCall, DropCondition, SwapIn, Negate)}
_COMPARED = "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Is_IsNot IsNot_Is"
_COMPUTED = "Add_Sub Sub_Add Mul_FloorDiv FloorDiv_Mul BitOr_BitAnd BitAnd_BitOr"
OPERATORS = [
    *(f"core/ReplaceComparisonOperator_{pair}" for pair in _COMPARED.split()),
    *(f"core/ReplaceBinaryOperator_{pair}" for pair in _COMPUTED.split()),
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceBreakWithContinue",
    "core/ReplaceContinueWithBreak",
    "core/ExceptionReplacer",
    "core/ZeroIterationForLoop",
    "core/NumberReplacer",
    *OURS,
]


def operator(name: str) -> Operator:
    return OURS[name]() if name in OURS else plugins.get_operator(name)()
