// Forgets an effect that has run. $id.
MATCH (effect:Effect {effect_id: $id})
DELETE effect
