ins(X, L, [X|L]).
ins(X, [H|T], [H|R]) :- ins(X, T, R).
perm([], []).
perm([H|T], P) :- perm(T, Q), ins(H, Q, P).
?- perm([1, 2, 3], P).
