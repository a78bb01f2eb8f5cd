app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
?- app([a], [b], Z).
?- app(X, Y, [a, b, c]).
?- app(X, [c|Y], [a, c, b, c]).
?- app([a|X], [b], [a, c, b]).
