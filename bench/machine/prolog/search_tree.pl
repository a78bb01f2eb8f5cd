lt(z, s(_)).
lt(s(X), s(Y)) :- lt(X, Y).
put(X, nil, t(nil, X, nil)).
put(X, t(L, X, R), t(L, X, R)).
put(X, t(L, Y, R), t(L1, Y, R)) :- lt(X, Y), put(X, L, L1).
put(X, t(L, Y, R), t(L, Y, R1)) :- lt(Y, X), put(X, R, R1).
all([], T, T).
all([X|Xs], T, U) :- put(X, T, S), all(Xs, S, U).
?- all([s(z), z, s(s(z)), s(z)], nil, T).
