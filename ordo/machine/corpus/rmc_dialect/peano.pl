% 2 * 3 = 6, and the pairs that make 2.
% ask: mul(s(s(z)), s(s(s(z))), P), add(X, Y, s(s(z)))
% expect: X = z, Y = s(s(z)), P = s(s(s(s(s(s(z)))))) | X = s(z), Y = s(z), P = s(s(s(s(s(s(z)))))) | X = s(s(z)), Y = z, P = s(s(s(s(s(s(z))))))
add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
mul(z, _, z).
mul(s(X), Y, Z) :- mul(X, Y, W), add(W, Y, Z).
