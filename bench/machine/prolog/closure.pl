e(a, b). e(b, c). e(c, d). e(a, d).
t(X, Y) :- e(X, Y).
t(X, Y) :- e(X, Z), t(Z, Y).
?- t(a, X).
?- t(X, Y).
