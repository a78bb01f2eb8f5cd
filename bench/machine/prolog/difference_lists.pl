dapp(A - B, B - C, A - C).
rotate([H|T] - [H|E], T - E).
?- dapp([a, b|X] - X, [c|Y] - Y, Z).
?- rotate([a, b, c|E] - E, R).
?- dapp(A, B, [x] - []).
