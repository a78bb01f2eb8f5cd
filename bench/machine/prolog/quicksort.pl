le(z, _).
le(s(X), s(Y)) :- le(X, Y).
gt(s(_), z).
gt(s(X), s(Y)) :- gt(X, Y).
app([], L, L).
app([H|T], L, [H|R]) :- app(T, L, R).
qs([], []).
qs([H|T], S) :- part(H, T, A, B), qs(A, SA), qs(B, SB), app(SA, [H|SB], S).
part(_, [], [], []).
part(P, [X|T], [X|A], B) :- le(X, P), part(P, T, A, B).
part(P, [X|T], A, [X|B]) :- gt(X, P), part(P, T, A, B).
?- qs([s(s(z)), s(s(s(z))), z, s(z), s(z)], S).
