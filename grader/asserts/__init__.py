"""One module a kind of evidence: each raises `CheckFailed` with words for the student, or returns quietly."""
