"""Plain records that every floor above shares; each field is documented in place."""
