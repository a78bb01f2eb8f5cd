add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
mul(z, _, z).
mul(s(X), Y, Z) :- mul(X, Y, W), add(Y, W, Z).
?- mul(s(s(z)), s(s(s(z))), R).
