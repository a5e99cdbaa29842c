"""One module an output; each is a pure function of the report that its audience may read."""
