"""A small neural-network framework in NumPy, one idea a module.

`layers`, `activations` and `losses` know how to compute a value and how to send a gradient back through it, `optimizers` turn
gradients into better parameters, `network` puts them in a row and trains them, `data` feeds it and `visualize` looks inside.
"""
