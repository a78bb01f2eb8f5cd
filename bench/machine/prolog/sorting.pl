le(z, _).
le(s(X), s(Y)) :- le(X, Y).
gt(s(_), z).
gt(s(X), s(Y)) :- gt(X, Y).
isort([], []).
isort([H|T], S) :- isort(T, R), insert(H, R, S).
insert(X, [], [X]).
insert(X, [Y|T], [X, Y|T]) :- le(X, Y).
insert(X, [Y|T], [Y|R]) :- gt(X, Y), insert(X, T, R).
?- isort([s(s(z)), z, s(z), s(s(s(z)))], S).
