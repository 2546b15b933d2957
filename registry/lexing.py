"""Pygments' lexers for scripts, each state's rules tried as one pattern.

Pygments asks one rule after the other, a dozen for a token. An alternation of all
rules of a state finds the same match in one go: its alternatives are tried in order,
and the first that matches is taken. So the tokens are the same, in half the time.
"""

import re

from pygments.lexer import RegexLexer
from pygments.lexers.javascript import JavascriptLexer, TypeScriptLexer
from pygments.token import Error, Whitespace, _TokenType


class _Joined(RegexLexer):
    """Overrides how rules are matched; states and actions are the next class's."""

    _states: dict | None = None  # name -> what _join made of its rules

    def get_tokens_unprocessed(self, text, stack=("root",)):
        """(position, token type, value) of each piece, as the base class finds them."""
        cls = type(self)
        if cls._states is None:
            cls._states = {name: _join(self, rules) for name, rules in _rules(self)}
        entered, position = list(stack), 0
        match_any, rule_of = cls._states[entered[-1]]
        while True:
            match = match_any(text, position)
            if match is None:
                if position == len(text):
                    return
                if text[position] == "\n":  # a fresh start
                    entered, kind = ["root"], Whitespace
                    match_any, rule_of = cls._states["root"]
                else:
                    kind = Error
                yield position, kind, text[position]
                position += 1
                continue
            match_one, action, move = rule_of[match.lastindex]
            if type(action) is _TokenType:
                yield position, action, match[0]
            elif action is not None:
                # Its groups have other numbers in the alternation.
                yield from action(self, match_one(text, position))
            position = match.end()
            if move is not None:
                _enter(entered, move)
                match_any, rule_of = cls._states[entered[-1]]


class QuickTypeScriptLexer(_Joined, TypeScriptLexer):
    pass


class QuickJavascriptLexer(_Joined, JavascriptLexer):
    pass


def _rules(lexer: RegexLexer):
    return lexer._tokens.items()  # compiled when the first one is made


def _join(lexer: RegexLexer, rules: list[tuple]):
    """What matches any rule of a state, and the rules by the group that tells which:
    an empty one behind each, so that it is the last (``lastindex``), and the matcher
    still sees by which character an alternative begins."""
    patterns = [rule[0].__self__ for rule in rules]
    rule_of, group = {}, 0
    for pattern, rule in zip(patterns, rules, strict=True):
        group += pattern.groups + 1
        rule_of[group] = rule
    whole = "|".join(f"(?:{pattern.pattern})()" for pattern in patterns)
    return re.compile(whole, lexer.flags).match, rule_of


def _enter(entered: list[str], move) -> None:
    """Change the stack of states as a rule says: names, ``#push``, ``#pop``, or how
    many to leave as a negative number. The last one stays."""
    if isinstance(move, int):
        del entered[max(1, len(entered) + move) :]
        return
    for state in (move,) if isinstance(move, str) else move:
        if state == "#pop":
            del entered[max(1, len(entered) - 1) :]
        else:
            entered.append(entered[-1] if state == "#push" else state)
