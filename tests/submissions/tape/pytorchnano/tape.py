"""An array with a gradient, and the operations the layers are written in.

Each operation gives a Node that knows its parents and a function `pull` from the
gradient at the result to the gradients at the parents. `Node.backward` visits the
nodes of one graph in reverse topological order, each once.
"""
import sys

import numpy as np


# ---------------------------------------------------------------- devices and checks

def module_of(array):
    """numpy or cupy, whichever the array belongs to."""
    if type(array).__module__.partition(".")[0] == "cupy":
        return sys.modules["cupy"]
    return np


def to_host(array):
    return array.get() if module_of(array) is not np else np.asarray(array)


def to_device_of(array, like, dtype=None):
    """`array` as an array of the kind of `like` (and of `dtype`, when given)."""
    xp = module_of(like)
    return xp.asarray(to_host(array) if xp is np else array, dtype=dtype)


def at_least(name, value, smallest):
    """Refuse a number below `smallest` (or one that is not a number at all)."""
    if not value >= smallest:
        raise ValueError(f"{name} must be at least {smallest}, but {value!r} was given.")
    return value


def unit_interval(name, value):
    if not 0 <= value < 1:
        raise ValueError(f"{name} must lie in [0, 1), but {value!r} was given.")
    return value


def pair(name, value, smallest):
    """An int or a pair as a pair of ints, both at least `smallest`."""
    values = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(values) != 2:
        raise ValueError(f"{name} must be a number or a pair, but {value!r} was given.")
    for entry in values:
        if not entry >= smallest:
            raise ValueError(f"{name} must be at least {smallest} in both directions, but {value!r} was given.")
    return int(values[0]), int(values[1])


# ---------------------------------------------------------------------------- the tape

