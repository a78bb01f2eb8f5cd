mem(X, [X|_]).
mem(X, [_|T]) :- mem(X, T).
?- mem(X, [a, b, a]).
?- mem(a, [a, b, a]).
?- mem(f(X, b), [f(a, b), g(c), f(c, Y), Z]).
?- mem(d, [a, b, c]).
