dbl(z, z).
dbl(s(X), s(s(Y))) :- dbl(X, Y).
pow(z, s(z)).
pow(s(N), P) :- pow(N, Q), dbl(Q, P).
?- pow(s(s(s(z))), P).
?- dbl(X, s(s(s(s(z))))).
?- dbl(X, s(z)).
