"""Regular expressions as CEL has them, which is RE2's language: matched in time linear in the text."""
