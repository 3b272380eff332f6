r"""Read the formulas that the pages print, and compute with them: a calculator for the part of LaTeX they use.

Letters are names, side by side they are multiplied; `\sin 2 \pi x` takes the product for its argument. A name takes its
subscript along where it is known with it (`\beta_1`); otherwise the subscript is the place in a sequence (`x_{t-1}`),
which the names hold as a function of the place under `x_`.
"""

from __future__ import annotations

import math
import operator
import re
from collections import ChainMap
from collections.abc import Callable, Mapping

TOKEN = re.compile(r"\\\\(?:\[\w+\])?|\\[A-Za-z]+|\d+\.?\d*|[^\s\\]|\\.")
THIN = {r"\,", r"\;"}
TIMES = "times"
"""A thin space between two factors: it ends the argument of a function."""
FACTOR = re.compile(r"[A-Za-z(|\d.]+|\\(?!quad|qquad|le\b|ge\b|ne\b|in\b|bmod|end|rfloor|rbar)[A-Za-z]+")
SPACES = {r"\ ", r"\!", r"\left", r"\right", r"\displaystyle", r"\textstyle", "&&"}
ACCENTS = {r"\hat", r"\bar", r"\tilde"}
COMPARE = {"<": operator.lt, ">": operator.gt, r"\le": operator.le, r"\ge": operator.ge, r"\ne": operator.ne}
FUNCTIONS: dict[str, Callable] = {
    r"\sin": math.sin, r"\cos": math.cos, r"\tanh": math.tanh, r"\ln": math.log, r"\log": math.log,
    "sign": lambda v: (v > 0) - (v < 0), "erf": math.erf,
}  # fmt: skip
CALLED = {r"\sigma", r"\Phi", r"\ell", "f", "g", "c"}
"""Names that are functions where a parenthesis follows; after all others it is a factor."""
CONSTANTS = {r"\pi": math.pi, "e": math.e}
SEPARATORS = {r"\qquad", r"\quad", ","}
Value = Callable[[Mapping], float]


def statements(latex: str) -> list[Statement]:
    """Return the statements of a printed formula, in their order."""
    return [Statement(tokens) for tokens in _statements(_tokens(latex)) if tokens]


class Statement:
    """One statement, such as `x_t = x_{t-1} - \\eta\\,g_t`: its sides and the signs between them."""

    def __init__(self, tokens: list[str]):
        if tokens[0] == "(" and tokens[-1] == ")" and "=" in tokens:
            tokens = tokens[1:-1]
        self.signs = [t for t in _outside(tokens) if t in ("=", r"\leftarrow", r"\approx", r"\sim")]
        sides: list[list[str]] = [[]]
        depth = 0
        for token in tokens:
            depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
            if depth == 0 and token in ("=", r"\leftarrow", r"\approx", r"\sim"):
                sides.append([])
            else:
                sides[-1].append(token)
        self.sides = sides

    @property
    def name(self) -> tuple[str, str]:
        """What the left side names, and its subscript."""
        name, index = _Reader(self.sides[0]).name()
        return name, "".join(index)

    def right(self, which: int = -1) -> Value:
        """Return a side of it as a function of the names."""
        return read(self.sides[which])


def read(latex: str | list[str]) -> Value:
    """Return a function that computes an expression from the values of its names."""
    reader = _Reader(_tokens(latex) if isinstance(latex, str) else latex)
    value = reader.comparison()
    assert reader.at == len(reader.tokens), f"cannot read {reader.tokens[reader.at :]} of {latex}"
    return value


