"""Documents: blocks turned into the source of one format, in the skeleton of a template."""
