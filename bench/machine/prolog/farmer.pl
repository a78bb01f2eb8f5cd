% The farmer, the wolf, the goat and the cabbage; plans of at most seven crossings.
opp(e, w). opp(w, e).
move(st(X, X, G, C), wolf, st(Y, Y, G, C)) :- opp(X, Y).
move(st(X, W, X, C), goat, st(Y, W, Y, C)) :- opp(X, Y).
move(st(X, W, G, X), cabbage, st(Y, W, G, Y)) :- opp(X, Y).
move(st(X, W, G, C), alone, st(Y, W, G, C)) :- opp(X, Y).
safe(st(X, _, X, _)).
safe(st(X, X, Y, X)) :- opp(X, Y).
plan(S, S, [], _).
plan(S, T, [M|P], s(N)) :- move(S, M, U), safe(U), plan(U, T, P, N).
?- plan(st(w, w, w, w), st(e, e, e, e), P, s(s(s(s(s(s(s(z)))))))).
