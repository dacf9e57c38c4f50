// In: item, state. Out: due, when the first timer of the state runs out for an item that enters it now, or null.
CALL (item, state) {
  // include: leaving
}
WITH t WHERE t.after IS NOT NULL
WITH
  // include: after_seconds
  AS seconds
WITH min(seconds) AS seconds
RETURN CASE WHEN seconds IS NOT NULL THEN datetime.realtime() + duration({seconds: seconds}) END AS due
