xor(0, 0, 0). xor(0, 1, 1). xor(1, 0, 1). xor(1, 1, 0).
and(0, 0, 0). and(0, 1, 0). and(1, 0, 0). and(1, 1, 1).
or(0, 0, 0). or(0, 1, 1). or(1, 0, 1). or(1, 1, 1).
full(A, B, C, S, D) :- xor(A, B, T), xor(T, C, S), and(A, B, U), and(T, C, V), or(U, V, D).
adder([], [], C, [C]).
adder([A|As], [B|Bs], C, [S|Ss]) :- full(A, B, C, S, D), adder(As, Bs, D, Ss).
?- adder([1, 0, 1], [1, 1, 1], 0, S).
?- adder(X, Y, 0, [1, 0, 1]).
