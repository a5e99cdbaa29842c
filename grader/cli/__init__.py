"""One module a verb; `main` finds them."""
