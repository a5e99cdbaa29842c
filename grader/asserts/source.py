"""Which frameworks a submission uses: the source scan, and what follows from it.

The scan itself (`source_probes/`) runs in a confined worker, because a submission's source is never parsed here; it gives facts, which
are judged here. A scan never fails a comment, a docstring or a string that merely names a framework, nor a module of the student's own
that has a framework's name and is imported relatively.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from grader.asserts.prober import Prober
from grader.asserts.values import fail
from grader.faults import StudentFault
from grader.model.submission import PACKAGE

PROBES = Path(__file__).with_name("source_probes")
"""What the worker that scans is started with."""

_FRAMEWORK_NAMES = """
    torch torchvision torchaudio torchtext functorch pytorch_lightning lightning ignite skorch fastai tensorflow tensorflow_core
    tf_keras tflite_runtime keras keras_core tensorlayer tflearn sonnet jax jaxlib flax haiku optax equinox autograd sklearn
    scipy cupyx.scipy theano aesara pytensor lasagne mxnet paddle chainer chainerx cntk caffe caffe2 dynet tinygrad minitorch
    micrograd dezero mlx mindspore oneflow jittor megengine onnx onnxruntime transformers xgboost lightgbm statsmodels triton
"""
FRAMEWORKS = frozenset(_FRAMEWORK_NAMES.split())
"""Top-level names of what a submission is to be written without, as far as they are known."""
ALLOWED = frozenset({"__main__", "numpy", "cupy", "cupyx", "cupy_backends", "matplotlib", "mpl_toolkits", "pylab", "pytest", PACKAGE})
"""Beside the standard library; pytest for the tests that a student keeps in the package."""

_MOST_BYTES = 8 << 20
"""Source scanned in one run; a submission has a hundredth of it."""
_LICENCE_BYTES = 3_000
_FINGERPRINT_SIZE = 4
_LICENCE_WEIGHT = 2
_FINGERPRINTS: dict[str, tuple[str, frozenset[str]]] = {
    # Names that the project's own source is full of and that nobody writes by chance; several together are a copy.
    name: (licence, frozenset(words.split()))
    for name, licence, words in (
        (
            "torch",
            r"Facebook|Meta Platforms|PyTorch",
            "__torch_function__ has_torch_function handle_torch_function has_torch_function_unary has_torch_function_variadic _ConvNd _VF "
            "_NormBase _DropoutNd _load_from_state_dict _register_state_dict_hook _named_members _reverse_repeat_tuple TensorBase "
            "_ContextMethodMixin once_differentiable _multi_tensor_adam _single_tensor_adam _single_tensor_sgd UninitializedParameter",
        ),
        (
            "tensorflow",
            r"TensorFlow Authors|Keras Authors",
            "keras_export tf_export _keras_history KerasTensor smart_cond doc_controls deserialize_keras_object _keras_api gen_nn_ops "
            "RegisterGradient IndexedSlices convert_to_tensor_v2_with_dispatch add_dispatch_support EagerTensor dispatch_for_api",
        ),
        (
            "jax",
            r"JAX Authors",
            "ShapedArray defjvp_all JVPTracer primitive_batchers ad_util def_abstract_eval standard_primitive custom_vjp_call_p ad_p "
            "xla_call_p BatchTracer linear_transpose instantiate_zeros AbstractValue partial_eval_jaxpr ClosedJaxpr def_impl",
        ),
        (
            "autograd",
            r"President and Fellows of Harvard",
            "VJPNode JVPNode defvjp defjvp defvjp_argnums defvjp_argnum defjvp_argnums notrace_primitive VSpace ArrayVSpace ArrayBox "
            "SparseObject find_top_boxed_args trace_stack wrap_namespace nograd_functions unbroadcast_f register_notrace deprecated_defvjp",
        ),
        (
            "sklearn",
            r"scikit-learn developers",
            "_parameter_constraints _fit_context _more_tags safe_sparse_dot "
            "_safe_indexing BaseMultilayerPerceptron DERIVATIVES inplace_relu_derivative _compute_loss_grad StochasticOptimizer",
        ),
        (
            "scipy",
            r"SciPy Developers|Enthought",
            "_valfrommode _bvalfromboundary _inputs_swap_needed _init_freq_conv_axes _freq_domain_conv _apply_conv_mode _numeric_arrays "
            "_fftconv_faster choose_conv_method _conv_ops _timeit_fast _sigtools _nd_image _ni_support",
        ),
        (
            "tinygrad",
            r"the tiny corp|George Hotz",
            "LazyBuffer UOps UPat ScheduleItem MovementOps LoadOps TernaryOps lazydata CompiledRunner ShapeTracker PatternMatcher "
            "create_schedule graph_rewrite least_upper_dtype sum_acc_dtype canonicalize_device DTypeLike GroupOp _METADATA all_tensors",
        ),
        (
            "chainer",
            r"Preferred Infrastructure|Preferred Networks",
            "FunctionNode FunctionAdapter retain_inputs get_retained_inputs get_retained_outputs init_scope check_type_forward "
            "unchain_backward addgrads chainerx",
        ),
    )
}

Kind = Literal["framework", "third_party", "copy", "unscanned"]
_HOWS = {
    "import": "imports {name}",
    "call": "imports {name} by a call",
    "text": "runs a text that imports {name}",
    "modules": "takes {name} from sys.modules",
    "names": "looks like a copy of {name}'s own source",
    "unscanned": "can't be scanned: it is too large, or took too long to read",
}


@dataclass(frozen=True)
class Finding:
    """One thing in one file that the contract does not allow."""

    path: str
    """Relative to the workspace, `pytorchnano/layers.py`."""
    line: int
    """Counted from 1."""
    kind: Kind
    """framework, third_party (not allowed, no framework), copy (of a framework's source) or unscanned."""
    name: str
    """The import's top-level name, `torch`; empty for unscanned."""
    said: str
    """What the file does there: `imports torch`."""


@dataclass(frozen=True)
class Scan:
    """What the submission's source imports."""

    findings: tuple[Finding, ...]
    """By path and line."""
    imports: Mapping[str, tuple[str, ...]]
    """For each module of the package, which of its modules it imports."""
    packages: Mapping[str, frozenset[str]]
    """For each module of the package, the top-level names of what else it imports."""

    def frameworks_loaded_by(self, modules: Iterable[str]) -> tuple[Finding, ...]:
        """Framework imports in modules or anything of the package that they lead to, packages on the way included."""
        reached = self._reach(modules)
        return tuple(f for f in self.findings if f.kind in ("framework", "copy") and module_name(f.path) in reached)

    def packages_loaded_by(self, modules: Iterable[str]) -> frozenset[str]:
        """Top-level names of what modules import, and anything of the package that they lead to; an import in a function counts."""
        return frozenset[str]().union(*(self.packages.get(name, frozenset()) for name in self._reach(modules)))

    def _reach(self, modules: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        waiting = [parent for module in modules for parent in _with_parents(module)]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += [parent for imported in self.imports.get(name, ()) for parent in _with_parents(imported)]
        return reached


def scan(worker: Prober, files: Mapping[str, bytes]) -> Scan:
    """Scan every file of a workspace, the smallest first, in a worker that holds no student code.

    What can't be scanned (too large, too slow, the worker died of it) is a finding of its own; after a worker's end the rest is too.
    """
    modules = sorted(module_name(path) for path in files)
    words = sorted(set[str]().union(*(names for _, names in _FINGERPRINTS.values())))
    findings: list[Finding] = []
    imports: dict[str, tuple[str, ...]] = {}
    packages: dict[str, frozenset[str]] = {}
    left, alive = _MOST_BYTES, True
    for path, source in sorted(files.items(), key=lambda item: (len(item[1]), item[0])):
        left -= len(source)
        reply: _Reply | None = None
        if alive and left >= 0:
            try:
                reply = _read_reply(worker.probe("scan_file", path, source, modules, words), modules, words)
            except StudentFault:
                alive = False
        if reply is None or not reply.complete:
            findings.append(Finding(path, 1, "unscanned", "", _HOWS["unscanned"]))
        if reply is not None:
            findings += _judge_imports(path, reply, modules) + _judge_names(path, source, reply)
            imports[module_name(path)] = reply.own
            packages[module_name(path)] = frozenset(_top(name) for _, _, name in reply.imports)
    return Scan(tuple(sorted(findings, key=lambda f: (f.path, f.line, f.name))), imports, packages)


def assert_no_frameworks(scanned: Scan, loaded: Iterable[str] = ()) -> None:
    """Fail the check with the places where the submission uses what the contract forbids.

    `loaded` are the names in `sys.modules` of a worker after the submission's imports, where they are known.
    """
    present = sorted({_top(name) for name in loaded} & FRAMEWORKS)
    if not scanned.findings and not present:
        return
    frameworks = sorted({f.name for f in scanned.findings if f.kind in ("framework", "copy")} | set(present))
    others = sorted({f.name for f in scanned.findings if f.kind == "third_party"})
    said: list[str] = []
    if frameworks:
        said.append(f"The submission uses {', '.join(frameworks)}: the point is to write it yourself.")
    if others:
        said.append(f"The submission imports {', '.join(others)}, which is not among the imports that the contract allows.")
    if any(f.kind == "unscanned" for f in scanned.findings):
        said.append("A file of the submission can't be scanned for imports.")
    places = [f"{f.path}:{f.line} {f.said}" for f in scanned.findings]
    if present and not places:
        places = [f"importing the package loads {', '.join(present)}"]
    fail(
        " ".join(said),
        expected="imports of the standard library, NumPy, CuPy, and matplotlib for pictures",
        where="; ".join(places[:6]) + (f" and {len(places) - 6} more" if len(places) > 6 else ""),
        hint=_hint(scanned),
        facts={"findings": [asdict(finding) for finding in scanned.findings[:40]], "loaded": present},
    )


def module_name(path: str) -> str:
    """The dotted name of a workspace's file."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _hint(scanned: Scan) -> str:
    for finding in scanned.findings:
        if finding.kind == "framework" and f"{PACKAGE}.{finding.name}" in scanned.imports:
            return f"If you mean your own {finding.name}.py, write `from . import {finding.name}`."
    if any(f.kind == "unscanned" for f in scanned.findings):
        return "Keep numbers and data out of Python files, and split a long file."
    return "Remove the import, also where it stands in a try or in a function that is seldom called."


@dataclass(frozen=True)
class _Reply:
    imports: tuple[tuple[int, str, str], ...]
    own: tuple[str, ...]
    words: frozenset[str]
    complete: bool


def _read_reply(reply: Any, modules: list[str], words: list[str]) -> _Reply | None:
    """The worker's answer, where it is one: evidence of a process that read hostile text is looked at before it is used."""
    if not isinstance(reply, dict):
        return None
    answer = cast(dict[str, Any], reply)
    entries, own, met = answer.get("imports"), answer.get("own"), answer.get("words")
    if not (isinstance(entries, list) and isinstance(own, list) and isinstance(met, list)):
        return None
    imports: list[tuple[int, str, str]] = []
    for entry in cast(list[Any], entries):
        match entry:
            case [int(line), str(how), str(name)] if how in _HOWS and len(name) <= 300 and name.replace(".", "_").isidentifier():
                imports.append((line, how, name))
            case _:
                return None
    known = tuple(sorted(set(modules) & {name for name in cast(list[Any], own) if isinstance(name, str)}))
    used = frozenset(words) & {word for word in cast(list[Any], met) if isinstance(word, str)}
    return _Reply(tuple(imports), known, used, answer.get("complete") is True)


def _judge_imports(path: str, reply: _Reply, modules: list[str]) -> list[Finding]:
    found: dict[tuple[int, str, str], Finding] = {}
    for line, how, dotted in reply.imports:
        top = _top(dotted)
        name = dotted if dotted in FRAMEWORKS else top
        own = f"{PACKAGE}.{top}" in modules  # `import layers` for `from . import layers` has its own error at run time
        if name in FRAMEWORKS:
            kind: Kind = "framework"
        elif top in ALLOWED or top in sys.stdlib_module_names or own or how == "modules":
            continue
        else:
            kind = "third_party"
        found[line, how, name] = Finding(path, line, kind, name, _HOWS[how].format(name=name))
    return list(found.values())


def _judge_names(path: str, source: bytes, reply: _Reply) -> list[Finding]:
    """Recognise a copy of a framework's own source, whatever its name: several of the names that only it has, or fewer and its licence."""
    head = source[:_LICENCE_BYTES].decode("utf-8", "replace")
    found: list[Finding] = []
    for name, (holders, names) in _FINGERPRINTS.items():
        met = len(names & reply.words)
        if met and re.search(rf"(?i:copyright|licen[sc]e)[^\n]{{0,200}}(?:{holders})", head):
            met += _LICENCE_WEIGHT
        if met >= _FINGERPRINT_SIZE:
            found.append(Finding(path, 1, "copy", name, _HOWS["names"].format(name=name)))
    return found


def _top(dotted: str) -> str:
    return dotted.partition(".")[0]


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
