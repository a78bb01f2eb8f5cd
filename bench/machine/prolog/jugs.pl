% A 3 and a 2 litre jug; at most three steps.
step(j(_, B), fill_a, j(s(s(s(z))), B)).
step(j(A, _), fill_b, j(A, s(s(z)))).
step(j(_, B), empty_a, j(z, B)).
step(j(A, _), empty_b, j(A, z)).
step(j(A, B), pour, j(C, D)) :- pour(A, B, s(s(z)), C, D).
pour(z, B, _, z, B).
pour(s(A), M, M, s(A), M).
pour(s(A), B, M, C, D) :- room(B, M), pour(A, s(B), M, C, D).
room(z, s(_)).
room(s(X), s(Y)) :- room(X, Y).
goal(j(s(z), _)).
plan(S, [], _) :- goal(S).
plan(S, [A|P], s(N)) :- step(S, A, T), plan(T, P, N).
?- plan(j(z, z), P, s(s(s(z)))).
