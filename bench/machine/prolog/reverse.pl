app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
rev([], []).
rev([H|T], R) :- rev(T, S), app(S, [H], R).
?- rev([1, 2, 3, 4], R).
?- rev([a, X, c], [Y, b, Z]).
