// Gives the user of this connection a password of its own; run in the database "system", once per data folder.
ALTER CURRENT USER SET PASSWORD FROM $old TO $new
