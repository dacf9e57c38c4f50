// The indexes there are, those of constraints included.
SHOW INDEXES YIELD name, state, owningConstraint
RETURN name, state, owningConstraint AS of_constraint
