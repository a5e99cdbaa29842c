"""Isolation: one module a layer, the zygote that carries them, and the level that they reach together.

Theory of operation. A **layer** is a module with four members: `NAME`; `available() -> Availability`, asked on the trusted side;
`wrap(launch) -> Launch`, which adds the layer's step and its settings to what a worker is started with; and `enter(settings)`, which
runs in the worker before any student code, puts the layer in force, looks whether it is, and raises when it is not. So a layer's
module imports the standard library and `launch` alone. The order of the layers is a matter of safety and stands in `levels`. A worker's
hello names the layers that it entered; the trusted side compares and fails closed: a missing layer is the machine's fault
(`IsolationMissing`), never a student's.
"""
