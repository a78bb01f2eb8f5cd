app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
hanoi(z, _, _, _, []).
hanoi(s(N), A, B, C, M) :- hanoi(N, A, C, B, M1), hanoi(N, C, B, A, M2), app(M1, [A - B|M2], M).
?- hanoi(s(s(s(z))), left, right, centre, M).
