"""Is there a tile for every filter? How a picture of unknown layout and colours is judged.

Theory of operation. Nothing is known of the layout, so `rectangles` proposes many rectangles that a tile might fill: those
between strong straight edges, and the cells of an even grid. `colours` reads a colour for each entry of the expected
array from a rectangle and measures whether the two determine one another: one colour for each response, whatever the
colour map, and one response for each colour, which the absolute value, a ReLU or a threshold has lost. `tiles` gives each
filter a rectangle of its own, after a first look, in gray and at one point a cell, which leaves a few hundred of tens of
thousands. `cases` draws filters whose tiles can't be mistaken for anything else.
"""
