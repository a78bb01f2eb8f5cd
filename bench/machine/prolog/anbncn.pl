s(A, Z) :- as(N, A, B), bs(N, B, C), cs(N, C, Z).
as(z, A, A). as(s(N), [a|A], B) :- as(N, A, B).
bs(z, A, A). bs(s(N), [b|A], B) :- bs(N, A, B).
cs(z, A, A). cs(s(N), [c|A], B) :- cs(N, A, B).
?- s([a, a, b, b, c, c], []).
?- s([a, b, b, c], []).
?- s([X, Y, Z], []).
