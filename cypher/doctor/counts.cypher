// How much there is to look at.
RETURN COUNT { (:Item) } AS items, COUNT { (:Change) } AS changes
