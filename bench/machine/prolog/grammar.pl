s(A, C, s(N, V)) :- np(A, B, N), vp(B, C, V).
np(A, C, np(D, N)) :- det(A, B, D), n(B, C, N).
vp(A, C, vp(V, N)) :- v(A, B, V), np(B, C, N).
vp(A, B, vp(V)) :- v(A, B, V).
det([the|T], T, the). det([a|T], T, a).
n([dog|T], T, dog). n([cat|T], T, cat).
v([sees|T], T, sees). v([likes|T], T, likes).
?- s([the, dog, sees, a, cat], [], P).
?- s([a, cat, likes], [], P).
?- s([the, X, sees], [], P).
?- s([dog, the], [], P).
