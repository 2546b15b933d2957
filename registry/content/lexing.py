"""Pygments' TypeScript and JavaScript lexers, made four times as fast.

Pygments tries the rules of a state one after another, about twelve per token. Here the
rules of a state are joined into one alternation. It finds the same match, because
alternatives are tried in order. Tokens that repeat are cached if their type can't
depend on the surrounding text. The tokens are those of Pygments.
"""

import re

from pygments.lexer import RegexLexer
from pygments.lexers.javascript import JavascriptLexer, TypeScriptLexer
from pygments.token import Error, Whitespace, _TokenType

# QUICK matches tokens whose type depends only on their text, in these states: a whole
# word or number, a bracket, an operator, white space.
QUICK_STATES = {"root", "interp-inside", "slashstartsregex"}
QUICK = re.compile(
    r"(?<!\w)(?!(?:module|super)\b)[A-Za-z_][A-Za-z0-9_]*+"
    r"(?![\w$\\]|[^\x00-\x7f]|[\w?.$]*+(?:\s*+:|\(\) \{))"
    r"|(?<!\w)[0-9][A-Za-z0-9_]*+(?![\w?.$\\]|[^\x00-\x7f]|\s*+:)"
    r"|\.(?![.0-9]|[\w?.$]*+(?:\s*+:|\(\) \{))"
    r"|[{(\[;,})\]:~]"
    r"|(?<=\S)\s++"
    r"|(?:=>|[=!]==?+|&&|\|\||[=+*<>|&-])(?![=+*<>|&/!-])"
)
# Patterns of Pygments -> patterns that match the same in fewer steps.
FASTER = {
    r'"(\\\\|\\[^\\]|[^"\\])*"': r'"(?:[^"\\]++|\\\\|\\[^\\])*+"',
    r"'(\\\\|\\[^\\]|[^'\\])*'": r"'(?:[^'\\]++|\\\\|\\[^\\])*+'",
}
MAX_KNOWN = 5_000  # per state


class _JoinedRulesLexer(RegexLexer):
    """Matches rules as one alternation. A Pygments lexer after it in the MRO has the
    states and actions."""

    _states: dict | None = None  # name -> _State

    def get_tokens_unprocessed(self, text, stack=("root",)):
        """(position, token type, value) of each token, as the base class yields
        them."""
        position = 0
        for kind, value in self._pieces(text, stack):
            yield position, kind, value
            position += len(value)

    def get_tokens(self, text, unfiltered=False):
        """(token type, value) of each token. Filters are not supported."""
        return self._pieces(self._preprocess_lexer_input(text))

    def _pieces(self, text, stack=("root",)):
        cls = type(self)
        if cls._states is None:
            cls._states = {name: _State(self, name) for name in self._tokens}
        states, entered, position = cls._states, list(stack), 0
        state, found = states[entered[-1]], None
        while True:
            quick = QUICK.match(text, position) if state.is_quick else None
            while quick is not None:
                found = state.known.get(value := quick[0])
                if found is None:
                    break
                kind, move = found
                if move is not None:
                    _enter(entered, move)
                    state = states[entered[-1]]
                if kind is not None:
                    yield kind, value
                    position = quick.end()
                    quick = QUICK.match(text, position) if state.is_quick else None
                elif not state.is_quick:
                    quick = None
            match = state.match(text, position)
            if match is None:
                if position == len(text):
                    return
                if text[position] == "\n":  # as Pygments does: start anew
                    entered, kind = ["root"], Whitespace
                    state = states["root"]
                else:
                    kind = Error
                yield kind, text[position]
                position += 1
                continue
            match_one, action, move = state.rule_of[match.lastindex]
            if quick is not None:
                state.learn(quick, match, action, move)
            if type(action) is _TokenType:
                yield action, match[0]
            elif action is not None:
                # Match again with the rule alone: the alternation numbers its groups
                # differently.
                for _, kind, value in action(self, match_one(text, position)):
                    yield kind, value
            position = match.end()
            if move is not None:
                _enter(entered, move)
                state = states[entered[-1]]


class _State:
    """The alternation of a state's rules, and which rule each group number stands for.

    An empty group follows each rule, so ``lastindex`` tells which rule matched. A group
    around the rule would hide its first character from the matcher's optimisation.
    """

    def __init__(self, lexer: RegexLexer, name: str):
        rules = lexer._tokens[name]  # Pygments compiles them with the first instance
        patterns = [rule[0].__self__.pattern for rule in rules]
        patterns = [FASTER.get(pattern, pattern) for pattern in patterns]
        self.rule_of, group = {}, 0
        for pattern, rule in zip(patterns, rules, strict=True):
            group += re.compile(pattern, lexer.flags).groups + 1
            self.rule_of[group] = rule
        whole = "|".join(f"(?:{pattern})()" for pattern in patterns)
        self.match = re.compile(whole, lexer.flags).match
        self.is_quick = name in QUICK_STATES
        # Text matched by QUICK -> its token type (None: matches no text) and its move.
        self.known: dict[str, tuple] = {}

    def learn(self, quick: re.Match, match: re.Match, action, move) -> None:
        """Cache how a match of QUICK was handled, if all or none of its text was
        taken."""
        is_whole = type(action) is _TokenType and match.end() == quick.end()
        is_left = action is None and match.end() == match.start()
        if (is_whole or is_left) and len(self.known) < MAX_KNOWN:
            self.known[quick[0]] = action, move


class QuickTypeScriptLexer(_JoinedRulesLexer, TypeScriptLexer):
    pass


class QuickJavascriptLexer(_JoinedRulesLexer, JavascriptLexer):
    pass


def _enter(entered: list[str], move) -> None:
    """Change the stack of states by a rule's move: state names, ``#push``, ``#pop``, or
    minus the number of states to pop. The last state stays."""
    if type(move) is int:
        del entered[max(1, len(entered) + move) :]
        return
    for state in (move,) if type(move) is str else move:
        if state[0] != "#":
            entered.append(state)
        elif state == "#pop":
            del entered[max(1, len(entered) - 1) :]
        else:  # "#push"
            entered.append(entered[-1])
