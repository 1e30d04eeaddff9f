"""CEL as Kubernetes' device selectors use it: parse, check, run by closures or over columns, and its cost."""
