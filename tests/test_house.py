"""Rules of the house that no tool checks: what sources may not contain, and that settings are explained."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("core", "surfaces", "teaching", "ui", "pages")
LESSONS = sorted(path.parent.name for path in (ROOT / "pages").glob("*/lesson.py"))


def sources(*folders: str) -> list[Path]:
    """List the Python files of these folders, and app.py."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return found + [path for path in [ROOT / "app.py"] if path.exists()]


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file of the project with its text; nothing generated, nothing installed."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name in (".ci", ".streamlit") or name[0] not in "._"]
        for path in (Path(folder, name) for name in names):
            if path.suffix not in {".png", ".gif", ".mo", ".npz"}:
                yield path, path.read_text(errors="replace")


def name_of(node: ast.AST) -> str:
    """Return the dotted name that a node reads, or an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}".lstrip(".")
    return ""


def imported(tree: ast.AST) -> set[str]:
    """Return the top-level modules that a source imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


# Called on text that a visitor typed, each of these has run code or hung the process.
EVALUATORS = {"eval", "exec", "compile", "sympify", "parse_expr", "lambdify", "literal_eval"}
# This file alone may: it builds kernels out of the project's own formulas, and never sees a visitor's text.
BUILDER = ROOT / "core" / "engine" / "kernels.py"
# Two sessions in a parallel kernel end the process with Numba's default threading layer; so does a fork.
PARALLEL = {"prange", "fork", "forkpty"}


def forbidden(tree: ast.AST) -> Iterator[str]:
    """Name every forbidden thing in a syntax tree, with its line."""
    for node in ast.walk(tree):
        last = name_of(node).rpartition(".")[2] if isinstance(node, (ast.Name, ast.Attribute)) else ""
        if last in PARALLEL:
            yield f"line {node.lineno}: {last}"  # type: ignore[attr-defined]
        if isinstance(node, ast.Call):
            called = name_of(node.func)
            if called.rpartition(".")[2] in EVALUATORS and called != "re.compile":
                yield f"line {node.lineno}: {called}"
            for word in node.keywords:
                if word.arg == "parallel" and getattr(word.value, "value", True):
                    yield f"line {node.lineno}: parallel="
    for module in imported(tree) & {"multiprocessing", "numexpr", "asteval"}:
        yield f"import of {module}"


@pytest.mark.parametrize("path", sources(*FLOORS), ids=lambda path: str(path.relative_to(ROOT)))
def test_source_holds_nothing_forbidden(path: Path) -> None:
    allowed = {"exec", "compile"} if path == BUILDER else set()
    found = list(forbidden(ast.parse(path.read_text())))
    assert [finding for finding in found if finding.rpartition(" ")[2] not in allowed] == []


@pytest.mark.parametrize(
    "text",
    [
        "@njit(parallel=True)\ndef f(): ...",
        "for i in numba.prange(3): ...",
        "prange(3)",
        "os.fork()",
        "eval(typed)",
        "sympy.sympify(typed)",
        "import multiprocessing",
    ],
)
def test_forbidden_things_are_found(text: str) -> None:
    assert list(forbidden(ast.parse(text)))


def test_pages_and_app_leave_compiling_to_the_core() -> None:
    for path in sources("pages", "ui"):
        assert not imported(ast.parse(path.read_text())) & {"numba", "llvmlite"}, path


# Streamlit defines the functions of a page anew in every run, and their memory with them; `ui.kept` stays.
FORGETFUL = {"cache", "lru_cache", "cached_property"}


def forgetful(tree: ast.AST) -> set[str]:
    """Return the caches of functools that a source names, however it spells them."""
    nodes = list(ast.walk(tree))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return names & FORGETFUL


def test_pages_remember_in_the_one_memory() -> None:
    """What is drawn or claimed is remembered by core.memory, which computes nothing twice for two visitors."""
    for path in sources("pages"):
        if path.name not in ("measure.py", "experiments.py"):  # surfaces and data that are made in no time
            assert not forgetful(ast.parse(path.read_text())), path


