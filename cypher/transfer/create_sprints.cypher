// Creates sprints that are not there. $rows: [{id, own: properties}].
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { (:Sprint {id: row.id}) }
CREATE (sprint:Sprint)
SET sprint += row.own, sprint.created_at = coalesce(row.own.created_at, datetime.realtime())
RETURN row.id AS id
