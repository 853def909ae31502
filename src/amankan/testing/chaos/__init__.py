"""The campaign: every point killed in every mode, recovered, and looked at; and mutants that must all be caught."""
