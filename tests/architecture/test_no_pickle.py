"""Nothing that executes data: no pickle, no eval, no loaders that hide one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve"}
BANNED_MODULES |= {"marshal", "jsonpickle"}
BANNED_NAMES = {"eval", "exec", "compile", "__import__"}
# Loader -> keyword and the value that it must be given as a literal.
NEEDS_KEYWORD = {("torch", "load"): ("weights_only", True), ("np", "load"): ("allow_pickle", False)}
NEEDS_KEYWORD[("numpy", "load")] = ("allow_pickle", False)
BANNED_CALLS = {("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load"), ("torch", "save")}
BANNED_CALLS |= {("np", "save"), ("numpy", "save"), ("pd", "read_pickle"), ("os", "system")}


def faults_in(source):
    """Return line and reason of each banned construct."""
    return [
        (node.lineno, reason)
        for node in ast.walk(ast.parse(source))
        if (reason := _fault_of(node)) is not None
    ]


def _fault_of(node):
    if isinstance(node, ast.Import):
        names = [alias.name.split(".")[0] for alias in node.names]
        return next((f"import {name}" for name in names if name in BANNED_MODULES), None)
    if isinstance(node, ast.ImportFrom):
        root = (node.module or "").split(".")[0]
        names = {alias.name for alias in node.names}
        if root in BANNED_MODULES:
            return f"import {root}"
        loaders = {pair for pair in (*NEEDS_KEYWORD, *BANNED_CALLS) if pair[0] == root}
        return next((f"import {root}.{name}" for _, name in loaders if name in names), None)
    if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
        is_off = isinstance(node.value, ast.Constant) and node.value.value is False
        return None if is_off else "allow_pickle"
    if isinstance(node, ast.Call):
        return _fault_of_call(node)
    return None


def _fault_of_call(node):
    if isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in BANNED_NAMES else None
    if not (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)):
        return None
    pair = (node.func.value.id, node.func.attr)
    if pair in BANNED_CALLS:
        return ".".join(pair)
    if pair in NEEDS_KEYWORD:
        keyword, value = NEEDS_KEYWORD[pair]
        given = {
            item.arg: item.value.value
            for item in node.keywords
            if isinstance(item.value, ast.Constant)
        }
        return (
            None if given.get(keyword) is value else f"{'.'.join(pair)} without {keyword}={value}"
        )
    return None


def test_no_module_executes_data():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {reason}"
        for folder in ("src", "examples", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, reason in faults_in(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, dill as d",
        "from joblib import load",
        "eval('1')",
        "exec(code)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=flag)",
        "from torch import load",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "reader.load(path, allow_pickle=flag)",
        "yaml.load(text)",
        "torch.save(state, path)",
    ],
)
def test_each_banned_construct_is_found(source):
    assert len(faults_in(source)) >= 1


@pytest.mark.parametrize(
    "source",
    [
        "network.eval()",
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=False)",
        "json.load(stream)",
    ],
)
def test_allowed_constructs_pass(source):
    assert faults_in(source) == []
