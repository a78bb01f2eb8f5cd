% 2^12 by doubling, then counted down: a list-free recursion of depth 4096.
dbl(z, z).
dbl(s(X), s(s(Y))) :- dbl(X, Y).
pow(z, s(z)).
pow(s(N), P) :- pow(N, Q), dbl(Q, P).
down(z).
down(s(X)) :- down(X).
big :- pow(s(s(s(s(s(s(s(s(s(s(s(s(z)))))))))))), N), down(N).
?- big.
