le(z, _).
le(s(X), s(Y)) :- le(X, Y).
merge([], L, L).
merge([H|T], [], [H|T]).
merge([A|As], [B|Bs], [A|R]) :- le(A, B), merge(As, [B|Bs], R).
merge([A|As], [B|Bs], [B|R]) :- le(s(B), A), merge([A|As], Bs, R).
split([], [], []).
split([X], [X], []).
split([X, Y|T], [X|A], [Y|B]) :- split(T, A, B).
mgs([], []).
mgs([X], [X]).
mgs([X, Y|T], S) :- split([X, Y|T], A, B), mgs(A, SA), mgs(B, SB), merge(SA, SB, S).
?- mgs([s(s(z)), z, s(z)], S).
?- split(L, [a, b], [c]).
