leaves(leaf(X), [X|R], R).
leaves(node(L, R), A, C) :- leaves(L, A, B), leaves(R, B, C).
?- leaves(node(node(leaf(a), leaf(b)), node(leaf(c), leaf(d))), L, []).
?- leaves(node(leaf(X), leaf(Y)), [a, Z], []).
