"""Probes: staff code that runs in the worker, beside the submission. Every public function of these modules can be called by its name.

A probe produces evidence and never a conclusion, for whatever it says, student code could have said. It saves trips over
the wire and holds what can't cross it. It sees nothing that a submission may not know.

The modules are executed once, before there is a submission to import: one is imported inside of functions alone.
"""
