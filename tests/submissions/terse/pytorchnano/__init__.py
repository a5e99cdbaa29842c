"""pytorchnano, the short way: double precision inside, the caller's dtype outside."""
from . import activations, data, layers, losses, network, optimizers  # noqa: F401
