fire([s(s(P)), Q, R], [P, s(Q), R]).
fire([P, s(Q), R], [s(P), Q, s(R)]).
reach(M, M).
reach(M, N) :- fire(M, L), reach(L, N).
?- reach([s(s(s(z))), z, z], M).
