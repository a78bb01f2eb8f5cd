% A metainterpreter of `append` whose clauses are data.
solve([]).
solve([G|Gs]) :- rule(G, B), app(B, Gs, Q), solve(Q).
rule(a([], L, L), []).
rule(a([H|T], L, [H|R]), [a(T, L, R)]).
app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
?- solve([a(X, Y, [1, 2])]).
