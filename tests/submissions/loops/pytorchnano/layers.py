"""Layers with and without parameters. Read the loops from the outside in: sample, channel, pixel, offset."""

import math

import numpy as np

from . import checks
from .places import Origin, numbers


class Layer:
    """Base class. A layer remembers in `_saw` what its last forward saw."""

    def __init__(self):
        self.params = {}
        self.grads = {}
        self.training = True
        self._saw = None

    def forward(self, x):
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_output):
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def _remembered(self):
        if self._saw is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        return self._saw


def uniform_weights(rng, shape, fan_in, fan_out):
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, size=shape)


def small_biases(rng, shape):
    return rng.uniform(-0.01, 0.01, size=shape)


class Dense(Layer):
    """y = x @ W + b, one sample after the other."""

    def __init__(self, in_features, out_features, seed=None):
        super().__init__()
        checks.at_least("in_features", in_features, 1)
        checks.at_least("out_features", out_features, 1)
        self.in_features = in_features
        self.out_features = out_features
        rng = np.random.default_rng(seed)
        self.params["W"] = uniform_weights(rng, (in_features, out_features), in_features, out_features)
        self.params["b"] = small_biases(rng, (out_features,))

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        weights = numbers(self.params["W"])
        bias = numbers(self.params["b"])
        checks.rank(x, (2,), "(N, in_features)")
        checks.width(x, 1, weights.shape[0], "features")
        y = np.empty((x.shape[0], weights.shape[1]))
        for n in range(x.shape[0]):
            y[n] = np.dot(x[n], weights) + bias
        self._saw = (origin, x, weights)
        return origin.send(y)

    def backward(self, grad_output):
        origin, x, weights = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, (x.shape[0], weights.shape[1]))
        grad_weights = np.zeros(weights.shape)
        grad_bias = np.zeros(weights.shape[1])
        grad_x = np.empty(x.shape)
        for n in range(x.shape[0]):
            grad_weights += np.outer(x[n], grad[n])
            grad_bias += grad[n]
            grad_x[n] = np.dot(weights, grad[n])
        self.grads["W"] = origin.send(grad_weights)
        self.grads["b"] = origin.send(grad_bias)
        return origin.send(grad_x)


