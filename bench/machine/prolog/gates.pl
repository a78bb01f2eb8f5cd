nand(0, 0, 1). nand(0, 1, 1). nand(1, 0, 1). nand(1, 1, 0).
inv(X, Y) :- nand(X, X, Y).
xor(A, B, C) :- nand(A, B, D), nand(A, D, E), nand(B, D, F), nand(E, F, C).
?- xor(A, B, C).
?- xor(A, 1, 1).
