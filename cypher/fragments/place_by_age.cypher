// In: at. An expression: the place of something that was made at that time in an order by age; without one it comes first.
CASE WHEN
  // include: readable_time
  THEN at.epochMillis ELSE 0 END
