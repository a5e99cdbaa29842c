"""pytorchnano, written with plain loops: every sum is spelled out, index by index."""

from . import activations, data, layers, losses, network, optimizers, visualize

__all__ = ["activations", "data", "layers", "losses", "network", "optimizers", "visualize"]
