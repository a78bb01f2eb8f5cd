ack(z, N, s(N)).
ack(s(M), z, R) :- ack(M, s(z), R).
ack(s(M), s(N), R) :- ack(s(M), N, Q), ack(M, Q, R).
?- ack(s(s(z)), s(s(z)), R).
