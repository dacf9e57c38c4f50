// In: updated_at. A column: whether the last change of the item is so long ago that no reader meets half of it any more.
coalesce(updated_at < datetime.realtime() - duration({seconds: $settled_after}), false) AS settled
