"""Refusals: each raises a ValueError that names the argument, what came and what was expected."""


def at_least(name, value, lowest):
    """Give `value` back if it is `lowest` or more (a NaN is refused too)."""
    if not value >= lowest:
        raise ValueError(f"{name} is {value!r}, but it has to be at least {lowest}.")
    return value


def fraction(name, value, what=None):
    """Give `value` back if it lies in [0, 1)."""
    if not 0 <= value < 1:
        raise ValueError(f"{what or name} is {value!r}, but it has to lie in [0, 1).")
    return value


def pair(name, value, lowest):
    """Turn an int or a pair into (rows, columns), both at least `lowest`."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{name} is {value!r}, but it has to be one number or (rows, columns).")
        rows, columns = value
    else:
        rows = columns = value
    for number in (rows, columns):
        if not number >= lowest:
            raise ValueError(f"{name} is {value!r}, but its numbers have to be at least {lowest}.")
    return int(rows), int(columns)


def rank(x, ranks, expected):
    """Refuse an array whose number of axes is not among `ranks`."""
    if x.ndim not in ranks:
        raise ValueError(f"x has shape {x.shape}, but {expected} was expected.")


def any_rank(x):
    """Refuse a bare number where an array is needed."""
    if x.ndim < 1:
        raise ValueError(f"x has shape {x.shape}, but an array with at least one axis was expected.")


def width(x, axis, size, what):
    """Refuse an array whose `axis` does not have `size` entries."""
    if x.shape[axis] != size:
        raise ValueError(f"x has shape {x.shape}, but {size} {what} were expected along axis {axis}.")


def gradient_shape(grad, shape):
    """Refuse an upstream gradient that does not have the shape of the output."""
    if grad.shape != tuple(shape):
        raise ValueError(f"grad_output has shape {grad.shape}, but the output had shape {tuple(shape)}.")


def windows(size, kernel, stride, padding=(0, 0)):
    """How many windows fit along rows and columns of an image of `size`."""
    counts = []
    for axis in range(2):
        room = size[axis] + 2 * padding[axis] - kernel[axis]
        if room < 0:
            raise ValueError(
                f"x has images of {size[0]} x {size[1]} (kernel_size {kernel}, padding {padding}), "
                "but an image, padding included, has to be at least as large as the kernel_size."
            )
        counts.append(room // stride[axis] + 1)
    return counts


def class_labels(labels, classes):
    """Turn integer labels (N,) into a list of Python ints, each in 0 .. classes - 1."""
    result = []
    for position, label in enumerate(labels.tolist()):
        label = int(label)
        if not 0 <= label < classes:
            raise ValueError(
                f"target / labels hold {label} at position {position}, "
                f"but with {classes} classes they have to lie in 0 .. {classes - 1}."
            )
        result.append(label)
    return result