@pytest.mark.parametrize(
    "text",
    [
        "from functools import lru_cache",
        "from functools import cache as remember",
        "import functools as f\n@f.lru_cache(maxsize=2)\ndef g(): ...",
        "x = functools.cached_property(f)",
    ],
)
def test_forgetful_caches_are_found(text: str) -> None:
    assert forgetful(ast.parse(text))


def modules(tree: ast.AST) -> set[str]:
    """Return the dotted names of the modules that a source imports from."""
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def test_lessons_are_independent_of_one_another() -> None:
    for lesson in LESSONS:
        others = {f"pages.{other}" for other in LESSONS if other != lesson}
        for path in sorted((ROOT / "pages" / lesson).rglob("*.py")):
            taken = {name for name in modules(ast.parse(path.read_text())) if ".".join(name.split(".")[:2]) in others}
            assert not taken, path


ADDRESS = re.compile(r"(?:https?|wss?)://([^\s/:\"'`)>}\]]+)")
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


def loads_from(text: str) -> set[str]:
    """Return the foreign hosts that a text names in an address."""
    return {host for host in ADDRESS.findall(text) if host not in LOOPBACK}


# A reader may follow a link to a paper; nothing on a page may load from one.
CITED = {"arxiv.org", "doi.org", "jmlr.org", "www.jmlr.org", "proceedings.mlr.press", "openreview.net",
         "docs.pytorch.org", "pytorch.org", "www.w3.org", "www.sfu.ca", "distill.pub", "en.wikipedia.org",
         "www.cs.toronto.edu"}  # fmt: skip


@pytest.mark.parametrize("folder", [*FLOORS, ".streamlit"])
def test_sources_name_no_foreign_host(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in {".py", ".js", ".css", ".html", ".toml"}:
            assert loads_from(path.read_text()) <= CITED, path


def test_foreign_hosts_are_found() -> None:
    assert loads_from('@import "https://fonts.example/css"; ws://localhost:8501/ http://127.0.0.1/') == {
        "fonts.example"
    }


def test_scripts_load_nothing_from_elsewhere() -> None:
    """JavaScript and style sheets may not even cite: what they name in an address is fetched."""
    for path, text in texts():
        if path.suffix in {".js", ".css"}:
            assert loads_from(text) <= {"www.w3.org"}, path


def test_no_file_names_a_machine() -> None:
    private = re.compile(r"/(?:home|Users|root|work)/\w")
    for path, text in texts():
        if path != Path(__file__):
            assert not private.search(text), path


def test_every_setting_has_its_reason() -> None:
    for line in (ROOT / ".streamlit/config.toml").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert re.search(r"\s# \S.{8,}$", line), line


def test_requirements_are_hashed_and_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][\w.-]*==.*$", text, re.MULTILINE)
        assert pins
        assert all(pin.endswith("\\") for pin in pins)  # its hashes follow
        assert "://" not in text
        assert "index-url" not in text


def test_every_requirement_is_pinned() -> None:
    for name in ("requirements", "requirements-dev"):
        wanted = re.findall(r"^([a-z][\w.-]*)", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
        pinned = set(re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / f"{name}.txt").read_text(), re.MULTILINE))
        assert set(wanted) <= pinned


def test_import_rule_is_in_force() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    assert contracts["floors"]["layers"] == ["pages", "ui", "teaching", "surfaces", "core"]
    assert set(contracts["quiet-below"]["forbidden_modules"]) == {"streamlit", "plotly"}
    assert set(contracts["quiet-lessons"]["source_modules"]) == {"pages.*.measure", "pages.*.claims"}
    assert contracts["engine-alone"]["source_modules"] == ["core.engine"]
    allowed = contracts["one-compiler"]["ignore_imports"]
    assert {line.split(" -> ")[0] for line in allowed} == {"core.engine.kernels", "core.engine.elementary"}
    assert contracts["single-optimizers"]["type"] == "independence"
