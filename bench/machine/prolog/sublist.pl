app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
sub(S, L) :- app(_, T, L), app(S, _, T).
?- sub(S, [a, b, c]).
?- sub([b, X], [a, b, c, b, d]).
