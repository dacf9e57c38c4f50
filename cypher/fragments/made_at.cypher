// In: change. An expression: when it was made; a time that was spoilt by hand comes before all others.
head([at IN [change.at, datetime({epochMillis: 0})] WHERE
  // include: readable_time
])
