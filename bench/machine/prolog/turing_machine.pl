step(q, L, [1|R], q2, [0|L], R) :- any(L).
any(_).
run(h, L, R, L, R).
run(Q, L, R, L2, R2) :- move(Q, L, R, Q1, L1, R1), run(Q1, L1, R1, L2, R2).
move(q, [X|L], [1|R], q, L, [X, 0|R]).
move(q, L, [0|R], h, L, [1|R]).
move(q, L, [b|R], h, L, [1|R]).
?- run(q, [1, 0, 1, b], [1], L, R).
?- run(q, [1, b], [1], L, R).