def _tokens(latex: str) -> list[str]:
    latex = re.sub(
        r"\\text\{[^}]*\}", lambda m: m[0] if m[0] in (r"\text{in}", r"\text{out}", r"\text{best}") else "", latex
    )
    latex = re.sub(r"\\text\{(\w+)\}", r"\\text\1", latex)
    latex = re.sub(r"\\operatorname\{(\w+)\}", r"\\\1", latex)
    latex = re.sub(r"\\[td]?frac", r"\\frac", latex)
    latex = re.sub(r"\\frac\s*(\d)\s*(\d|[A-Za-z])", r"\\frac{\1}{\2}", latex)
    latex = re.sub(r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{", latex)
    latex = re.sub(r"\\sqrt\s*(\d)", r"\\sqrt{\1}", latex)
    latex = latex.replace(r"\left|", r"\lbar ").replace(r"\right|", r"\rbar ")
    found: list[str] = []
    for token in [t for t in TOKEN.findall(latex) if t not in SPACES]:
        if found and found[-1] == TIMES and not FACTOR.fullmatch(token):
            found.pop()
        if token not in THIN:
            found.append(token)
        elif found and (FACTOR.fullmatch(found[-1]) or found[-1] in (")", "]", "}")):
            found.append(TIMES)
    return found


def _outside(tokens: list[str]) -> list[str]:
    depth, found = 0, []
    for token in tokens:
        depth += (token in ("(", "[", "{", r"\begin")) - (token in (")", "]", "}", r"\end"))
        if depth == 0:
            found.append(token)
    return found


def _statements(tokens: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    depth = 0
    for k, token in enumerate(tokens):
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        depth += (token == r"\begin") - (tokens[k - 1] == r"\end" if k else False)
        if depth == 0 and (token in SEPARATORS or token.startswith("\\\\")):
            found.append([])
        else:
            found[-1].append(token)
    return found


class _Reader:
    """Reads tokens from left to right; every method returns a function of the names."""

    def __init__(self, tokens: list[str]):
        self.tokens, self.at, self.bars = tokens, 0, 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str | None = None) -> str:
        found = self.next
        assert token in (None, found), f"expected {token}, found {self.tokens[self.at :]}"
        self.at += 1
        return found

    def comparison(self) -> Value:
        sides, signs = [self.sum()], []
        while self.next in COMPARE:
            signs.append(COMPARE[self.take()])
            sides.append(self.sum())
        if not signs:
            return sides[0]
        return lambda env: all(sign(a(env), b(env)) for sign, a, b in zip(signs, sides, sides[1:], strict=False))

    def sum(self) -> Value:
        total = self.product()
        while self.next in ("+", "-"):
            sign, left, right = self.take(), total, self.product()
            total = _both(operator.add if sign == "+" else operator.sub, left, right)
        return total

    def product(self) -> Value:
        if self.next == "-":
            self.take()
            inner = self.product()
            return lambda env: -inner(env)
        value = self.power()
        while True:
            if self.next == TIMES:
                self.take()
                value = _both(operator.mul, value, self.power())
            elif self.next in ("/", r"\bmod"):
                value = _both(operator.truediv if self.take() == "/" else operator.mod, value, self.power())
            elif self.begins(functions=True):
                value = _both(operator.mul, value, self.power())
            else:
                return value

    def begins(self, functions: bool) -> bool:
        """Say whether a factor may begin here."""
        token = self.next
        if token == TIMES:
            return False
        if token == "|":
            return not self.bars
        closing = (
            ")",
            "]",
            "}",
            "+",
            "-",
            "/",
            ",",
            "=",
            "&",
            "^",
            "_",
            "",
            r"\rfloor",
            r"\rbar",
            r"\bmod",
            r"\end",
            ":",
        )
        if token in closing or token in COMPARE or token.startswith("\\\\") or token in SEPARATORS:
            return False
        return functions or token.lstrip("\\") not in {name.lstrip("\\") for name in FUNCTIONS}

    def power(self) -> Value:
        value = self.primary()
        if self.next == "^":
            self.take()
            value = _both(_power, value, self.argument())
        return value

    def argument(self) -> Value:
        """One token or a group in braces."""
        if self.next == "{":
            self.take()
            value = self.comparison()
            self.take("}")
            return value
        alone = _Reader([self.take()])
        return alone.primary()

    def group(self, closing: str) -> Value:
        bars, self.bars = self.bars, 0
        self.take()
        value = self.comparison()
        self.take(closing)
        self.bars = bars
        return value

    def primary(self) -> Value:
        token = self.next
        if re.match(r"\d", token):
            return _constant(_number(self.take()))
        if token in ("(", "[", "{"):
            return self.group({"(": ")", "[": "]", "{": "}"}[token])
        if token in ("|", r"\lbar"):
            self.take()
            self.bars += token == "|"
            inner = self.sum()
            self.take("|" if token == "|" else r"\rbar")
            self.bars -= token == "|"
            return lambda env: abs(inner(env))
        if token == r"\lfloor":
            inner = self.group(r"\rfloor")
            return lambda env: math.floor(inner(env))
        if token == r"\frac":
            self.take()
            return _both(operator.truediv, self.argument(), self.argument())
        if token == r"\sqrt":
            self.take()
            inner = self.argument()
            return lambda env: _power(inner(env), 0.5)
        if token == r"\begin":
            return self.cases()
        if token in (r"\sum", r"\prod"):
            return self.over()
        if token in (r"\max", r"\min"):
            return self.extreme()
        for name, function in FUNCTIONS.items():
            if token.lstrip("\\") == name.lstrip("\\") and token.startswith("\\"):
                return self.called(function)
        return self.variable()

    def called(self, function: Callable) -> Value:
        self.take()
        exponent = None
        if self.next == "^":
            self.take()
            exponent = self.argument()
        if self.next == "(":
            inner = self.group(")")
        else:
            inner = self.power()
            while self.begins(functions=False) and self.next not in ("(", r"\begin"):
                inner = _both(operator.mul, inner, self.power())
        if exponent is None:
            return lambda env: function(inner(env))
        return lambda env: function(inner(env)) ** exponent(env)

    def extreme(self) -> Value:
        best = max if self.take() == r"\max" else min
        if self.next == "_":
            self.take()
            self.take("{")
            running = self.take()
            self.take(r"\le")
            last = self.sum()
            self.take("}")
            inner = self.power()
            return lambda env: best(inner(ChainMap({running: k}, env)) for k in range(1, int(last(env)) + 1))
        self.take("(")
        values = [self.comparison()]
        while self.next == ",":
            self.take()
            values.append(self.comparison())
        self.take(")")
        return lambda env: best(value(env) for value in values)

    def over(self) -> Value:
        """A sum or a product over a running index, of the factors that follow."""
        combine = sum if self.take() == r"\sum" else math.prod
        self.take("_")
        self.take("{")
        running = self.take()
        self.take("=")
        first = self.sum()
        self.take("}")
        self.take("^")
        last = self.argument()
        inner = self.product()
        return lambda env: combine(
            inner(ChainMap({running: k}, env)) for k in range(int(first(env)), int(last(env)) + 1)
        )  # type: ignore[operator]

    def cases(self) -> Value:
        for token in (r"\begin", "{", *"cases", "}"):
            self.take(token)
        rows: list[tuple[Value, Value]] = []
        while self.next != r"\end":
            value = self.comparison()
            self.take("&")
            holds = _constant(True) if self.next.startswith("\\\\") or self.next == r"\end" else self.comparison()
            rows.append((value, holds))
            if self.next.startswith("\\\\"):
                self.take()
        for token in (r"\end", "{", *"cases", "}"):
            self.take(token)
        return lambda env: next(value(env) for value, holds in rows if holds(env))

    def name(self) -> tuple[str, list[str]]:
        """Return a name with its accent and a superscript that is a word, and the tokens of its subscript."""
        name = self.take()
        if name in ACCENTS or name == r"\overline":
            name += " " + (self.take() if self.next != "{" else "".join(self.braces()))
        for mark in (["^", "{", r"\max", "}"], ["^", "+"], ["^", "-"]):
            if self.tokens[self.at : self.at + len(mark)] == mark:
                self.at += len(mark)
                name += "".join(mark)
        index: list[str] = []
        if self.next == "_":
            self.take()
            index = self.braces() if self.next == "{" else [self.take()]
        return name, index

    def braces(self) -> list[str]:
        self.take("{")
        begin, depth = self.at, 1
        while depth:
            depth += (self.next == "{") - (self.next == "}")
            self.take()
        return self.tokens[begin : self.at - 1]

    def variable(self) -> Value:
        token = self.next
        assert re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", token), f"cannot read {self.tokens[self.at :]}"
        name, index = self.name()
        whole = name + ("_" + "".join(index) if index else "")
        arguments = self.tuple() if self.next == "(" and whole in CALLED else None
        place = read(index) if index and re.fullmatch(r"[ti\dk+\-_]+", "".join(index)) else None

        def value(env):
            if arguments:
                return env[whole](*(argument(env) for argument in arguments))
            if whole in env:
                return env[whole]
            if place and name + "_" in env:
                return env[name + "_"](int(place(env)), env)
            if whole in CONSTANTS:
                return CONSTANTS[whole]
            raise KeyError(f"{whole} is explained nowhere")

        return value

    def tuple(self) -> list[Value]:
        self.take("(")
        values = [self.comparison()]
        while self.next == ",":
            self.take()
            values.append(self.comparison())
        self.take(")")
        return values


def _number(text: str) -> float:
    return int(text) if text.isdigit() else float(text)


def _constant(value) -> Value:
    return lambda env: value


def _both(what: Callable, left: Value, right: Value) -> Value:
    return lambda env: what(left(env), right(env))


def _power(base, exponent):
    if isinstance(base, float | int) and base < 0 and exponent != int(exponent):
        return math.nan
    return base**exponent
