"""What is likely wrong, in words: misconceptions that fail the same check with the same answers, and structural fits of wrong arrays."""
