// In: item, state. Out: seconds, after which the first timer of the state runs out, or null.
CALL (item, state) {
  // include: leaving
}
WITH t WHERE t.after IS NOT NULL
RETURN min(
  // include: after_seconds
) AS seconds
