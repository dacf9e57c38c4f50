// In: t. An expression: how long its item must rest before the timer fires, in seconds; null when `after` is no time
// that a rules file could have.
CASE WHEN t.after IS :: STRING AND t.after =~ '[0-9]{1,6}[smhd]' THEN toIntegerOrNull(left(t.after, size(t.after) - 1)) * CASE right(t.after, 1) WHEN 's' THEN 1 WHEN 'm' THEN 60 WHEN 'h' THEN 3600 WHEN 'd' THEN 86400 END END
