le(z, _).
le(s(X), s(Y)) :- le(X, Y).
max(X, Y, Y) :- le(X, Y).
max(X, Y, X) :- le(Y, X).
?- le(X, s(s(z))).
?- max(s(z), s(s(z)), M).
?- max(s(z), s(z), M).
?- le(s(s(z)), Y).
