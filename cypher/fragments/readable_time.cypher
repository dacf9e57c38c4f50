// In: at. An expression: whether it is a time with its zone in the years that Python has, and nothing else that somebody wrote
// there; null counts as false.
datetime('0001-01-02T00:00Z') < at < datetime('9999-12-31T00:00Z')
