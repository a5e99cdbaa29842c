"""What is likely wrong, in words: structural fits of wrong arrays, and the catalogue of misconceptions."""