class Conv2D(Layer):
    """Cross-correlation with zero padding, each output pixel a sum over channels and offsets."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, seed=None):
        super().__init__()
        checks.at_least("in_channels", in_channels, 1)
        checks.at_least("out_channels", out_channels, 1)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = checks.pair("kernel_size", kernel_size, 1)
        self.stride = checks.pair("stride", stride, 1)
        self.padding = checks.pair("padding", padding, 0)
        rng = np.random.default_rng(seed)
        rows, columns = self.kernel_size
        self.params["W"] = uniform_weights(
            rng,
            (out_channels, in_channels, rows, columns),
            in_channels * rows * columns,
            out_channels * rows * columns,
        )
        self.params["b"] = small_biases(rng, (out_channels,))

    def _pad(self, x):
        """Nested lists of x with a frame of zeros."""
        pad_rows, pad_columns = self.padding
        height, width = x.shape[2] + 2 * pad_rows, x.shape[3] + 2 * pad_columns
        padded = []
        for image in x.tolist():
            channels = []
            for plane in image:
                framed = [[0.0] * width for _ in range(height)]
                for i, row in enumerate(plane):
                    for j, value in enumerate(row):
                        framed[i + pad_rows][j + pad_columns] = value
                channels.append(framed)
            padded.append(channels)
        return padded

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        kernels = numbers(self.params["W"])
        bias = numbers(self.params["b"]).tolist()
        out_channels, in_channels, kernel_rows, kernel_columns = kernels.shape
        checks.rank(x, (4,), "(N, C, H, W)")
        checks.width(x, 1, in_channels, "channels")
        rows, columns = checks.windows(x.shape[2:], kernels.shape[2:], self.stride, self.padding)
        down, right = self.stride
        padded = self._pad(x)
        w = kernels.tolist()
        y = []
        for image in padded:
            for o in range(out_channels):
                for i in range(rows):
                    for j in range(columns):
                        left = j * right
                        total = bias[o]
                        for c in range(in_channels):
                            plane = image[c]
                            for u in range(kernel_rows):
                                pixels = plane[i * down + u]
                                factors = w[o][c][u]
                                for v in range(kernel_columns):
                                    total += pixels[left + v] * factors[v]
                        y.append(total)
        shape = (x.shape[0], out_channels, rows, columns)
        self._saw = (origin, x.shape, padded, kernels, shape, self.stride, self.padding)
        return origin.send(y, shape)

    def backward(self, grad_output):
        origin, x_shape, padded, kernels, shape, stride, padding = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        samples, out_channels, rows, columns = shape
        in_channels, kernel_rows, kernel_columns = kernels.shape[1:]
        down, right = stride
        height, width = x_shape[2] + 2 * padding[0], x_shape[3] + 2 * padding[1]
        w = kernels.tolist()
        g = grad.tolist()
        grad_w = np.zeros(kernels.shape).tolist()
        grad_b = [0.0] * out_channels
        grad_padded = np.zeros((samples, in_channels, height, width)).tolist()
        for n in range(samples):
            for o in range(out_channels):
                for i in range(rows):
                    for j in range(columns):
                        upstream = g[n][o][i][j]
                        left = j * right
                        grad_b[o] += upstream
                        for c in range(in_channels):
                            for u in range(kernel_rows):
                                pixels = padded[n][c][i * down + u]
                                grad_pixels = grad_padded[n][c][i * down + u]
                                factors = w[o][c][u]
                                grad_factors = grad_w[o][c][u]
                                for v in range(kernel_columns):
                                    grad_factors[v] += upstream * pixels[left + v]
                                    grad_pixels[left + v] += upstream * factors[v]
        grad_x = np.empty(x_shape)
        for n in range(samples):
            for c in range(in_channels):
                for i in range(x_shape[2]):
                    row = grad_padded[n][c][i + padding[0]]
                    grad_x[n, c, i] = row[padding[1] : padding[1] + x_shape[3]]
        self.grads["W"] = origin.send(grad_w, kernels.shape)
        self.grads["b"] = origin.send(grad_b)
        return origin.send(grad_x)


class _Pool2D(Layer):
    """What both poolings share: the size of the window and the number of windows."""

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = checks.pair("kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else checks.pair("stride", stride, 1)

    def _count(self, x):
        checks.rank(x, (4,), "(N, C, H, W)")
        return checks.windows(x.shape[2:], self.kernel_size, self.stride)


class MaxPool2D(_Pool2D):
    """The largest pixel of each window; of several equal ones the last gets the gradient."""

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        rows, columns = self._count(x)
        y = []
        winners = []
        for n, image in enumerate(x.tolist()):
            for c, plane in enumerate(image):
                for i in range(rows):
                    for j in range(columns):
                        top, left = i * self.stride[0], j * self.stride[1]
                        best = plane[top][left]
                        place = (n, c, top, left)
                        for u in range(self.kernel_size[0]):
                            for v in range(self.kernel_size[1]):
                                value = plane[top + u][left + v]
                                if value >= best:
                                    best = value
                                    place = (n, c, top + u, left + v)
                        y.append(best)
                        winners.append(place)
        shape = (x.shape[0], x.shape[1], rows, columns)
        self._saw = (origin, x.shape, shape, winners)
        return origin.send(y, shape)

    def backward(self, grad_output):
        origin, x_shape, shape, winners = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        grad_x = np.zeros(x_shape)
        for place, upstream in zip(winners, grad.ravel().tolist()):
            grad_x[place] += upstream
        return origin.send(grad_x)


class AvgPool2D(_Pool2D):
    """The mean of each window."""

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        rows, columns = self._count(x)
        area = self.kernel_size[0] * self.kernel_size[1]
        y = []
        for image in x.tolist():
            for plane in image:
                for i in range(rows):
                    for j in range(columns):
                        total = 0.0
                        for u in range(self.kernel_size[0]):
                            for v in range(self.kernel_size[1]):
                                total += plane[i * self.stride[0] + u][j * self.stride[1] + v]
                        y.append(total / area)
        shape = (x.shape[0], x.shape[1], rows, columns)
        self._saw = (origin, x.shape, shape, self.kernel_size, self.stride)
        return origin.send(y, shape)

    def backward(self, grad_output):
        origin, x_shape, shape, kernel, stride = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        area = kernel[0] * kernel[1]
        grad_x = np.zeros(x_shape).tolist()
        for n, image in enumerate(grad.tolist()):
            for c, plane in enumerate(image):
                for i, row in enumerate(plane):
                    for j, upstream in enumerate(row):
                        share = upstream / area
                        for u in range(kernel[0]):
                            for v in range(kernel[1]):
                                grad_x[n][c][i * stride[0] + u][j * stride[1] + v] += share
        return origin.send(grad_x, x_shape)


class Flatten(Layer):
    """(N, ...) -> (N, prod)."""

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        checks.any_rank(x)
        features = 1
        for size in x.shape[1:]:
            features *= size
        y = np.empty((x.shape[0], features))
        for n in range(x.shape[0]):
            y[n] = x[n].ravel()
        self._saw = (origin, x.shape, y.shape)
        return origin.send(y)

    def backward(self, grad_output):
        origin, x_shape, shape = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        grad_x = np.empty(x_shape)
        for n in range(x_shape[0]):
            grad_x[n] = grad[n].reshape(x_shape[1:])
        return origin.send(grad_x)


class BatchNorm(Layer):
    """Each channel to mean 0 and variance 1, then times gamma plus beta; one channel at a time."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        checks.at_least("num_features", num_features, 1)
        checks.fraction("momentum", momentum)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.params["gamma"] = np.ones(num_features)
        self.params["beta"] = np.zeros(num_features)
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def _running(self, name, channels):
        values = numbers(getattr(self, name))
        if values.shape != (channels,):
            raise ValueError(f"{name} has shape {values.shape}, but ({channels},) was expected.")
        return values.tolist()

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        gamma = numbers(self.params["gamma"]).tolist()
        beta = numbers(self.params["beta"]).tolist()
        channels = len(gamma)
        checks.rank(x, (2, 4), "(N, F) or (N, C, H, W)")
        checks.width(x, 1, channels, "features or channels")
        if x.size == 0 and self.training:
            raise ValueError(f"x has shape {x.shape}, but at least one value per channel was expected.")
        running_mean = self._running("running_mean", channels)
        running_var = self._running("running_var", channels)
        training = bool(self.training)
        y = np.empty(x.shape)
        normalised = []
        scales = []
        for c in range(channels):
            values = x[:, c].ravel().tolist()
            if training:
                count = len(values)
                mean = math.fsum(values) / count
                squares = math.fsum([(value - mean) ** 2 for value in values])
                variance = squares / count
                unbiased = squares / (count - 1) if count > 1 else variance
                running_mean[c] += self.momentum * (mean - running_mean[c])
                running_var[c] += self.momentum * (unbiased - running_var[c])
            else:
                mean, variance = running_mean[c], running_var[c]
            scale = 1.0 / math.sqrt(variance + self.eps)
            hats = [(value - mean) * scale for value in values]
            y[:, c] = np.array([gamma[c] * hat + beta[c] for hat in hats]).reshape(y[:, c].shape)
            normalised.append(hats)
            scales.append(scale)
        if training:
            self.running_mean = np.array(running_mean)
            self.running_var = np.array(running_var)
        self._saw = (origin, x.shape, training, gamma, normalised, scales)
        return origin.send(y)

    def backward(self, grad_output):
        origin, shape, training, gamma, normalised, scales = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        grad_x = np.empty(shape)
        grad_gamma = []
        grad_beta = []
        for c, hats in enumerate(normalised):
            upstream = grad[:, c].ravel().tolist()
            total = math.fsum(upstream)
            aligned = math.fsum([g * hat for g, hat in zip(upstream, hats)])
            grad_gamma.append(aligned)
            grad_beta.append(total)
            factor = gamma[c] * scales[c]
            if training:
                # the mean and the variance came from these very values
                count = len(hats)
                entries = [factor * (g - total / count - hat * aligned / count) for g, hat in zip(upstream, hats)]
            else:
                entries = [factor * g for g in upstream]
            grad_x[:, c] = np.array(entries).reshape(grad_x[:, c].shape)
        self.grads["gamma"] = origin.send(grad_gamma)
        self.grads["beta"] = origin.send(grad_beta)
        return origin.send(grad_x)


class Dropout(Layer):
    """Inverted dropout, with a random number of its own for each entry."""

    def __init__(self, p=0.5, seed=None):
        super().__init__()
        self.p = checks.fraction("p", p)
        self._rng = np.random.default_rng(seed)

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        checks.any_rank(x)
        entries = x.ravel().tolist()
        if self.training:
            kept = 1.0 / (1.0 - self.p)
            factors = [0.0 if draw < self.p else kept for draw in self._rng.random(len(entries)).tolist()]
        else:
            factors = [1.0] * len(entries)
        self._saw = (origin, x.shape, factors)
        return origin.send([entry * factor for entry, factor in zip(entries, factors)], x.shape)

    def backward(self, grad_output):
        origin, shape, factors = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        return origin.send([g * factor for g, factor in zip(grad.ravel().tolist(), factors)], shape)
