"""The trusted side of the wall: the worker's life, its clock, and objects that stand for what lies behind."""
