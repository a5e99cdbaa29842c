"""One job: a submission goes in, one report comes out, whatever happens."""
