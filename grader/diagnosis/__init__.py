"""Name a student's bug: by misconceptions that fail the same check with the same answers."""
