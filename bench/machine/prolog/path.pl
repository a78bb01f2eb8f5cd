e(a, b). e(b, c). e(a, d). e(d, c). e(c, f).
path(X, X, [X]).
path(X, Y, [X|P]) :- e(X, Z), path(Z, Y, P).
?- path(a, f, P).
?- path(X, c, P).
?- path(f, a, P).
