add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
mul(z, _, z).
mul(s(X), Y, Z) :- mul(X, Y, W), add(Y, W, Z).
fac(z, s(z)).
fac(s(N), F) :- fac(N, G), mul(s(N), G, F).
?- fac(s(s(s(s(z)))), F).
