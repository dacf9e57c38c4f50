// Notes with which tasks something was answered. $id, $fingerprint.
MATCH (request:DerivationRequest {id: $id})
SET request.answered_at = datetime.realtime(), request.fingerprint = $fingerprint
RETURN count(*) AS noted
