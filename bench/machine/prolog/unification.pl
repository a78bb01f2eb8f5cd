eq(X, X).
p(X, Y) :- X = f(Y, Z), Y = g(Z), Z = a.
?- p(X, Y).
?- eq(f(X, b), f(a, Y)).
?- X = Y, Y = c.
?- f(X, X) = f(a, b).
?- X = Y.
?- X = f(Y, Z, Y).