def _fold_to(gradient, shape):
    """Undo broadcasting: sum the gradient down to `shape`."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if extra:
        gradient = gradient.sum(axis=tuple(range(extra)))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=stretched, keepdims=True) if stretched else gradient


def _data(value):
    return value.data if isinstance(value, Node) else value


class Node:
    """An array and, after `backward` on something computed from it, its gradient."""

    __slots__ = ("data", "grad", "parents", "pull")
    __array_ufunc__ = None  # array + node asks the node

    def __init__(self, data, parents=(), pull=None):
        self.data = data
        self.grad = None
        self.parents = parents
        self.pull = pull

    @property
    def shape(self):
        return self.data.shape

    # -- the backward run

    def _topological(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, finished = stack.pop()
            if finished:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                for parent in node.parents:
                    if id(parent) not in seen:
                        stack.append((parent, False))
        return order

    def backward(self, seed):
        order = self._topological()
        for node in order:
            node.grad = None
        self.grad = seed
        for node in reversed(order):
            if node.pull is None:
                continue
            for parent, share in zip(node.parents, node.pull(node.grad)):
                # never `+=`: the first share may be somebody else's array
                parent.grad = share if parent.grad is None else parent.grad + share

    # -- arithmetic with broadcasting

    def _binary(self, other, result, pull_self, pull_other):
        mine = self.data.shape
        if isinstance(other, Node):
            theirs = other.data.shape
            return Node(result, (self, other),
                        lambda g: (_fold_to(pull_self(g), mine), _fold_to(pull_other(g), theirs)))
        return Node(result, (self,), lambda g: (_fold_to(pull_self(g), mine),))

    def __add__(self, other):
        return self._binary(other, self.data + _data(other), lambda g: g, lambda g: g)

    __radd__ = __add__

    def __sub__(self, other):
        return self._binary(other, self.data - _data(other), lambda g: g, lambda g: -g)

    def __rsub__(self, other):
        return (-self) + other

    def __mul__(self, other):
        a, b = self.data, _data(other)
        return self._binary(other, a * b, lambda g: g * b, lambda g: g * a)

    __rmul__ = __mul__

    def __truediv__(self, other):
        a, b = self.data, _data(other)
        result = a / b
        return self._binary(other, result, lambda g: g / b, lambda g: -g * result / b)

    def __neg__(self):
        return Node(-self.data, (self,), lambda g: (-g,))

    def __pow__(self, power):
        a = self.data
        return Node(a ** power, (self,), lambda g: (g * power * a ** (power - 1),))

    def __matmul__(self, other):
        """A product of matrices, or of stacks of them (the stacks broadcast)."""
        a, b = self.data, other.data

        def pull(g):
            return (_fold_to(g @ b.swapaxes(-1, -2), a.shape),
                    _fold_to(a.swapaxes(-1, -2) @ g, b.shape))
        return Node(a @ b, (self, other), pull)

    # -- shapes and sums

    def reshape(self, *shape):
        old = self.data.shape
        return Node(self.data.reshape(*shape), (self,), lambda g: (g.reshape(old),))

    def sum(self, axis=None, keepdims=False):
        a = self.data

        def pull(g):
            if axis is not None and not keepdims:
                g = module_of(a).expand_dims(g, axis)
            return (module_of(a).broadcast_to(g, a.shape),)
        return Node(a.sum(axis=axis, keepdims=keepdims), (self,), pull)

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total * (total.data.size / max(self.data.size, 1))

    # -- functions entry by entry

    def exp(self):
        result = module_of(self.data).exp(self.data)
        return Node(result, (self,), lambda g: (g * result,))

    def expm1(self):
        result = module_of(self.data).expm1(self.data)
        return Node(result, (self,), lambda g: (g * (result + 1),))

    def log(self):
        a = self.data
        return Node(module_of(a).log(a), (self,), lambda g: (g / a,))

    def tanh(self):
        result = module_of(self.data).tanh(self.data)
        return Node(result, (self,), lambda g: (g * (1 - result * result),))

    def sigmoid(self):
        result = sigmoid(self.data)
        return Node(result, (self,), lambda g: (g * result * (1 - result),))

    def softplus(self):
        """log(1 + exp(x)), whose derivative is the sigmoid also at 0."""
        a = self.data
        xp = module_of(a)
        result = xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))
        return Node(result, (self,), lambda g: (g * sigmoid(a),))

    def at_most_zero(self):
        a = self.data
        return Node(module_of(a).minimum(a, 0), (self,), lambda g: (g * (a <= 0),))

    def relu(self):
        a = self.data
        return Node(module_of(a).maximum(a, 0), (self,), lambda g: (g * (a >= 0),))

    def max(self, axis):
        """The maximum along one axis; of equal ones the last gets the gradient."""
        a = self.data
        xp = module_of(a)
        axis = axis % a.ndim
        flipped = xp.flip(a, axis)
        where = xp.expand_dims(a.shape[axis] - 1 - flipped.argmax(axis=axis), axis)
        places = xp.arange(a.shape[axis]).reshape((-1,) + (1,) * (a.ndim - 1 - axis))

        def pull(g):
            return (xp.expand_dims(g, axis) * (places == where),)
        return Node(a.max(axis=axis), (self,), pull)

    # -- images

    def pad(self, rows, columns):
        """Zeros around the last two axes."""
        if not rows and not columns:
            return self
        a = self.data
        h, w = a.shape[-2:]
        width = ((0, 0),) * (a.ndim - 2) + ((rows, rows), (columns, columns))
        return Node(module_of(a).pad(a, width), (self,),
                    lambda g: (g[..., rows:rows + h, columns:columns + w],))

    def patches(self, kernel, stride):
        """(N, C, H, W) -> (N, C, kh * kw, H' * W'): what each window sees at each place."""
        a = self.data
        xp = module_of(a)
        (kh, kw), (sh, sw) = kernel, stride
        n, c, h, w = a.shape
        rows, columns = (h - kh) // sh + 1, (w - kw) // sw + 1
        spots = [(i * kw + j, slice(i, i + (rows - 1) * sh + 1, sh), slice(j, j + (columns - 1) * sw + 1, sw))
                 for i in range(kh) for j in range(kw)]
        result = xp.empty((n, c, kh * kw, rows, columns), a.dtype)
        for k, down, across in spots:
            result[:, :, k] = a[:, :, down, across]

        def pull(g):
            g = g.reshape(n, c, kh * kw, rows, columns)
            back = xp.zeros(a.shape, g.dtype)
            for k, down, across in spots:
                back[:, :, down, across] += g[:, :, k]
            return (back,)
        return Node(result.reshape(n, c, kh * kw, rows * columns), (self,), pull)


def sigmoid(a):
    xp = module_of(a)
    small = xp.exp(-xp.abs(a))
    return xp.where(a >= 0, xp.ones_like(small), small) / (1 + small)


def choose(mask, a, b):
    """Node a where the mask holds, node b elsewhere."""
    result = module_of(mask).where(mask, a.data, b.data)
    return Node(result, (a, b), lambda g: (g * mask, g * ~mask))
