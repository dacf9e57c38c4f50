// An expression: a key of the order (graph/rank_keys.py) behind all there are, made of the time in microseconds and chance.
head([now IN [datetime.realtime()] | toString(now.epochMillis * 1000 + now.microsecond % 1000)]) + left(randomUUID(), 4) + '1'
