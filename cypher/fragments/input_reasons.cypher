// In: c, r (a rule). An expression: the reasons why the inputs of the command do not satisfy what the rule requires.
COLLECT {
UNWIND r.inputs AS n
WITH n, c.inputs[n.name] AS v, coalesce(n.type, 'string') AS type
WITH n, v, type,
  CASE type
    WHEN 'string' THEN v IS :: STRING
    WHEN 'integer' THEN v IS :: INTEGER
    WHEN 'number' THEN v IS :: INTEGER OR v IS :: FLOAT
    WHEN 'boolean' THEN v IS :: BOOLEAN
    WHEN 'array' THEN valueType(v) STARTS WITH 'LIST'
    WHEN 'object' THEN valueType(v) STARTS WITH 'MAP'
    ELSE false
  END AS typed,
  CASE WHEN v IS :: STRING THEN size(trim(v)) WHEN valueType(v) STARTS WITH 'LIST' THEN size(v) END AS length
WITH n, v, typed, length,
  v IS NULL OR (v IS :: STRING AND trim(v) = '') AS missing
// A long text can keep a pattern busy for very long.
WITH n, missing, missing OR NOT typed
  OR coalesce(length < n.min_length, false) OR coalesce(length > n.max_length, false)
  OR (n.pattern IS NOT NULL AND NOT CASE WHEN v IS :: STRING AND size(v) <= 1000 THEN v =~ n.pattern ELSE false END)
  OR (n.enum IS NOT NULL AND NOT coalesce(v IN n.enum, false))
  OR coalesce(v < n.minimum, false) OR coalesce(v > n.maximum, false) AS wrong
WHERE wrong
RETURN {
  code: CASE WHEN missing THEN 'INPUT_MISSING' ELSE 'INPUT_INVALID' END, input: n.name,
  schema: n {.type, .min_length, .max_length, .pattern, .enum, .minimum, .maximum}
}
}
